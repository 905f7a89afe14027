import pytest

from ui.studio import arguments, reach


@pytest.mark.parametrize("host", [None, "127.0.0.1", "localhost", "::1"])
def test_what_only_this_computer_can_open_needs_no_words(host):
    assert reach(host, share=False) == ""


def test_whoever_else_can_open_the_app_is_said_aloud(monkeypatch):
    assert "reach 0.0.0.0 can train" in reach("0.0.0.0", share=False)
    assert "public link can train" in reach(None, share=True)
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    assert reach("0.0.0.0", share=False) == "", "there the guard asks who it is"


def test_an_address_from_the_environment_counts_like_one_from_the_command_line(monkeypatch):
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    assert arguments([]).host is None
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert arguments([]).host == "0.0.0.0"
    assert arguments(["--host", "127.0.0.1"]).host == "127.0.0.1"
