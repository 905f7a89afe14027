"""Zips from strangers: checked before use, read only in memory, never extracted."""

import re
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MIB = 2**20
MEMBER_LIMIT = 256 * MIB
TOTAL_LIMIT, RATIO_LIMIT = 1024 * MIB, 100


def open_archive(path: Path) -> ZipFile:
    """Open a zip and refuse, with a ValueError, what is broken, encrypted or made to do harm."""
    try:
        archive = ZipFile(path)
    except (BadZipFile, zlib.error, NotImplementedError, UnicodeDecodeError, EOFError):
        raise ValueError(f"{path.name} is not a readable zip; it may be broken or only partly copied.") from None
    try:
        _check(archive.infolist(), path)
    except ValueError:
        archive.close()
        raise
    return archive


def read_member(archive: ZipFile, info: ZipInfo) -> bytes:
    """The bytes of one member, at most as many as it claims; raises BadZipFile where it lies."""
    with archive.open(info) as file:
        data = file.read(min(info.file_size, MEMBER_LIMIT) + 1)
    if len(data) != info.file_size:
        raise BadZipFile("wrong size")
    return data


def _check(members: list[ZipInfo], path: Path) -> None:
    for info in members:
        _check_member(info, path.name)
    total = sum(info.file_size for info in members)
    if total > TOTAL_LIMIT and total > RATIO_LIMIT * path.stat().st_size:
        raise ValueError(f"{path.name} would unpack to {total / 2**30:,.1f} GiB, which looks like a zip bomb.")


def _check_member(info: ZipInfo, archive: str) -> None:
    name = info.orig_filename  # what the file says; `filename` is already tidied
    shown = name.encode("utf-8", "replace").decode().replace("\0", "␀")
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        raise ValueError(f"{archive} is refused because its member “{shown}” points outside the zip.")
    if info.flag_bits & 0x1:
        raise ValueError(f"{archive} is encrypted; please give a zip without a password.")
    if info.file_size > MEMBER_LIMIT:
        raise ValueError(f"{archive} is refused because its member “{shown}” would unpack to over 256 MiB.")
    # The other methods can unpack without a bound in one step.
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError(f"{archive} uses an unusual compression; please zip the pictures again in the ordinary way.")
