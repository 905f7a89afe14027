"""A folder that tells what was found: report.html with everything in it, the pictures, and numbers.json."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from pathlib import Path

from PIL import Image

from gan_core.files import replacing, write_json
from gan_core.paper.finding import Finding

CITATION = (
    "A. Radford, L. Metz, S. Chintala: Unsupervised Representation Learning with Deep Convolutional Generative "
    "Adversarial Networks, ICLR 2016, arXiv:1511.06434"
)
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 900px; margin: 40px auto; padding: 0 16px; color: #1d2025; }}
img {{ max-width: 100%; border: 1px solid #e4e6eb; border-radius: 8px; }}
.paper {{ color: #676d78; border-left: 3px solid #d5d8df; padding-left: 12px; }}
h2 {{ margin-top: 2.2em; }}
</style>
<h1>{title}</h1>
<p>{about}</p>
{sections}
<p class="paper">{citation}</p>
</html>
"""
SECTION = """<section>
<h2>{title}</h2>
<p class="paper">{paper}</p>
<img src="data:image/png;base64,{picture}" alt="{title}">
{seen}
<details><summary>Numbers</summary><pre>{numbers}</pre></details>
</section>
"""


def write(folder: Path, findings: list[Finding], model: str, kimg: float) -> None:
    """Write the report of a model's findings into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(findings, model, kimg).items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)
    write_json(folder / "numbers.json", numbers(findings, model, kimg))


def files(findings: list[Finding], model: str, kimg: float) -> dict[str, bytes]:
    """The report and its pictures by their names."""
    pictures = {f"{finding.name}.png": png(finding.picture) for finding in findings}
    return pictures | {"report.html": page([*map(section, findings)], model, kimg).encode()}


def numbers(findings: list[Finding], model: str, kimg: float) -> dict:
    return {"model": model, "kimg": kimg, "figures": {finding.name: finding.numbers for finding in findings}}


def page(sections: list[str], model: str, kimg: float) -> str:
    """One HTML file that needs no other, of what `section` gave."""
    title = f"The DCGAN paper, seen in {model}"
    about = f"Made by DCGAN Studio with the model {model}, which had seen {kimg:,.1f} thousand pictures."
    told = "\n".join(sections)
    return PAGE.format(title=escape(title), about=escape(about), sections=told, citation=escape(CITATION))


def section(finding: Finding) -> str:
    return SECTION.format(
        title=escape(finding.title),
        paper=escape(finding.paper),
        picture=base64.b64encode(png(finding.picture)).decode("ascii"),
        seen="\n".join(f"<p>{escape(sentence)}</p>" for sentence in finding.seen),
        numbers=escape(json.dumps(finding.numbers, indent=2)),
    )


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
