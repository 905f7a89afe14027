"""Data sets on the Hugging Face Hub that hold pictures, a zip of them or tars: "hf:owner/name"."""

import posixpath
import re
from itertools import compress
from pathlib import Path

from gan_core.data.pictures import SUFFIXES, FolderSource, Source, ZipSource, is_side, stamp, wrappings
from gan_core.data.tars import TAR, TarSource
from gan_core.download import NoConnection, OnProgress, hub_files, hub_sentences, hub_sizes

ADDRESS = re.compile(r"(?:hf:(?://)?(?:datasets/)?|https?://(?:www\.)?huggingface\.co/datasets/)(.*)", re.IGNORECASE)
REPO = re.compile(r"(\w[\w.-]*/\w[\w.-]*)(?:/tree/main)?/?(?:[?#].*)?")
PARQUET = (".parquet", ".arrow", ".tfrecord")


def hub_repo(data: str) -> str | None:
    """The "owner/name" of a data set on the Hub, None for anything else; ValueError where it should be one."""
    address = ADDRESS.fullmatch(data.strip())
    if not address:
        return None
    repo = REPO.fullmatch(address[1])
    if not repo:
        raise ValueError(f"“{data}” names no data set on the Hub; write it as hf:owner/name.")
    return repo[1]


def open_hub(repo: str, root: Path, report: OnProgress) -> Source:
    """Download what is not yet in `root` and open it; without a network, what was downloaded earlier."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    with hub_sentences(repo, "data set"):
        try:
            folder = _download(repo, root / "hub", report)
        except NoConnection as error:
            try:
                folder = _local(repo, root / "hub")
            except LocalEntryNotFoundError:
                raise error from None
    source = _open_snapshot(folder, repo)
    source.name = repo.partition("/")[2]
    return source


def _download(repo: str, root: Path, report: OnProgress) -> Path:
    sizes = hub_sizes(repo, "dataset")
    wanted = {name: sizes[name] for name in _wanted(repo, list(sizes))}
    return hub_files(repo, "dataset", wanted, report, cache_dir=root)


def _wanted(repo: str, names: list[str]) -> list[str]:
    """The pictures and what may hold their labels, else the only zip, else all tars."""
    zips = [name for name in names if name.lower().endswith(".zip")]
    if pictures := [name for name in names if name.lower().endswith(SUFFIXES)]:
        around = wrappings(pictures)
        split = [posixpath.split(name) for name in names]
        beside = [is_side(base) and (f"{folder}/" if folder else "") in around for folder, base in split]
        return pictures + list(compress(names, beside))
    if len(zips) == 1:
        return zips
    if zips:
        raise ValueError(f"hf:{repo} holds {len(zips)} zips; download the one you want, and name its file.")
    if tars := [name for name in names if name.lower().endswith(TAR)]:
        return tars
    kinds = sorted({kind[1:] for name in names for kind in PARQUET if name.lower().endswith(kind)})
    why = f", only {' and '.join(kinds)} files, which this program cannot read" if kinds else ""
    raise ValueError(f"hf:{repo} holds no picture files{why}.")


def _local(repo: str, root: Path) -> Path:
    """What was downloaded earlier."""
    from huggingface_hub import snapshot_download

    options = {"repo_type": "dataset", "cache_dir": root, "allow_patterns": _patterns(SUFFIXES)}
    return Path(snapshot_download(repo, local_files_only=True, **options))


def _patterns(suffixes: tuple[str, ...]) -> list[str]:
    return [f"*{suffix}" for lower in suffixes for suffix in (lower, lower.upper())]


def _open_snapshot(folder: Path, repo: str) -> Source:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    wanted = _wanted(repo, names)
    if wanted[0].lower().endswith(TAR):
        return TarSource([folder / name for name in sorted(wanted)], repo, content)
    only_zip = len(wanted) == 1 and wanted[0].lower().endswith(".zip")
    return ZipSource(folder / wanted[0]) if only_zip else FolderSource(folder, mark=content)


def content(path: Path) -> str:
    """The same on every machine: the hash by which the Hub knows a file's content, and its cache the file linked to."""
    return path.readlink().name if path.is_symlink() else stamp(path)
