"""The app as it stands on a Space: a stranger calls everything there is, and sends ten thousand malformed requests."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import random
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from explorer_page import new_page
from playwright.sync_api import expect

from benchmarks.real_app import App
from gan_core.config import Config
from gan_core.data import prepare
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir, Status
from ui.guard import OWNER_ONLY
from ui.limits import EACH_BYTES

# Everybody may ask these; all others are for the owner.
FOR_ALL_EVENTS = {
    "show_source", "show_known", "forget", "hidden", "chosen", "snapshot", "opening",
    "opening_tab", "apply", "unnamed", "lambda", "runs_listed", "about_run", "shown_terms", "picked_run", "unlooked",
    "cancel", "field", "choose", "price", "price_of_goal",
}  # fmt: skip
FOR_THE_OWNER = {
    "rename", "duplicate", "delete", "restore", "save_directions", "add_direction", "delete_direction",
    "learn_directions", "label_sources", "bring_model", "pack", "sizes",
}  # fmt: skip
FLOOD = 10_000
PATIENCE = 600  # seconds, so that none of all those requests is the one that took too long
SECRET = "hf_thisisatokenthatnobodymaysee"


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """The app on a Space of somebody's, with one run that can be resumed, changed and deleted."""
    home = tmp_path_factory.mktemp("home")
    config = Config().with_options(image_size=16, ngf=4, ndf=4, latent_dim=8, data="drawn:8", kimg=2.0)
    run = RunDir.create(home / "checkpoints" / "tiny", config)
    run.write_status(Status("stopped", nimg=1000, seconds=10.0))
    save_generator(run.generator, build_generator(config.model), config, 1000)
    run.state_path(1000).write_bytes(b"")
    run.write_data(prepare("drawn:8", 16, 3, home / "datasets"))
    space = {"SPACE_ID": "somebody/studio", "SPACE_AUTHOR_NAME": "somebody", "HF_TOKEN": SECRET, "SYSTEM": "spaces"}
    app = App(home, **space)
    app.start()
    yield app
    app.stop()
    app.end_trainings()


@pytest.fixture(scope="module")
def config(public) -> dict:
    return json.loads(get(public, "/config"))


def get(app: App, path: str) -> str:
    with urllib.request.urlopen(app.url + path, timeout=PATIENCE) as answer:
        return answer.read().decode("utf-8", "replace")


def post(app: App, path: str, body: object, timeout: float = PATIENCE) -> tuple[int, str]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(app.url + path, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def fired(app: App, event: dict, data: list) -> str:
    """All that the page hears of an event."""
    session = f"s{event['id']}"
    body = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": event["targets"][0][0]}
    if not event["queue"]:
        return post(app, f"/gradio_api/run/{event['api_name']}", body)[1]
    status, answer = post(app, "/gradio_api/queue/join", body)
    return get(app, f"/gradio_api/queue/data?session_hash={session}") if status == 200 else answer


def filled(part: dict) -> object:
    """What a person leaves in a field, or the name of a run."""
    value = part["props"].get("value")
    return "tiny" if part["type"] == "textbox" and value in (None, "") else value


def asked(app: App, component: int, name: str, request: object) -> tuple[int, str]:
    body = {"data": request, "component_id": component, "session_hash": "stranger", "fn_name": name}
    return post(app, "/gradio_api/component_server/", body)


def functions(config: dict) -> list[tuple[int, str]]:
    return [(part["id"], name) for part in config["components"] for name in part["props"].get("server_fns") or []]


def fingerprints(home: Path) -> dict[str, str]:
    """Of all that belongs to somebody; not of caches, logs and what runs of the app need for themselves."""
    files = [path for path in home.rglob("*") if path.is_file() and path.suffix not in (".log", ".lock")]
    kept = [path for path in files if ".cache" not in path.parts and path.name != ".lock"]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def key_of(app: App, config: dict) -> str:
    opened = next(component for component, name in functions(config) if name == "open_model")
    return json.loads(asked(app, opened, "open_model", {"model": "tiny"})[1])["key"]


def wish(key: str) -> dict:
    """A request that means something to every function of the pages."""
    point = {"seed": 1, "moves": {"pca-1": 1.0}, "label": None}
    about = {"key": key, "run": "tiny", "name": "stolen", "token": "x", "points": [point, point], "at": point}
    groups = {"from": [point], "to": [{"seed": 2}], "path": "/etc", "source": "/etc", "data": "/etc", "state": True}
    return about | groups | {"id": "pca-1", "directions": {"pca-1": {"name": "stolen"}}, "view": {"at": point}}


def test_a_stranger_who_calls_every_event_changes_nothing(public, config):
    before, parts = fingerprints(public.home), {part["id"]: part for part in config["components"]}
    for event in config["dependencies"]:
        if not event["backend_fn"]:
            continue
        heard = fired(public, event, [filled(parts[part]) for part in event["inputs"]])
        name = event["api_name"].rstrip("0123456789").rstrip("_")
        assert name in FOR_ALL_EVENTS or "everybody can explore" in heard, (event["api_name"], heard[-900:])
    assert fingerprints(public.home) == before
    assert RunDir(public.home / "checkpoints" / "tiny").status().state == "stopped"


def test_a_stranger_who_calls_every_function_of_the_pages_changes_nothing(public, config):
    before, request = fingerprints(public.home), wish(key_of(public, config))
    known = functions(config)
    for component, name in known:
        status, answer = asked(public, component, name, request)
        assert status == 200 and "Traceback" not in answer and SECRET not in answer
        refused = "error" in json.loads(answer)
        assert refused or name not in FOR_THE_OWNER, (name, answer[:500])
    assert fingerprints(public.home) == before
    assert {name for _, name in known} >= FOR_THE_OWNER
    assert OWNER_ONLY in asked(public, *next(each for each in known if each[1] == "rename"), request)[1]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "app.py", "requirements.txt", "{home}/checkpoints/tiny/config.json", "{home}/app.log", "../app.py"],
)
def test_no_file_of_the_computer_can_be_read(public, path):
    named = path.format(home=public.home)
    for route in (f"/gradio_api/file={named}", f"/file={named}", f"/gradio_api/file/{named}", f"/static/{named}"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(public, route)
        assert refused.value.code in (403, 404, 405)


def test_a_stranger_leaves_no_file_behind(public):
    uploads = public.home / ".cache" / "gradio"
    before = set(uploads.rglob("*"))
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\nbytes\r\n--x--\r\n'
    for path in ("upload", "upload/", "upload?upload_id=x", "process_recording"):
        request = urllib.request.Request(f"{public.url}/gradio_api/{path}", form)
        request.add_header("Content-Type", "multipart/form-data; boundary=x")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE)
        assert refused.value.code == 403 and refused.value.read().decode() == OWNER_ONLY
    assert set(uploads.rglob("*")) == before


