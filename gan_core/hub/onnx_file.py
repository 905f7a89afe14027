"""A generator as an ONNX file: what a browser, a phone or any other runtime draws pictures with."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_core.files import replacing
from gan_core.latent.inference import fused
from gan_core.models import Generator

OPSET = 18
INPUT, OUTPUT = "z", "pixels"


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

    Its pixels are those of `Explorer.render`, but for one grey level where floats round differently.
    """
    example = torch.zeros(2, G.config.input_dim)
    with replacing(path) as temporary, warnings.catch_warnings(), torch.inference_mode(False):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            Pixels(G).eval(),
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes={"z": {0: torch.export.Dim("N", min=1, max=1024)}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
        program.save(temporary, external_data=False)
