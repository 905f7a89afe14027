"""A run as a folder that any web server can show: the explorer's page, whose pictures the visitor's browser draws."""

from __future__ import annotations

import base64
import html
import shutil
from pathlib import Path

from gan_core.files import write_json
from gan_core.hub.browser_runtime import copy_runtime
from gan_core.hub.model_repo import OnShare
from gan_core.hub.onnx_file import export_onnx
from gan_core.hub.record import Record, record_of
from gan_core.hub.space_card import space_card
from gan_core.hub.terms import terms
from gan_core.latent import Explorer
from gan_core.latent.directions import SLIDER_RANGE
from gan_core.runs.checkpoint import load_generator
from gan_core.runs.run_dir import RunDir
from gan_core.web import page as web
from gan_core.words import pictures

STATIC = Path(web.__file__).parent / "static"
TOOLS = ("play", "morph")
SETTINGS = {"sdk": "static", "app_file": "index.html"}
WHERE = "in your own browser: there is no server behind this page"
ANYWHERE = "Any web server can show this folder: `python -m http.server` in it, then open http://localhost:8000."
ABOUT = ("id", "kind", "name", "explained", "hidden", "measured")


def prepare_static_space(
    run: RunDir,
    folder: Path,
    repo_id: str,
    report: OnShare | None = None,
    newest: bool = False,
    model_repo: str | None = None,
) -> None:
    """Write into an empty folder all that the static Space `repo_id` is to hold, or any other place on the web.

    `model_repo` is where the same model was published. `report(share, words)` may raise to cancel. ValueError if the
    run has no generator, or the runtime of the page cannot be had.
    """
    report = report or (lambda share, words: None)
    record = record_of(run, newest)
    report(0.0, "fetching what runs the generator in a browser")
    copy_runtime(folder / "ort", lambda share: report(0.5 * share, "fetching what runs the generator in a browser"))
    report(0.5, "writing the generator as ONNX")
    explorer = Explorer.load(record.generator)
    export_onnx(load_generator(record.generator)[0], folder / "generator.onnx")
    report(0.9, "writing the page")
    write_page(folder, record.name)
    write_json(folder / "site.json", site(explorer, record, folder))
    (folder / "README.md").write_text(space_card(record, SETTINGS, model_repo, WHERE, ANYWHERE), encoding="utf-8")
    report(1.0, "writing the page")


def write_page(folder: Path, title: str) -> None:
    for path in STATIC.glob("*.js"):
        shutil.copyfile(path, folder / path.name)
    whole = (STATIC / "index.html").read_text(encoding="utf-8").replace("{{title}}", html.escape(title))
    (folder / "index.html").write_text(whole.replace("{{page}}", web.page(TOOLS)), encoding="utf-8")
    own = (STATIC / "static.css").read_text(encoding="utf-8")
    (folder / "style.css").write_text(web.shared() + web.styles() + own, encoding="utf-8")
    scope = "element, server, browserFilmKinds, upload"
    (folder / "explorer.js").write_text(
        f"export default function ({scope}) {{\n{web.script(TOOLS)}\n}}\n", encoding="utf-8"
    )


def site(explorer: Explorer, record: Record, folder: Path) -> dict:
    """What the page knows of its model; `bytes` is about what a browser without a GPU loads of it."""
    model = explorer.config.model
    vectors = {
        each.id: base64.b64encode(each.vector.astype("<f4").tobytes()).decode("ascii")
        for each in explorer.directions.values()
    }
    directions = [
        {name: getattr(each, name) for name in ABOUT} | {"vector": vectors[each.id]}
        for each in explorer.directions.values()
    ]
    return {
        "name": record.name,
        "key": f"{record.name}@newest@1",
        "size": model.image_size,
        "latentDim": model.latent_dim,
        "classes": list(model.classes),
        "seen": pictures(explorer.nimg),
        "data": record.data["name"],
        "terms": terms(record),
        "range": SLIDER_RANGE,
        "directions": directions,
        "bytes": sum(
            (folder / name).stat().st_size for name in ("generator.onnx", "ort/ort-wasm-simd-threaded.wasm.gz")
        ),
    }