def test_a_stranger_who_brings_a_file_hears_who_may(public, browser, tmp_path):
    (tmp_path / "netG.pth").write_bytes(b"weights")
    page = new_page(browser)
    page.goto(public.url)
    page.wait_for_selector(".explorer[data-ready]")
    page.get_by_role("button", name="Bring a model…").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[data-is=bring-file]").set_input_files(tmp_path / "netG.pth")
    dialog.get_by_role("button", name="Bring it").click()
    expect(dialog.locator("[data-is=bring-wrong]")).to_have_text(OWNER_ONLY)
    page.context.close()


def sent(app: App, who: str, size: int, body: bytes = b"") -> int:
    """The status of a request of one address that says it has so many bytes; no body is sent to be refused unread."""
    connection = http.client.HTTPConnection(app.url.removeprefix("http://"), timeout=PATIENCE)
    headers = {"X-Forwarded-For": f"made.up, {who}", "Content-Length": str(size), "Content-Type": "application/json"}
    connection.request("POST", "/gradio_api/component_server/", body, headers)
    with contextlib.closing(connection):
        return connection.getresponse().status


def test_who_sends_too_much_waits_and_nobody_else_does(public):
    part = EACH_BYTES // 9 - 1
    assert [sent(public, "1.1.1.1", part, b"x" * part) for _ in range(9)] == [400] * 9
    # All of it at once, since the first parts are free again by and by.
    assert sent(public, "1.1.1.1", EACH_BYTES) == 429
    assert sent(public, "1.1.1.1", 9, b"x" * 9) == 400
    assert sent(public, "2.2.2.2", part, b"x" * part) == 400


def test_no_token_reaches_a_page_or_the_log(public, config):
    for path in ("/", "/config", "/gradio_api/info"):
        assert SECRET not in get(public, path)
    assert SECRET not in (public.home / "app.log").read_text()


def malformed(rng: random.Random, config: dict, key: str) -> tuple[str, bytes, bool]:
    """A request that no page would send, and whether it asks a function that there is, so that this has to answer."""
    values = [None, True, -1, 1e308, "x" * 1000, "../../etc/passwd", [], {}, [[[]]], {"a": {"b": [1]}}, "\x00", "NaN"]
    values += [10**400, -(10**400), float("nan"), float("-inf"), "\ud800", [[{"at": [[]]}]] * 9, {"seed": {"z": "NaN"}}]
    component, name = rng.choice(functions(config))
    names = ("key", "view", "points", "at", "z", "seed", "moves", "label", "work", "image", "run", "name", "t", "count")
    request = {each: rng.choice(values) for each in rng.sample(names, 5)}
    request |= {"key": key} if rng.random() < 0.3 else {}
    body = {"data": request, "component_id": component, "session_hash": "s", "fn_name": name}
    spoilt = rng.choice([*body, *[""] * 4])
    if spoilt:
        body[spoilt] = rng.choice(values)
    event = {"data": [rng.choice(values)], "fn_index": rng.choice(values)}
    kinds = (
        ("/gradio_api/component_server/", json.dumps(body).encode(), spoilt in ("", "data")),
        ("/gradio_api/component_server/", json.dumps(body).encode()[: rng.randrange(40)], False),
        ("/gradio_api/queue/join", json.dumps(event).encode(), False),
        (f"/gradio_api/run/{rng.choice(['snapshot', 'x', '%00', '../..'])}", rng.randbytes(50), False),
    )
    return kinds[rng.choices(range(4), (6, 1, 2, 1))[0]]


def test_ten_thousand_malformed_requests_leave_the_app_serving(public, config):
    before, rng = fingerprints(public.home), random.Random(0)
    key = key_of(public, config)
    requests = [malformed(rng, config, key) for _ in range(FLOOD)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda request: post(public, *request[:2])[0], requests))
    assert len(statuses) == FLOOD and public.process.poll() is None
    answered = [(status, body) for status, (_, body, sound) in zip(statuses, requests, strict=True) if sound]
    assert not [each for each in answered if each[0] != 200], "a sentence is an answer, too"
    component = next(component for component, name in functions(config) if name == "face")
    status, answer = asked(public, component, "face", {"key": key, "view": {"at": {"seed": 1}}})
    assert status == 200 and "image" in json.loads(answer)
    assert fingerprints(public.home) == before
