from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gan_core.latent.film import MOST_PIXELS, check_film, stamped, write_film, write_strip

COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (250, 240, 230)]


@pytest.fixture
def frames() -> list[np.ndarray]:
    """Each frame in one colour, with a darker square that walks."""
    frames = [np.full((32, 32, 3), COLOURS[i // 4], np.uint8) for i in range(20)]
    for i, frame in enumerate(frames):
        frame[8:24, i : i + 12] //= 2
    return frames


def decode(path) -> np.ndarray:
    if path.suffix in (".gif", ".webp"):
        film = Image.open(path)
        return np.stack([np.asarray(frame_of(film, i)) for i in range(film.n_frames)])
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def frame_of(film: Image.Image, index: int) -> Image.Image:
    film.seek(index)
    return film.convert("RGB")


def expected(frames: list[np.ndarray], side: int) -> np.ndarray:
    return np.stack([Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC) for frame in frames])


@pytest.mark.parametrize(("name", "tolerance"), [("a.mp4", 4), ("a.gif", 3), ("a.webp", 4), ("A.MP4", 4)])
def test_a_film_decodes_to_what_went_in(tmp_path, frames, name, tolerance):
    write_film(tmp_path / name, iter(frames), size=64)
    film = decode((tmp_path / name).rename(tmp_path / name.lower()))
    assert film.shape == (20, 64, 64, 3)
    error = np.abs(film.astype(int) - expected(frames, 64)).mean((1, 2, 3))
    assert error.max() < tolerance
    flat = film[:, 2:12, 2:62].mean((1, 2))
    np.testing.assert_allclose(flat, [COLOURS[i // 4] for i in range(20)], atol=4)


def test_an_mp4_is_what_browsers_play(tmp_path, frames):
    write_film(tmp_path / "a.mp4", frames, fps=24)
    with av.open(str(tmp_path / "a.mp4")) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 24)
        assert (stream.width, stream.height) == (256, 256)
        assert float(stream.duration * stream.time_base) == pytest.approx(20 / 24, abs=0.01)


def test_a_gif_repeats_for_ever_at_its_pace(tmp_path, frames):
    write_film(tmp_path / "a.gif", frames, fps=30)
    film, pauses = Image.open(tmp_path / "a.gif"), []
    for i in range(film.n_frames):
        film.seek(i)
        pauses.append(film.info["duration"])
    assert film.info["loop"] == 0
    assert sum(pauses) == pytest.approx(20 / 30 * 1000, abs=10)


def test_a_webp_repeats_for_ever_at_its_pace(tmp_path, frames):
    write_film(tmp_path / "a.webp", frames, fps=30)
    film, pauses = Image.open(tmp_path / "a.webp"), []
    for i in range(film.n_frames):
        film.seek(i)
        film.load()
        pauses.append(film.info["duration"])
    assert film.info["loop"] == 0 and film.n_frames == 20
    assert sum(pauses) == pytest.approx(20 / 30 * 1000, abs=2)


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp"])
def test_grey_frames_odd_sides_and_large_frames(tmp_path, suffix):
    grey = [np.full((32, 32, 1), 10 * i, np.uint8) for i in range(5)]
    write_film(tmp_path / f"grey{suffix}", grey, size=101)
    film = decode(tmp_path / f"grey{suffix}")
    assert film.shape[0] == 5 and film.shape[1] == film.shape[2] and film.shape[1] in (100, 102)
    np.testing.assert_allclose(film.mean((1, 2, 3)), [0, 10, 20, 30, 40], atol=3)
    write_film(tmp_path / f"large{suffix}", [np.zeros((128, 128, 3), np.uint8)], size=64)
    assert decode(tmp_path / f"large{suffix}").shape[1:3] == (64, 64), "else it has more pixels than were checked"


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp"])
def test_progress_is_told_and_can_cancel(tmp_path, frames, suffix):
    told = []
    write_film(tmp_path / f"told{suffix}", frames, size=32, on_frame=told.append)
    assert told == list(range(1, 21))
    (tmp_path / f"told{suffix}").unlink()

    def cancel(num_done):
        if num_done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(tmp_path / f"cancelled{suffix}", frames, size=32, on_frame=cancel)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("a.avi", {}, "a.avi"),
        ("a", {}, "mp4"),
        ("a.mp4", {"fps": 0}, "fps"),
        ("a.gif", {"fps": 60}, "fps"),
        ("a.mp4", {"size": 8}, "size"),
    ],
)
def test_bad_requests_are_refused_before_any_work(tmp_path, frames, name, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_film(tmp_path / name, frames, **options)
    assert not list(tmp_path.iterdir())


def test_a_film_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one frame"):
        write_film(tmp_path / "a.mp4", iter([]))


def test_a_film_that_would_not_fit_into_memory_is_refused():
    check_film(Path("a.mp4"), 30, 1024, 18_000)
    check_film(Path("a.gif"), 30, 512, MOST_PIXELS // 512**2)
    for name in ("a.gif", "a.webp"):
        with pytest.raises(ValueError, match="too large"):
            check_film(Path(name), 30, 512, MOST_PIXELS // 512**2 + 1)


@pytest.mark.parametrize(("columns", "shape"), [(None, (64, 20 * 66 - 2)), (5, (4 * 66 - 2, 5 * 66 - 2))])
def test_a_strip_is_one_picture_of_all_frames(tmp_path, frames, columns, shape):
    told = []
    write_strip(tmp_path / "a.png", iter(frames), 64, columns, told.append)
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape[:2] == shape and told == list(range(1, 21))
    np.testing.assert_array_equal(strip[:64, :64], expected(frames[:1], 64)[0])
    np.testing.assert_array_equal(strip[-64:, -64:], expected(frames[-1:], 64)[0])
    write_strip(tmp_path / "a.png", iter(frames), 16)
    assert Image.open(tmp_path / "a.png").size == (20 * 18 - 2, 16)


def test_a_strip_of_nothing_or_too_much_is_refused(tmp_path, frames):
    with pytest.raises(ValueError, match="one frame"):
        write_strip(tmp_path / "a.png", [], 64)
    with pytest.raises(ValueError, match="too large"):
        write_strip(tmp_path / "a.png", frames * 7, 1024)
    assert not list(tmp_path.iterdir())


def test_words_stand_in_the_lower_left_corner(frames):
    plain, told = np.asarray(expected(frames[:1], 256)[0]), stamped(frames[0], "12.5 kimg", 256)
    changed = np.argwhere((plain != told).any(-1))
    assert told.shape == (256, 256, 3) and told.max() > 240
    assert changed[:, 0].min() > 225 and changed[:, 1].max() < 128
