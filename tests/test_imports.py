"""The layering of DESIGN.md, read from the import statements: whole files, not only their first lines."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {module_name(path): path for folder in ("gan_core", "ui") for path in (ROOT / folder).rglob("*.py")}
CORE = sorted(name for name in FILES if name.startswith("gan_core"))


class WithoutTypeChecking(ast.NodeTransformer):
    """Drops what only type checkers run."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING") else node


@cache
def imported(name: str) -> set[str]:
    """Every module that the file imports anywhere, as a full name."""
    found = set()
    for node in ast.walk(WithoutTypeChecking().visit(ast.parse(FILES[name].read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def own(name: str) -> set[str]:
    """The files of this repository that the import of `name` runs directly, packages above them included."""
    hits = {module for module in imported(name) if module in FILES}
    above = {module.rsplit(".", i)[0] for module in hits | {name} for i in range(1, module.count(".") + 1)}
    return (hits | above) & set(FILES) - {name}


def reachable(name: str) -> set[str]:
    seen, todo = set(), [name]
    while todo:
        for module in own(todo.pop()) - seen:
            seen.add(module)
            todo.append(module)
    return seen


def is_in(module: str, *places: str) -> bool:
    return any(module == place or module.startswith(place + ".") for place in places)


BASE = [f"gan_core.{name}" for name in ("config", "pixels", "files", "home", "words", "memory", "download")]
WEIGHTS = [*BASE, "gan_core.models", "gan_core.runs.checkpoint"]
LISTS = ["gan_core.runs.run_dir", "gan_core.runs.library"]
TRAINS = [*WEIGHTS, "gan_core.data", "gan_core.training", "gan_core.runs"]
# Who may import what, beside its own room; the first place that fits a module counts.
MAY_IMPORT = {
    "gan_core.config": [],
    "gan_core.pixels": [],
    "gan_core.files": [],
    "gan_core.home": [],
    "gan_core.models": BASE,
    "gan_core.data": BASE,
    "gan_core.training": [*BASE, "gan_core.models", "gan_core.data"],
    "gan_core.runs.worker": TRAINS,
    "gan_core.runs.evaluator": [*TRAINS, "gan_core.metrics"],
    "gan_core.runs.follower": TRAINS,
    "gan_core.runs.healer": TRAINS,
    "gan_core.runs.diagnosis": [*BASE, "gan_core.runs.run_dir", "gan_core.training.health"],
    "gan_core.runs.changes": TRAINS,
    "gan_core.runs.fine_tune": TRAINS,
    "gan_core.runs.job": TRAINS,
    "gan_core.runs.launch": TRAINS,
    "gan_core.runs.renting": [*TRAINS, "gan_core.hub"],
    "gan_core.runs.checkpoint": [*BASE, "gan_core.models"],
    "gan_core.runs": [*WEIGHTS, *LISTS],
    "gan_core.latent": WEIGHTS,
    "gan_core.attributes": [*WEIGHTS, "gan_core.data", "gan_core.latent"],
    "gan_core.metrics": [*WEIGHTS, "gan_core.latent"],
    "gan_core.hub.following": ["gan_core.hub", *WEIGHTS, *LISTS, "gan_core.runs.tracking"],
    "gan_core.hub": [*WEIGHTS, "gan_core.latent", *LISTS, "gan_core.runs.disk", "gan_core.runs.manage", "gan_core.web"],
    "gan_core.paper": [*WEIGHTS, "gan_core.latent", "gan_core.data"],
    "gan_core.web": [],
    "gan_core.cli": ["gan_core"],
    "gan_core.__main__": ["gan_core"],
    "gan_core": [],
}


@pytest.mark.parametrize("name", CORE)
def test_imports_point_one_way(name):
    place = next(place for place in MAY_IMPORT if is_in(name, place))
    packages = {"gan_core", "gan_core.runs", "gan_core.training"}  # empty: importing them pulls in nothing
    wrong = {module for module in own(name) - packages if not is_in(module, place, *MAY_IMPORT[place])}
    assert not wrong


@pytest.mark.parametrize("name", CORE)
def test_the_library_knows_no_gradio_and_no_ui(name):
    assert not {module for module in imported(name) if is_in(module, "gradio", "ui")}


@pytest.mark.parametrize("package", ["gan_core", "gan_core.runs", "gan_core.training"])
def test_packages_that_everybody_passes_through_are_empty(package):
    assert not imported(package)


@pytest.mark.parametrize("name", [name for name in CORE if is_in(name, "gan_core.latent", "gan_core.hub", *WEIGHTS)])
def test_exploring_needs_no_training_code(name):
    wrong = {module for module in reachable(name) if is_in(module, "gan_core.training", "gan_core.data")}
    assert not wrong


def test_exploring_loads_no_training_code_in_a_real_process():
    code = "import sys, gan_core.latent, gan_core.runs.checkpoint; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "gan_core.latent.explorer" in loaded
    assert not {name for name in loaded if is_in(name, "gan_core.training", "gan_core.data", "gradio")}
