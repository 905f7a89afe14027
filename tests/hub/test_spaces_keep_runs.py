"""Whoever publishes the app as a Space is told how what is trained there outlives its restarts."""

from pathlib import Path

from huggingface_hub import HfApi

from gan_core.hub import mirror, publish, spaces
from gan_core.hub.prepare import Files
from ui import publish_view

ME = "hf_writes"


def test_the_card_and_the_app_say_what_keeps_runs():
    for words in (spaces.MORE, publish_view.NEXT["space"]):
        assert "is lost when" in words and "HF_TOKEN" in words and mirror.VARIABLE in words


def test_a_new_space_names_a_private_repo_for_its_runs_and_gets_no_token(on_hub, tmp_path, monkeypatch):
    asked, create = [], HfApi.create_repo
    monkeypatch.setattr(HfApi, "create_repo", lambda *values, **named: asked.append(named) or create(*values, **named))
    for kind, repo_id in {"space": "club/app", "static": "me/page", "model": "me/faces"}.items():
        publish.publish(written(kind, tmp_path / kind), repo_id, token=ME)
        publish.publish(written(kind, tmp_path / kind), repo_id, token=ME)
    values = [named.get("space_variables") for named in asked]
    assert values == [[{"key": mirror.VARIABLE, "value": "app-runs"}], None, None]
    assert not any(named.get("space_secrets") or "token" in named for named in asked)


def test_the_repo_for_runs_has_a_possible_name(on_hub):
    for name in ("a" * 92, "a" * 86 + "-.bc", "faces-64"):
        ((variable, value),) = [each.values() for each in spaces.variables(f"me/{name}")]
        assert variable == mirror.VARIABLE and publish.full_name(value, "me").startswith(f"me/{name[:40]}")


def written(kind: str, folder: Path) -> Files:
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text("---\nsdk: gradio\ncolorFrom: blue\ncolorTo: blue\n---\n")
    (folder / publish.MANIFEST).write_text(f'{{"kind": "{kind}", "files": ["README.md", "{publish.MANIFEST}"]}}')
    return Files(kind, folder)
