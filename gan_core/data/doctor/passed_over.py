"""The files among the pictures that nobody looks at, by kind: some are pictures that do not look like any."""

from __future__ import annotations

from gan_core.data.doctor.report import Examples
from gan_core.data.pictures import Source

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
HIDDEN, CLOSED = "hidden files and folders", "folders not looked into: links, or not allowed"
UNNAMED = "pictures whose names do not end like a picture's"
UNREAD = "pictures in a format that is not read"
KINDS = {
    UNREAD: (
        "heic", "heif", "avif", "jxl", "jp2", "psd", "svg", "ico", "tga", "dng", "cr2", "cr3", "nef", "arw", "raw",
        "exr", "eps", "pdf", "ppm", "pgm",
    ),
    "text files and lists": ("txt", "md", "csv", "tsv", "json", "jsonl", "xml", "html", "yaml", "yml", "log", "ini"),
    "videos": ("mp4", "mov", "avi", "mkv", "webm", "m4v", "mpg", "mpeg"),
    "archives": ("zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "xz"),
}  # fmt: skip
OTHER = "other files"


def passed_over(source: Source) -> dict[str, Examples]:
    """The files that are not among a source's pictures, nor lists of their labels, by kind."""
    sides, found = set(source.sides()), {}
    for name, head in source.others():
        if name not in sides:
            found.setdefault(_kind(name, head), Examples()).add(name)
    return dict(sorted(found.items(), key=lambda item: (item[0] == HIDDEN, -item[1].count)))


def _kind(name: str, head: bytes) -> str:
    if any(part.startswith(".") or part == "__MACOSX" for part in name.split("/")):
        return HIDDEN
    if name.endswith("/"):
        return CLOSED
    suffix = name.rpartition(".")[2].lower()
    by_name = next((kind for kind, suffixes in KINDS.items() if suffix in suffixes), OTHER)
    if head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return UNNAMED if by_name != UNREAD or not head.startswith(SIGNATURES[-2:]) else UNREAD  # raw photos are TIFF
    return UNREAD if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else by_name
