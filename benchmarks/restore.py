"""How near a model comes to photos, and how well it mends them: inversion, holes, enlarging, noise, beside plain ways.

    python -m benchmarks.restore faces-64 --data faces-12k-128.zip --n 32
    python -m benchmarks.restore faces-64 --data faces-12k-128.zip --jobs find,enlarge --panel panel.png

Photos are those of the model's own data that its training never showed it, if --data is that data. Samples of the model
itself, which a perfect search would find exactly, tell how much is the search's fault and how much the model's. Prints
a table of PSNR in decibels against the unspoilt picture, and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gan_core import pixels
from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.latent import Explorer, Point
from gan_core.latent.damage import BLURS, Hole, Noisy, Small, Whole, each_channel, enlarged, gaussian, membrane
from gan_core.latent.restore import as_float, compare, mended, search
from gan_core.runs.library import find_model
from gan_core.training.batches import Batches

NOISE = 30  # grey levels
FIRST_SAMPLE = 9000
SHRUNK = 4


def photos(explorer: Explorer, args: argparse.Namespace) -> np.ndarray:
    """Pictures of the data, uint8 [N, H, W, C], that the training left out."""
    model, train = explorer.config.model, explorer.config.train
    store = prepare(args.data, model.image_size, model.channels, datasets(), duplicates=train.duplicates)
    count = len(store.images)
    held_out = Batches(count, train.batch_size, train.seed, train.num_held_out(count)).held_out
    return np.array(store.images[held_out[: args.n] if len(held_out) else slice(args.n)])


def task(job: str, picture: np.ndarray) -> tuple[np.ndarray, Whole, np.ndarray, np.ndarray]:
    """The spoilt photo, what is wrong with it, the best that plain ways make of it, and the pixels [H, W] to judge."""
    size, everywhere = len(picture), np.ones(picture.shape[:2], bool)
    if job == "hole":
        known = torch.ones(size, size)
        known[size // 3 : -size // 3, size // 3 : -size // 3] = 0
        damage = Hole(known)
        seen = damage.seen(as_float(picture))
        return to_image(seen), damage, to_image(membrane(seen, known[None, None], reach=size)), known.numpy() == 0
    if job == "enlarge":
        damage = Small(size // SHRUNK)
        small = to_image(damage.seen(as_float(picture)))
        return small, damage, to_image(enlarged(as_float(small), size)), everywhere
    if job == "denoise":
        noise = np.random.default_rng(0).normal(0, NOISE, picture.shape)
        noisy = (picture + noise).round().clip(0, 255).astype(np.uint8)
        blurred = [to_image(each_channel(as_float(noisy), gaussian(width))) for width in BLURS]
        return noisy, Noisy(), max(blurred, key=lambda image: compare(image, picture)[1]), everywhere
    return picture, Whole(), np.full_like(picture, picture.mean()), everywhere


JOBS = ("find", "hole", "enlarge", "denoise")


def to_image(images: torch.Tensor) -> np.ndarray:
    return pixels.to_uint8(images.clamp(-1, 1))[0]


def measure(explorer: Explorer, job: str, picture: np.ndarray) -> tuple[dict[str, float], list[np.ndarray]]:
    spoilt, damage, plain, judged = task(job, picture)
    began = time.process_time()
    *_, found = search(explorer.G, spoilt, damage)
    seconds = time.process_time() - began
    result = mended(found.image, spoilt, damage)

    def psnr(image: np.ndarray) -> float:
        return compare(image[judged], picture[judged])[1]

    row = {"random_off": found.random_off, "off": found.off, "plain": psnr(plain), "found": psnr(found.image)}
    return row | {"result": psnr(result), "cpu_seconds": seconds}, [picture, plain, found.image, result]


def means(explorer: Explorer, job: str, pictures: np.ndarray, keep: Callable[[list], None]) -> dict[str, float]:
    rows = []
    for picture in pictures:
        row, images = measure(explorer, job, picture)
        rows.append(row)
        keep(images)
    return {name: round(float(np.mean([row[name] for row in rows])), 2) for name in rows[0]}


def report(args: argparse.Namespace) -> dict:
    torch.set_num_threads(args.threads)
    explorer, panel = Explorer.load(find_model(args.model)), []
    samples = explorer.render([Point(FIRST_SAMPLE + i) for i in range(args.samples)])
    sets = {"photos": photos(explorer, args), "samples": samples}
    results = {
        name: {job: means(explorer, job, pictures, panel.extend) for job in args.jobs.split(",")}
        for name, pictures in sets.items()
    }
    if args.panel:
        pixels.to_pil(pixels.sheet(np.stack(panel), columns=16)).save(args.panel)
    settings = {key: str(value) for key, value in vars(args).items()}
    return {"settings": settings, "n": {name: len(each) for name, each in sets.items()}, "results": results}


def table(result: dict) -> str:
    names = ("random_off", "off", "plain", "found", "result", "cpu_seconds")
    lines = [f"{'':18}" + "".join(f"{name:>13}" for name in names)]
    for kind, rows in result["results"].items():
        lines += [
            f"{kind + ' ' + job:18}" + "".join(f"{row[name]:13.2f}" for name in names) for job, row in rows.items()
        ]
    last = (
        "off: mean grey levels of what is seen; plain (mean, membrane, bicubic, best blur), found, result: PSNR in dB"
    )
    return "\n".join([*lines, last])


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", metavar="MODEL")
    options.add_argument("--data", required=True, help="the pictures that the model was trained on, or others")
    options.add_argument("--jobs", default=",".join(JOBS), help="default: all of them")
    options.add_argument("--n", type=int, default=32, help="photos")
    options.add_argument("--samples", type=int, default=8, help="samples of the model")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--panel", type=Path, metavar="FILE", help="picture | plain | found | result, for each")
    return options


def main(argv: list[str] | None = None) -> None:
    result = report(parser().parse_args(argv))
    print(table(result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
