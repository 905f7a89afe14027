"""A generator as an ONNX file: what a browser, a phone or any other runtime draws pictures with."""

from __future__ import annotations

import copy
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from gan_core.files import replacing
from gan_core.latent import z_from_seeds
from gan_core.latent.inference import fused
from gan_core.models import Generator

if TYPE_CHECKING:
    import onnx_ir

OPSET = 18
INPUT, OUTPUT = "z", "pixels"
TRIED, TOGETHER = 32, 8  # pictures
FAR = 3  # how far from the middle sliders lead, in lengths of an ordinary z


class Pixels(nn.Module):
    """z and class weights, float32 [N, input_dim], to what a canvas shows: RGBA, uint8 [N, H, W, 4]."""

    def __init__(self, G: Generator):
        super().__init__()
        self.G = fused(G)

    def forward(self, z: Tensor) -> Tensor:
        images = self.G(z)
        grey = images.shape[1] == 1
        colours = images.expand(-1, 3, -1, -1) if grey else images
        opaque = torch.ones_like(images[:, :1])
        scaled = torch.cat([colours, opaque], 1) * 127.5 + 128
        return scaled.clamp(0, 255).floor().to(torch.uint8).permute(0, 2, 3, 1)


def export_onnx(G: Generator, path: Path) -> None:
    """Write G as an ONNX file with weights, input `z` and output `pixels`, for any number of pictures at once.

    Its pixels are those of `Explorer.render`, but for one grey level where floats round differently. Weights are kept
    as fp16, in half the room, wherever that holds for them, too.
    """
    example = torch.zeros(2, G.config.input_dim)
    with replacing(path) as temporary, warnings.catch_warnings(), torch.inference_mode(False):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        whole = Pixels(G).eval()
        half = rounded(whole)
        fits = draw_alike(whole, half, G)
        program = torch.onnx.export(
            half if fits else whole,
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes={"z": {0: torch.export.Dim("N", min=1, max=1024)}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        if fits:
            halve(program.model.graph)
        program.save(temporary, external_data=False)


def rounded(whole: Pixels) -> Pixels:
    """A copy whose weights of two or more dimensions are numbers that fp16 has."""
    half = copy.deepcopy(whole)
    for weight in half.parameters():
        if weight.dim() > 1:
            weight.data = weight.data.half().float()
    return half


@torch.no_grad()
def draw_alike(one: Pixels, other: Pixels, G: Generator) -> bool:
    """Whether their pictures differ by one grey level at most, also those of z that only sliders reach."""
    z, count = torch.from_numpy(z_from_seeds(range(TRIED), G.config.latent_dim)), len(G.config.classes)
    weights = torch.eye(count)[torch.arange(TRIED) % count] if count else torch.empty(TRIED, 0)
    asked = torch.cat([torch.cat([scale * z, weights], 1) for scale in (1, FAR)])
    return all((one(part).short() - other(part).short()).abs().max() <= 1 for part in asked.split(TOGETHER))


def halve(graph: onnx_ir.Graph) -> None:
    """Have the weights of two or more dimensions kept as fp16, and made fp32 again where they are loaded.

    Nothing is computed in fp16, which would round the sums, too.
    """
    import onnx_ir as ir

    for weight in list(graph.initializers.values()):
        if weight.dtype == ir.DataType.FLOAT and len(weight.shape) > 1:
            name = weight.name
            half = ir.tensor(weight.const_value.numpy().astype(np.float16), name=f"{name}_fp16")
            kept = ir.Value(name=half.name, type=ir.TensorType(half.dtype), shape=half.shape, const_value=half)
            cast = ir.node("Cast", [kept], {"to": ir.DataType.FLOAT}, name=f"{name}_fp32")
            weight.replace_all_uses_with(cast.outputs[0])
            del graph.initializers[name]
            graph.register_initializer(kept)
            graph.insert_before(graph[0], cast)
