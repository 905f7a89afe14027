from types import SimpleNamespace

import pytest
from gradio.context import LocalContext

from ui.guard import is_owner, require_owner
from ui.guard import visitor as who


def test_on_ones_own_computer_everybody_may_do_everything(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert is_owner()
    require_owner()


@pytest.mark.parametrize(
    ("name", "userinfo", "allowed"),
    [
        (None, {}, False),
        ("stranger", {}, False),
        ("somebody", {}, True),
        ("member", {"orgs": [{"preferred_username": "somebody", "roleInOrg": "admin"}]}, True),
        ("reader", {"orgs": [{"preferred_username": "somebody", "roleInOrg": "read"}]}, False),
        ("other", {"orgs": [{"preferred_username": "others", "roleInOrg": "admin"}]}, False),
        ("other", {"orgs": None}, False),
    ],
)
def test_on_a_space_the_owner_and_who_may_write_for_the_owner_are_let_through(visitor, name, userinfo, allowed):
    visitor(name, **userinfo)
    assert is_owner() == allowed
    if not allowed:
        with pytest.raises(ValueError, match="everybody can explore"):
            require_owner()


def test_a_login_that_has_expired_is_none(visitor):
    visitor("somebody", expires_in=-1)
    assert not is_owner()


def test_a_space_without_a_known_owner_has_none(visitor, monkeypatch):
    monkeypatch.delenv("SPACE_AUTHOR_NAME")
    visitor(None, preferred_username=None)
    assert not is_owner()


def test_a_visitor_is_told_by_the_address_that_the_spaces_own_proxy_gives(visitor, monkeypatch):
    headers = [(b"x-forwarded-for", b"made.up, 5.6.7.8")]
    LocalContext.request.set(SimpleNamespace(scope={"client": ("10.0.0.1", 5), "headers": headers}))
    assert who() == "5.6.7.8"
    monkeypatch.delenv("SPACE_ID")
    assert who() == "10.0.0.1"
    LocalContext.request.set(None)
    assert who() == ""


@pytest.mark.parametrize(
    ("site", "allowed"),
    [(None, True), ("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)],
)
def test_other_web_sites_cannot_use_the_login_of_who_visits_them(visitor, site, allowed):
    visitor("somebody")
    scope = LocalContext.request.get().scope
    scope["headers"] = [(b"sec-fetch-site", site.encode())] if site else []
    assert is_owner() == is_owner(scope) == allowed
