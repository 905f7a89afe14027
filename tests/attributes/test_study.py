import numpy as np
import pytest

from gan_core.attributes import classifier, study
from gan_core.config import Config, ModelConfig
from gan_core.latent.directions import Direction

DIM = 10


class Toy:
    """Stands for an explorer: axis 0 of z brings a bar, axis 1 makes brighter, class 1 is always brighter."""

    def __init__(self, draw, classes=()):
        self.config = Config(model=ModelConfig(image_size=32, channels=1, latent_dim=DIM, classes=classes))
        self.draw = draw
        vector = np.full(DIM, DIM**-0.5, np.float32)
        self.directions = {"pca-1": Direction("pca-1", "pca", "Direction 1", vector)}

    def z(self, point):
        classes = np.eye(len(self.config.model.classes), dtype=np.float32)
        label = classes[point.seed % len(classes)] if len(classes) else []
        return np.concatenate([np.random.default_rng(point.seed).standard_normal(DIM), label]).astype(np.float32)

    def render_z(self, z):
        extra = z[:, DIM + 1] if z.shape[1] > DIM else 0
        return self.draw(z[:, 0] > 0, np.clip(0.4 + 0.15 * z[:, 1] + 0.2 * extra, 0, 1))


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    monkeypatch.setattr(classifier, "SEEN", 5_000)


@pytest.mark.parametrize("classes", [(), ("dim", "light")])
def test_known_factors_are_found_and_measured(draw, labelled_folder, tmp_path, classes):
    doings = []
    found = study(
        Toy(draw, classes),
        labelled_folder,
        tmp_path / "stores",
        num_samples=1000,
        num_measured=64,
        on_progress=lambda doing, share: doings.append((doing, share)),
    )
    bar, brightness, other = found.directions
    assert [bar.name, brightness.name, other.id] == ["Bar", "Brightness", "pca-1"] and found.untold == ("Luck: good",)
    assert bar.vector[0] > 0.95 and brightness.vector[1] > 0.95
    for direction in (bar, brightness):
        assert direction.measured["effect"] > 0.9 and direction.measured["others"] < 0.2
    assert found.learned == [bar, brightness] and found.weak == []
    assert other.measured["n"] == 64 and "accuracy" not in other.measured
    assert [doing for i, (doing, _) in enumerate(doings) if not i or doing != doings[i - 1][0]] == [
        "reading the pictures",
        "learning to tell the labels",
        "labelling generated pictures",
        "measuring the directions",
    ]
    assert all(0 <= share <= 1 for _, share in doings)


def test_what_the_model_never_draws_is_weak(draw, labelled_folder, tmp_path):
    toy = Toy(draw)
    toy.render_z = lambda z: draw(np.zeros(len(z)), np.clip(0.4 + 0.15 * z[:, 1], 0, 1))
    found = study(toy, labelled_folder, tmp_path / "stores", num_samples=500, num_measured=64)
    assert [each.name for each in found.weak] == ["Bar"] and [each.name for each in found.learned] == ["Brightness"]


def test_factors_that_come_together_can_be_kept_apart(draw, labelled_folder, tmp_path):
    toy = Toy(draw)
    toy.render_z = lambda z: draw(z[:, 0] + z[:, 1] > 0, np.clip(0.4 + 0.15 * z[:, 1], 0, 1))
    mixed, pure = (
        study(
            toy,
            labelled_folder,
            tmp_path / "stores",
            ["bar", "brightness"],
            num_samples=1000,
            num_measured=64,
            **options,
        )
        for options in ({}, {"keep_apart": True})
    )
    assert mixed.learned[0].vector[1] > 0.6 and mixed.learned[0].measured["others"] > 0.5
    assert pure.learned[0].vector[0] > 0.9 and pure.learned[0].measured["others"] < mixed.learned[0].measured["others"]


def test_only_what_is_wanted_is_learned_but_all_is_measured(draw, labelled_folder, tmp_path):
    found = study(Toy(draw), labelled_folder, tmp_path / "stores", ["bar"], num_samples=500, num_measured=64)
    assert [each.name for each in found.own] == ["Bar"]
    assert found.own[0].measured["most_other"] == "brightness"


def test_a_study_can_be_cancelled_at_any_time(draw, labelled_folder, tmp_path):
    class Cancelled(Exception):
        pass

    for stage in ("learning to tell the labels", "labelling generated pictures", "measuring the directions"):

        def cancel(doing, share, stage=stage):
            if doing == stage:
                raise Cancelled

        with pytest.raises(Cancelled):
            study(Toy(draw), labelled_folder, tmp_path / "stores", num_samples=64, num_measured=8, on_progress=cancel)
