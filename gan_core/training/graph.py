"""CUDA graphs: a step of small networks is hundreds of kernels, and launching each takes longer than running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

# Ordinary calls before recording, so that libraries have chosen their kernels and optimisers have made their state.
WARM_UP = 3


@contextmanager
def aside(device: torch.device) -> Iterator[None]:
    """Work on a stream of its own, as everything must that comes before a recording; on a CPU, just work."""
    if device.type != "cuda":
        yield
        return
    stream, main = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    stream.wait_stream(main)
    with torch.cuda.stream(stream):
        yield
    main.wait_stream(stream)


def record(
    function: Callable[..., Tensor], *examples: Tensor, rng: torch.Generator | None = None
) -> Callable[..., Tensor]:
    """The function of tensors as one CUDA graph, for inputs shaped like the examples; recording computes nothing.

    `rng` is the generator that the function draws from. The result is overwritten by the next call. RuntimeError if
    something in the function cannot be recorded.
    """
    inputs, graph = [example.clone() for example in examples], torch.cuda.CUDAGraph()
    if rng is not None:
        graph.register_generator_state(rng)
    try:
        with torch.cuda.graph(graph):
            output = function(*inputs)
    finally:
        torch.cuda.synchronize()

    def replay(*given: Tensor) -> Tensor:
        for kept, new in zip(inputs, given, strict=True):
            kept.copy_(new)
        graph.replay()
        return output

    return replay
