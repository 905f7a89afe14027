"""What other web sites have the browser of whoever may train send to the app."""

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.origins import OTHER_SITE, OwnPagesOnly


@pytest.fixture
def ask():
    """ask(method, host, site) is the status of a request to an app that only this computer reaches, or `local` says."""

    def made(method="POST", host="127.0.0.1:7860", site=None, local=True):
        app = Starlette(routes=[Route("/", lambda _: JSONResponse("done"), methods=["GET", "POST"])])
        headers = {"host": host} | ({"sec-fetch-site": site} if site else {})
        answer = TestClient(OwnPagesOnly(app, local)).request(method, "/", headers=headers)
        assert answer.text in ('"done"', OTHER_SITE)
        return answer.status_code

    return made


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(
    ("site", "status"), [(None, 200), ("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_no_other_site_has_a_browser_change_something(ask, site, status, local):
    assert ask(site=site, local=local) == status


def test_the_page_may_be_opened_by_a_link_of_another_site(ask):
    assert ask("GET", site="cross-site") == 200


@pytest.mark.parametrize("host", ["localhost", "localhost:7860", "127.0.0.1:7860", "[::1]:7860", "studio.localhost"])
def test_the_app_answers_under_every_name_of_this_computer(ask, host):
    assert ask(host=host) == ask("GET", host=host) == 200


@pytest.mark.parametrize("host", ["evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", ""])
def test_a_site_whose_name_leads_to_this_computer_is_refused(ask, host):
    assert ask(host=host) == ask("GET", host=host) == 403


def test_behind_a_proxy_or_for_others_the_app_may_have_a_name(ask):
    assert ask(host="studio.example", site="same-origin") == 200
    assert ask(host="my-server:7860", local=False) == 200


def test_on_a_space_everybody_may_ask_and_the_guard_says_who_it_is(ask, visitor):
    assert ask(host="somebody-studio.hf.space", site="cross-site") == 200
