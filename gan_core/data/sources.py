"""Where pictures come from: a folder, a zip, WebDataset's tars, a set known by name, one on the Hub, drawn faces.

with open_source("~/photos.zip") as source:
    image = source.open(0)
"""

from pathlib import Path

from gan_core.data.hub import hub_repo, open_hub
from gan_core.data.labels import AUTO, choose_labels
from gan_core.data.named import NAMES, check_data_root, named, open_named
from gan_core.data.pictures import DrawnSource, FolderSource, Source, ZipSource, holds_pictures
from gan_core.data.tars import TAR, TarSource, tars_in
from gan_core.download import OnProgress
from gan_core.home import datasets

DRAWN_COUNT, DRAWN_MOST = 5_000, 200_000


def open_source(
    data: str | Path,
    root: Path | None = None,
    data_root: str | Path | None = None,
    on_download: OnProgress | None = None,
) -> Source:
    """Open "drawn", "drawn:N", a folder, a .zip, a .tar, a name as in NAMES or "hf:owner/name".

    ValueError says what is wrong. A folder without pictures may hold tars. Named sets are looked for in `data_root`,
    then in `root`, where they and the Hub's are downloaded to if they are not there; `on_download(done, total)` counts
    bytes and may raise to cancel.
    """
    text, report = str(data).strip(), on_download or (lambda done, total: None)
    if name := named(text):
        return open_named(name, root or datasets(), data_root, report)
    if repo := hub_repo(text):
        return open_hub(repo, root or datasets(), report)
    if _is_drawn(text):
        return DrawnSource(_drawn_count(text))
    return _open_path(text)


def source_name(data: str | Path, data_root: str | Path | None = None, labels: str = AUTO) -> str:
    """The name a source will have, without any download; ValueError where it cannot be opened or lacks such labels."""
    text = str(data).strip()
    if name := named(text):
        check_data_root(data_root)
        return name
    if repo := hub_repo(text):
        return repo.partition("/")[2]
    with open_source(text) as source:
        choose_labels(source, labels)
        return source.name


def absolute(data: str | Path) -> str:
    """The same source by a text that means it wherever it is read."""
    text = str(data).strip()
    if name := named(text):
        return name
    if repo := hub_repo(text):
        return f"hf:{repo}"
    return text if _is_drawn(text) else str(Path(text).expanduser().absolute())


def _open_path(text: str) -> Source:
    if not text:
        raise ValueError(f"Name a folder of pictures, a .zip file, “drawn”, {', '.join(NAMES)} or hf:owner/name.")
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            tars = tars_in(path)
            return TarSource(tars, path.resolve().name) if tars and not holds_pictures(path) else FolderSource(path)
        if path.is_file() and path.suffix.lower() == ".zip":
            return ZipSource(path)
        if path.is_file() and path.suffix.lower() == TAR:
            return TarSource([path], path.stem)
        found = path.exists()
    except PermissionError:
        raise ValueError(f"There is no permission to read {text}.") from None
    except (OSError, RuntimeError):
        found = False
    raise ValueError(f"{text} is neither a folder nor a .zip or .tar file." if found else f"There is no {text}.")


def _is_drawn(text: str) -> bool:
    return text.partition(":")[0] == "drawn"


def _drawn_count(text: str) -> int:
    count = text.partition(":")[2] if ":" in text else str(DRAWN_COUNT)
    digits = count.strip().replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= DRAWN_MOST):
        raise ValueError(f"“{text}” needs a number from 1 to {DRAWN_MOST:,}, as in drawn:{DRAWN_COUNT}.")
    return int(digits)
