import numpy as np
import pytest

from gan_core.metrics import Neighbours, memorisation, nearest, panel


def test_copies_are_found_and_are_at_no_distance(faces):
    wanted = np.array([599, 3, 77])
    found = nearest(faces[wanted], faces)
    np.testing.assert_array_equal(found.indices, wanted)
    np.testing.assert_array_equal(found.distances, 0)
    assert found.num_copies == 3 and not found.mirrored.any()


def test_mirrored_copies_are_found_where_the_training_mirrored(faces):
    lopsided = faces.copy()
    lopsided[:, :16, :10] = np.arange(600)[:, None, None, None] % 256
    turned = lopsided[[5, 9], :, ::-1]
    found = nearest(turned, lopsided, flip=True)
    assert found.indices.tolist() == [5, 9] and found.mirrored.all() and found.num_copies == 2
    assert nearest(turned, lopsided).distances.min() > 0


def test_a_noisy_copy_is_a_copy_and_a_new_face_is_none(faces, noisy):
    reals, new = faces[:500], faces[500:]
    assert nearest(noisy(reals[:50], 8), reals).num_copies == 50
    assert np.median(nearest(new, reals).ratios) == pytest.approx(1, abs=0.25)


def test_chunks_change_nothing(faces, monkeypatch):
    whole = nearest(faces[:60], faces[40:], flip=True)
    monkeypatch.setattr(memorisation, "CHUNK", 37)
    monkeypatch.setattr(memorisation, "PICTURES_AT_ONCE", 11)
    parts = nearest(faces[:60], faces[40:], flip=True)
    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_array_equal(whole.mirrored, parts.mirrored)
    np.testing.assert_allclose(whole.distances, parts.distances, rtol=1e-5)
    assert whole.usual == pytest.approx(parts.usual)


@pytest.mark.parametrize("flip", [False, True])
def test_the_nearest_and_the_usual_distance_are_those_of_a_plain_search(flip):
    rng = np.random.default_rng(3)
    samples, reals = rng.integers(0, 256, (9, 16, 16, 1), np.uint8), rng.integers(0, 256, (50, 16, 16, 1), np.uint8)
    sides = np.concatenate([reals, reals[:, :, ::-1]]) if flip else reals

    def distances(queries):
        return np.sqrt(((queries[:, None].astype(float) - sides[None]) ** 2).mean((2, 3, 4)))

    to_samples, among = distances(samples), distances(reals)
    for i in range(50):
        among[i, i::50] = np.inf
    found = nearest(samples, reals, flip)
    np.testing.assert_array_equal(found.indices, to_samples.argmin(1) % 50)
    np.testing.assert_allclose(found.distances, to_samples.min(1), rtol=1e-4)
    assert found.usual == pytest.approx(np.median(among.min(1)), rel=1e-4)


def test_thumbnails_average_areas():
    images = np.zeros((1, 32, 32, 1), np.uint8)
    images[0, :2, :2, 0] = [[10, 20], [30, 40]]
    assert memorisation.thumbnails(images)[0, :2].tolist() == [25, 0]


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 3), (256, 1)])
def test_any_size_and_channels(side, channels):
    images = np.random.default_rng(0).integers(0, 256, (12, side, side, channels), np.uint8)
    assert nearest(images[:3], images).indices.tolist() == [0, 1, 2]


def test_reals_mapped_from_disk_are_only_read(faces, tmp_path):
    np.save(tmp_path / "images.npy", faces)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert nearest(faces[:5], mapped, flip=True).num_copies == 5


def test_a_panel_shows_the_nearest_first_with_its_training_image_at_the_right(faces, noisy):
    samples = noisy(faces[:3], 1)
    samples[1] = noisy(faces[1:2], 25)[0]
    found = nearest(samples, faces)
    order = np.argsort(found.ratios)
    picture = panel(samples, faces, found, count=2)
    assert picture.shape == (2 * 32 + 4, 2 * 32, 3)
    np.testing.assert_array_equal(picture[:32, :32], samples[order[0]])
    np.testing.assert_array_equal(picture[:32, 32:], faces[order[0]])


def test_a_panel_turns_what_was_found_mirrored(faces):
    lopsided = faces.copy()
    lopsided[:, :16, :10] = np.arange(600)[:, None, None, None] % 256
    sample = lopsided[4:6, :, ::-1]
    picture = panel(sample, lopsided, nearest(sample, lopsided, flip=True), count=1)
    np.testing.assert_array_equal(picture[:, :32], picture[:, 32:])


def test_samples_of_another_size_are_refused(faces):
    with pytest.raises(ValueError, match="16 x 16 x 3"):
        nearest(faces[:4, :16, :16], faces)


def test_the_neighbours_of_one_picture_come_nearest_first(faces):
    found = Neighbours(faces, flip=True).of(faces[7][:, ::-1], 3)
    ratios = [ratio for _, ratio in found]
    assert np.array_equal(found[0][0], faces[7][:, ::-1]) and ratios[0] < 0.02
    assert ratios == sorted(ratios) and ratios[1] > 0.3
    unturned = Neighbours(faces).of(faces[7][:, ::-1], 1)
    assert unturned[0][1] > 0.1


def test_neighbours_agree_with_the_search_for_many(faces):
    neighbours, searched = Neighbours(faces[20:], flip=True), nearest(faces[:20], faces[20:], flip=True)
    for i in range(20):
        ((_, ratio),) = neighbours.of(faces[i], 1)
        assert ratio == pytest.approx(searched.ratios[i], rel=0.05)
