"""A model from anywhere: a run, a safetensors file, other people's weights, a folder of those or a repo on the Hub."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gan_core.config import Config, require
from gan_core.download import OnProgress
from gan_core.files import read_json
from gan_core.hub.importer import Imported, import_file
from gan_core.hub.names import likely, partner
from gan_core.hub.shelf import Address, Shelf, folder_shelf, hub_address, hub_shelf
from gan_core.hub.tensors import MAX_BYTES, SUFFIXES, metadata
from gan_core.latent import Explorer
from gan_core.latent.catalogue import FILE as DIRECTIONS
from gan_core.models import Discriminator, Generator
from gan_core.runs.checkpoint import load_discriminator, load_generator
from gan_core.runs.library import MODEL_FILES, candidates

if TYPE_CHECKING:
    from collections.abc import Iterator

DISCRIMINATOR, CARD, DATA = "discriminator.safetensors", "README.md", "data.json"
BESIDE = {DISCRIMINATOR: MAX_BYTES, DIRECTIONS: 10**7, CARD: 10**6, DATA: 10**7}
# Of a repo's files that might hold a generator, so many are looked into.
MOST_TRIED = 4
MOST_IMAGES = 10**12


@dataclass(frozen=True)
class Model:
    """What was found: the networks, and the files that go with them by their names in a run.

    `generator` is this program's own file of G, if it is one; `terms` and `note` may be empty.
    """

    name: str
    origin: str
    G: Generator
    config: Config
    nimg: int = 0
    D: Discriminator | None = None
    generator: Path | None = None
    files: dict[str, Path] = field(default_factory=dict)
    terms: str = ""
    note: str = ""

    def explorer(self) -> Explorer:
        return Explorer(self.G, self.config, self.nimg, self.files.get(DIRECTIONS))


def find(
    source: str,
    discriminator: Path | None = None,
    revision: str | None = None,
    report: OnProgress | None = None,
    whole: bool = True,
) -> Model:
    """The model that a name, path or address stands for. ValueError with the reason if there is none to be had.

    What is here comes before the Hub; `report(done, total)` counts downloaded bytes and may raise to cancel. If it is
    not to be `whole`, only what an explorer needs is looked for.
    """
    for path in candidates(source.strip()):
        if path.is_file():
            return open_path(path, discriminator)
        if path.is_dir():
            return _on_shelf(folder_shelf(path), discriminator, whole)
    address = hub_address(source)
    require(address is not None, f"there is no file or folder {source.strip()}, and it names no repo on the Hub")
    address = replace(address, revision=revision or address.revision)
    found = _on_shelf(_shelf_of(address, report or (lambda done, total: None)), discriminator, whole)
    return replace(found, terms=found.terms or "licence not stated")


def open_path(path: Path, discriminator: Path | None = None) -> Model:
    """The model in a file: this program's own generator or other people's weights. ValueError if it is neither."""
    if "config" in metadata(path):
        require(discriminator is None, f"{path.name} is of this program, and takes no other's discriminator")
        name = path.parent.name if path.name in MODEL_FILES else path.stem
        return Model(name, path.name, *_load(path), generator=path, files={DIRECTIONS: path.with_name(DIRECTIONS)})
    return _imported(path.stem, path.name, import_file(path, discriminator))


def _shelf_of(address: Address, report: OnProgress) -> Shelf:
    """The repo's files, or the one of them that is meant."""
    shelf = hub_shelf(address, report)
    if not address.file:
        return shelf
    require(address.file in shelf.sizes, f"hf:{address.repo} has no file {address.file}")
    meant = {name: size for name, size in shelf.sizes.items() if name in (address.file, CARD)}
    return replace(shelf, sizes=meant)


def _on_shelf(shelf: Shelf, discriminator: Path | None, whole: bool) -> Model:
    """This program's files if there are any, else the likeliest of the others that can be opened."""
    own = [name for name in MODEL_FILES if 0 < shelf.sizes.get(name, 0) <= MAX_BYTES]
    if not own:
        return _foreign(shelf, discriminator, whole)
    beside = [name for name, most in BESIDE.items() if 0 < shelf.sizes.get(name, 0) <= most]
    names = [*own, *beside] if whole else [own[0], *(name for name in beside if name == DIRECTIONS)]
    folder = shelf.fetch(names)
    if "config" not in metadata(folder / own[0]):
        return _foreign(shelf, discriminator, whole)
    files = {name: folder / name for name in names}
    G, config, nimg = _load(files[own[0]])
    D = _judge(files.get(DISCRIMINATOR))
    if D is None:
        files.pop(DISCRIMINATOR, None)
    return Model(shelf.name, shelf.origin, G, config, nimg, D, files[own[0]], files, _terms(folder, names))


def _load(path: Path) -> tuple[Generator, Config, int]:
    try:
        G, config, nimg = load_generator(path)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be opened: {error}") from error
    return G, config, min(max(nimg, 0), MOST_IMAGES)


def _judge(path: Path | None) -> Discriminator | None:
    """The discriminator in that file, if it holds one: a generator is enough."""
    with suppress(ValueError, RecursionError):
        return load_discriminator(path)[0] if path else None
    return None


def _foreign(shelf: Shelf, discriminator: Path | None, whole: bool) -> Model:
    names = likely(shelf.sizes)
    require(bool(names), f"{shelf.origin} holds no file of weights that could be opened ({', '.join(SUFFIXES)})")
    cards, first = [name for name in (CARD,) if 0 < shelf.sizes.get(name, 0) <= BESIDE[CARD]], None
    for name in names[:MOST_TRIED]:
        other = partner(name, shelf.sizes) if whole and not discriminator else None
        folder = shelf.fetch([name, *cards, *([other] if other else [])])
        try:
            found = _with_partner(folder / name, discriminator or (folder / other if other else None), bool(other))
        except ValueError as error:
            first = first or error
            continue
        model = _imported(shelf.name, f"{shelf.origin} ({posixpath.basename(name)})", found)
        card = {name: folder / name for name in cards}
        return replace(model, files=card, terms=_terms(folder, cards))
    raise first


def _with_partner(path: Path, discriminator: Path | None, guessed: bool) -> Imported:
    """The networks; a discriminator that was only guessed to belong there may fail to."""
    if not guessed:
        return import_file(path, discriminator)
    with suppress(ValueError):
        return import_file(path, discriminator)
    return import_file(path)


def _imported(name: str, origin: str, found: Imported) -> Model:
    return Model(name, origin, found.G, found.config, 0, found.D, note=found.note)


def _terms(folder: Path, names: list[str]) -> str:
    """The terms that came with a model: those of its pictures, else the licence in its card."""
    about = read_json(folder / DATA) if DATA in names else None
    terms = about.get("terms") if isinstance(about, dict) else None
    return terms[:200] if isinstance(terms, str) and terms else next(_licence(folder, names), "")


def _licence(folder: Path, names: list[str]) -> Iterator[str]:
    import yaml
    from huggingface_hub import metadata_load

    with suppress(ValueError, OSError, yaml.YAMLError):
        card = metadata_load(folder / CARD) if CARD in names else None
        licence, name = ((card or {}).get(key) for key in ("license", "license_name"))
        if isinstance(name, str) and name.strip() and licence in (None, "other"):
            yield f"licence other: {' '.join(name.split())[:100]}"
        elif isinstance(licence, str):
            yield f"licence {licence[:100]}"
