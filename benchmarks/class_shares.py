"""Whether a model makes every class of its data, and how often: a small classifier, trained here, sorts its samples.

    python -m benchmarks.class_shares MODEL --data fashion-mnist [--data-root DIR]

Mode collapse is a class that is missing. A tenth of the labelled pictures are kept from the classifier to say how far
its word can be trusted. Prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from gan_core import pixels
from gan_core.data import prepare
from gan_core.home import datasets
from gan_core.latent import Explorer
from gan_core.metrics.evaluation import sampler
from gan_core.runs.library import find_model

BATCH, WIDTH = 128, 32


def classifier(image_size: int, channels: int, num_classes: int) -> nn.Sequential:
    """Images [N, C, H, W] in [-1, 1] to logits [N, num_classes]."""
    quarter = image_size // 4
    return nn.Sequential(
        nn.Conv2d(channels, WIDTH, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(WIDTH, 2 * WIDTH, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2 * WIDTH * quarter**2, 128), nn.ReLU(), nn.Linear(128, num_classes),
    )  # fmt: skip


def train(images: np.ndarray, labels: np.ndarray, num_classes: int, epochs: int, seed: int = 0) -> nn.Sequential:
    """A classifier of uint8 images [N, H, W, C] by labels [N]."""
    torch.manual_seed(seed)
    net = classifier(images.shape[1], images.shape[3], num_classes)
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(images))
        for part in np.array_split(order, -(-len(order) // BATCH)):
            loss = cross_entropy(net(pixels.to_float(torch.from_numpy(images[part]))), torch.from_numpy(labels[part]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return net.eval()


@torch.inference_mode()
def classify(net: nn.Sequential, images: np.ndarray) -> np.ndarray:
    """The class [N] of each image, uint8 [N, H, W, C]."""
    parts = np.array_split(images, -(-len(images) // BATCH))
    return np.concatenate([net(pixels.to_float(torch.from_numpy(part))).argmax(1).numpy() for part in parts])


def report(args: argparse.Namespace) -> dict:
    explorer = Explorer.load(find_model(args.model))
    model = explorer.config.model
    where = {"labels": args.labels, "data_root": args.data_root, "duplicates": explorer.config.train.duplicates}
    store = prepare(args.data, model.image_size, model.channels, datasets(), **where)
    if store.labels is None:
        raise SystemExit("error: these pictures have no labels")
    images, labels, count = np.array(store.images), np.array(store.labels), len(store.classes)
    order = np.random.default_rng(0).permutation(len(images))
    held_out, known = order[: len(order) // 10], order[len(order) // 10 :]
    net = train(images[known], labels[known], count, args.epochs)
    found = classify(net, sampler(explorer, labels=store.labels if model.classes else None)(args.n))
    true = np.bincount(labels, minlength=count) / len(labels)
    shares = np.bincount(found, minlength=count) / args.n
    ratios = shares / true
    return {
        "model": args.model,
        "kimg": explorer.nimg / 1000,
        "n": args.n,
        "classifier_accuracy": round(float((classify(net, images[held_out]) == labels[held_out]).mean()), 4),
        "classes": {
            name: {"true": round(float(t), 4), "share": round(float(s), 4), "ratio": round(float(r), 3)}
            for name, t, s, r in zip(store.classes, true, shares, ratios, strict=True)
        },
        "within_factor_two": int(((ratios >= 0.5) & (ratios <= 2)).sum()),
    }


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", metavar="MODEL")
    options.add_argument("--data", required=True, help="labelled pictures")
    options.add_argument("--data-root", help="folder that holds the files of mnist and the like")
    options.add_argument("--labels", default="auto")
    options.add_argument("--n", type=int, default=5000, help="samples")
    options.add_argument("--epochs", type=int, default=3, help="of the classifier")
    return options


def main(argv: list[str] | None = None) -> None:
    result = report(parser().parse_args(argv))
    print(f"{'class':20}{'true':>8}{'samples':>9}{'ratio':>8}")
    for name, row in result["classes"].items():
        print(f"{name:20}{row['true']:8.3f}{row['share']:9.3f}{row['ratio']:8.2f}")
    accuracy, n = result["classifier_accuracy"], result["n"]
    print(f"{result['within_factor_two']} of {len(result['classes'])} classes within a factor of two; n = {n:,}")
    print(f"the classifier is right about {accuracy:.1%} of held-out pictures")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
