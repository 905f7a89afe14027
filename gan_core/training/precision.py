"""Which number format a device trains in."""

from __future__ import annotations

import torch


def default_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def bf16_is_fast(device: torch.device) -> bool:
    """Whether bf16 pays: on a CPU only with AMX or AVX512-BF16; elsewhere it is slower or fails (pytorch#148861)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(cpu_features() & {"amx_bf16", "avx512_bf16"})


def cpu_features() -> set[str]:
    """The names of what the processor can do, as far as it matters here."""
    if hasattr(torch.cpu, "get_capabilities"):
        return {name for name, has in torch.cpu.get_capabilities().items() if has is True}
    # Older torch has no public way to ask.
    amx, avx512 = torch.cpu._is_amx_tile_supported(), torch.cpu._is_avx512_bf16_supported()
    return {name for name, has in (("amx_bf16", amx), ("avx512_bf16", avx512)) if has}


def choose(requested: str, device: torch.device) -> str:
    """'bf16' or 'fp32'."""
    return requested if requested != "auto" else "bf16" if bf16_is_fast(device) else "fp32"


def set_up(device: torch.device) -> None:
    """Let a GPU use its fastest kernels for this process, with TF32 where something is computed in fp32."""
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")


def describe(precision: str, device: torch.device) -> str:
    """For people, e.g. 'bf16 on CPU (AMX)'."""
    if device.type == "cuda":
        tf32 = " with TF32" if precision == "fp32" and torch.cuda.get_device_capability(device) >= (8, 0) else ""
        return f"{precision}{tf32} on {torch.cuda.get_device_name(device)}"
    units = " (AMX)" if "amx_bf16" in cpu_features() else " (AVX-512)" if bf16_is_fast(device) else ""
    return f"{precision} on CPU{units if precision == 'bf16' else ''}"


def wide(values: torch.Tensor) -> torch.Tensor:
    """The values in fp32 for reductions; fp64 stays as it is."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
