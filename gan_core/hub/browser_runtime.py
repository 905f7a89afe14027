"""ONNX Runtime Web, which runs a generator in a browser: fetched once, checked, and kept compressed."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

from gan_core.files import replacing
from gan_core.home import home

VERSION = "1.30.0"
SOURCE = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist"
SOURCE_VARIABLE = "DCGAN_STUDIO_ORT"  # another place that has the same files: an address, or a folder
SHA256 = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    "ort.webgpu.bundle.min.mjs": "0730816731ce2cdfb06f273da065d4a1c7091eb9d1756a83b2916c8a89d015e2",
    "ort-wasm-simd-threaded.asyncify.wasm": "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da",
}


def copy_runtime(folder: Path, report: Callable[[float], None] | None = None) -> None:
    """Put the runtime's files into a new folder, the large ones as .gz; `report` hears the share done.

    The first use downloads 41 MB. ValueError, in one sentence, if they cannot be had or are not the ones expected.
    """
    kept = home() / ".cache" / f"onnxruntime-web-{VERSION}"
    kept.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(SHA256):
        if report:
            report(i / len(SHA256))
        path = kept / kept_name(name)
        if not path.exists():
            keep(name, path)
    shutil.copytree(kept, folder, ignore=shutil.ignore_patterns(".*"))


def kept_name(name: str) -> str:
    return f"{name}.gz" if name.endswith(".wasm") else name


def keep(name: str, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fetched = Path(scratch) / name
        fetch(name, fetched)
        content = fetched.read_bytes()
    with replacing(path) as temporary:
        # Without a date in it, equal files stay equal.
        temporary.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def fetch(name: str, path: Path) -> None:
    from torch.hub import download_url_to_file

    source = os.environ.get(SOURCE_VARIABLE, SOURCE)
    address = f"{source}/{name}" if "://" in source else (Path(source).absolute() / name).as_uri()
    try:
        download_url_to_file(address, str(path), hash_prefix=SHA256[name], progress=False)
    except RuntimeError:
        raise ValueError(
            f"{name} from {source} is not the file expected: it may have been changed on its way"
        ) from None
    except (URLError, ConnectionError, TimeoutError, HTTPException):
        raise ValueError(
            f"ONNX Runtime Web, which a page needs to draw by itself, could not be fetched from {source}: look at your "
            "network and try it again"
        ) from None
