"""A model from the Hub or from a file, opened to be explored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_core.latent import Explorer


def from_pretrained(source: str | Path, revision: str | None = None) -> Explorer:
    """The explorer of a model: "owner/name" on the Hub, an address there, a run's name, a folder or a file.

    Of the Hub's repo only what is needed is downloaded, once; `revision` is a branch, tag or commit of it. The pictures
    are bit for bit those of the run that the model came from. ValueError with the reason if it cannot be opened.
    """
    from gan_core.hub.model import find  # with PyTorch, which `import gan_core.hub` must not wait for

    return find(str(source), revision=revision, whole=False).explorer()
