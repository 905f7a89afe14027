"""Numbers in words, for people."""


def duration(seconds: float) -> str:
    """E.g. '40 s', '12 min', '3 h 20 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def kimg(nimg: int) -> str:
    """E.g. '0.6 kimg', '412 kimg'."""
    return f"{nimg / 1000:.1f} kimg" if nimg < 100_000 else f"{nimg / 1000:,.0f} kimg"


def pictures(nimg: int) -> str:
    """The same for who does not know the unit, e.g. '600 pictures', '412,000 pictures'."""
    return f"{round(nimg, -3 if nimg >= 100_000 else -2 if nimg >= 1000 else 0):,} pictures"


def distance(value: float | None) -> str:
    """A sliced Wasserstein distance, e.g. '9.24', '61.6', '1,450'; a dash where none was measured."""
    if value is None:
        return "–"
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


def rate(img_per_sec: float) -> str:
    return f"{img_per_sec:,.0f} images/s"


def memory(size: float) -> str:
    """Bytes, e.g. '640 MB', '1.2 GB'."""
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
