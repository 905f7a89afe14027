import json
from dataclasses import replace

import numpy as np
import pytest

from gan_core.latent import Point, catalogue
from gan_core.latent.directions import Direction, principal_directions


def smile(latent_dim=16) -> Direction:
    return Direction("mine-smile", "mine", "Smile", np.eye(latent_dim, dtype=np.float32)[3])


def test_saved_directions_take_the_place_of_found_ones_and_come_after_them(G, tmp_path):
    first = principal_directions(G)[0]
    named = Direction(first.id, first.kind, "Older", -first.vector, first.explained, hidden=True)
    catalogue.write(tmp_path / "d.json", [named, smile()])
    found = catalogue.directions_of(G, tmp_path / "d.json")
    assert list(found) == [*(f"pca-{i}" for i in range(1, 13)), *(f"sefa-{i}" for i in range(1, 9)), "mine-smile"]
    assert found["pca-1"].name == "Older" and found["pca-1"].hidden
    np.testing.assert_allclose(found["pca-1"].vector, -first.vector, atol=1e-4)


def test_merging_replaces_by_id_and_keeps_the_others(tmp_path):
    path = tmp_path / "d.json"
    other = Direction("pca-1", "pca", "Light", np.eye(16, dtype=np.float32)[0])
    catalogue.merge(path, [smile(), other], 16)
    catalogue.merge(path, [replace(smile(), name="Grin")], 16)
    assert [each.name for each in catalogue.read(path, 16)] == ["Grin", "Light"]


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        '{"id": 1}',
        "[3, null, []]",
        json.dumps([{"id": "a", "kind": "mine", "name": "A", "vector": [1, 2]}]),
        json.dumps([{"id": "a", "kind": "mine", "name": "A", "vector": [0] * 16}]),
        json.dumps([{"id": "a", "kind": "mine", "name": "A", "vector": ["x"] * 16}]),
        '[{"id": "a", "kind": "mine", "name": "A", "vector": [' + ", ".join(["NaN"] * 16) + "]}]",
    ],
)
def test_what_is_no_direction_of_this_model_is_passed_over(content, tmp_path):
    (tmp_path / "d.json").write_text(content)
    assert catalogue.read(tmp_path / "d.json", 16) == []


def test_an_explorer_moves_along_what_is_saved_beside_its_weights(explorer, tmp_path):
    explorer.catalogue = tmp_path / "directions.json"
    with pytest.raises(ValueError, match="no direction 'mine-smile'"):
        explorer.z(Point(1, {"mine-smile": 1.0}))
    catalogue.write(explorer.catalogue, [smile()])
    explorer.forget_directions()
    moved, still = explorer.z(Point(1, {"mine-smile": 2.0})), explorer.z(Point(1))
    assert moved[3] > still[3] + 1 and np.linalg.norm(moved) == pytest.approx(np.linalg.norm(still), rel=1e-5)


def test_a_face_given_as_z_is_that_face(explorer):
    z = tuple(float(x) for x in explorer.z(Point(5)))
    np.testing.assert_allclose(explorer.z(Point(z=z)), explorer.z(Point(5)), rtol=1e-6)
    with pytest.raises(ValueError, match="another model"):
        explorer.z(Point(z=z[:-1]))
