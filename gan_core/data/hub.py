"""Data sets on the Hugging Face Hub that hold pictures or a zip of them: "hf:owner/name"."""

import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from pathlib import Path

from gan_core.data.download import OnProgress, reporting_bars
from gan_core.data.pictures import SUFFIXES, FolderSource, Source, ZipSource, is_side, wrappings

ADDRESS = re.compile(r"(?:hf:(?://)?(?:datasets/)?|https?://(?:www\.)?huggingface\.co/datasets/)(.*)", re.IGNORECASE)
REPO = re.compile(r"(\w[\w.-]*/\w[\w.-]*)(?:/tree/main)?/?(?:[?#].*)?")
PARQUET = (".parquet", ".arrow", ".tfrecord", ".tar")


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

    with _sentences(repo):
        try:
            folder = _download(repo, root / "hub", report)
        except _NoConnection as error:
            try:
                folder = _snapshot(repo, root / "hub", local_files_only=True, allow_patterns=_patterns(SUFFIXES))
            except LocalEntryNotFoundError:
                raise error from None
    source = _open_snapshot(folder, repo)
    source.name = repo.partition("/")[2]
    return source


class _NoConnection(Exception):
    """The Hub was not reached."""


def _download(repo: str, root: Path, report: OnProgress) -> Path:
    sizes = _sizes(repo)
    wanted = _wanted(repo, list(sizes))
    total = sum(sizes[name] for name in wanted)
    # Names may hold the signs of a pattern; as a class of one, each such sign means itself.
    exact = [re.sub(r"([*?\[])", r"[\1]", name) for name in wanted]
    return _snapshot(repo, root, allow_patterns=exact, tqdm_class=reporting_bars(report, total))


def _sizes(repo: str) -> dict[str, int]:
    """Every file's size in bytes."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import httpx

    try:
        api = HfApi()
        api.dataset_info(repo)  # fails at once without a network, where the next call would try for long
        tree = api.list_repo_tree(repo, repo_type="dataset", recursive=True)
        return {entry.path: entry.size for entry in tree if hasattr(entry, "size")}
    except HfHubHTTPError:
        raise
    except (httpx.HTTPError, OfflineModeIsEnabled) as error:
        raise _NoConnection from error


def _wanted(repo: str, names: list[str]) -> list[str]:
    """The pictures and what may hold their labels, else the only zip."""
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
    kinds = sorted({kind[1:] for name in names for kind in PARQUET if name.lower().endswith(kind)})
    why = f", only {' and '.join(kinds)} files, which this program cannot read" if kinds else ""
    raise ValueError(f"hf:{repo} holds no picture files{why}.")


def _snapshot(repo: str, root: Path, **options: object) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(repo, repo_type="dataset", cache_dir=root, **options))


def _patterns(suffixes: tuple[str, ...]) -> list[str]:
    return [f"*{suffix}" for lower in suffixes for suffix in (lower, lower.upper())]


def _open_snapshot(folder: Path, repo: str) -> Source:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    wanted = _wanted(repo, names)
    only_zip = len(wanted) == 1 and wanted[0].lower().endswith(".zip")
    return ZipSource(folder / wanted[0]) if only_zip else FolderSource(folder)


@contextmanager
def _sentences(repo: str) -> Iterator[None]:
    """Turns what huggingface_hub raises into one sentence for the user."""
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx

    page = f"https://huggingface.co/datasets/{repo}"
    try:
        yield
    except errors.GatedRepoError:
        raise ValueError(
            f"hf:{repo} wants its terms to be accepted: do so at {page}, then log in here with “hf auth login”."
        ) from None
    except errors.RepositoryNotFoundError:
        raise ValueError(
            f"There is no data set {repo} on the Hub, or it is private and needs “hf auth login”."
        ) from None
    except errors.HFValidationError:
        raise ValueError(f"“hf:{repo}” is not a possible name on the Hub.") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        raise ValueError(f"hf:{repo} could not be downloaded: the Hub answered with error {status}.") from None
    except (_NoConnection, httpx.HTTPError, errors.LocalEntryNotFoundError):
        raise ValueError(f"hf:{repo} could not be downloaded: no connection to the Hub.") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise ValueError(f"hf:{repo} could not be downloaded: {reason}.") from None
