"""The names of repos on the Hub: what people write for one, and which rule a name breaks."""

from __future__ import annotations

import re

from gan_core.config import require

ADDRESS = re.compile(r"(?:hf:(?://)?|https?://(?:www\.)?huggingface\.co/)?(?:spaces/)?(.*)")
MOST_LETTERS = 96
# What no part of a name may hold, and the rule that forbids it; the first that is broken is told.
RULES = {
    r"^$": "something is missing before or after the “/”",
    r"\s": "it may not have spaces; write “-” in their place",
    r"[^A-Za-z0-9_.-]": "it may only have the letters a to z, digits, “-”, “_” and “.”",
    r"--|\.\.": "it may not have “--” or “..” in it",
    r"\.git$": "it may not end in “.git”",
    r"^[^A-Za-z0-9]|[^A-Za-z0-9_]$": "it has to begin and end with a letter or digit",
    rf"^.{{{MOST_LETTERS + 1}}}": f"it may have at most {MOST_LETTERS} letters",
}


def full_name(text: str, user: str | None = None) -> str:
    """The "owner/name" that a name or an address on the Hub means; of a name alone the user is the owner.

    ValueError, which tells the rule, for what the Hub does not take.
    """
    name = ADDRESS.fullmatch(" ".join(text.split()))[1]
    name = name.removesuffix("/") if name.count("/") == 2 else name
    parts = name.split("/") if "/" in name or not user else [user, name]
    broken = broken_rule(parts)
    require(not broken, f"“{text.strip()}” is no possible name on Hugging Face: {broken}")
    return "/".join(parts)


def broken_rule(parts: list[str]) -> str:
    """In words; "" for an owner and a name that are possible."""
    if len(parts) != 2:
        return "write owner/name, or a name alone" if len(parts) > 2 else "write owner/name"
    return next((rule for found, rule in RULES.items() if any(re.search(found, part) for part in parts)), "")
