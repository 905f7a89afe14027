import time
from types import SimpleNamespace

import pytest
from gradio.context import LocalContext

from gan_core.config import Config, preset
from gan_core.data import prepare
from gan_core.home import checkpoints, datasets
from gan_core.models import build_generator
from gan_core.runs.checkpoint import save_generator
from gan_core.runs.run_dir import RunDir, Status
from ui import form, settings
from ui.explore import work


@pytest.fixture(autouse=True)
def no_work_under_way(monkeypatch):
    """No test meets the long work of another, and none takes so long that its own goes unseen."""
    work._works.clear()
    monkeypatch.setattr(work, "UNSEEN_SECONDS", 3600)


@pytest.fixture
def config() -> Config:
    return Config().with_options(image_size=32, ngf=4, ndf=4, latent_dim=16, data="drawn:8", kimg=2.0)


@pytest.fixture
def run(config) -> RunDir:
    """A run that stopped half way, with three ticks, one sample sheet and a generator."""
    run = RunDir.create(checkpoints() / "tiny", config)
    run.write_status(Status("stopped", nimg=1000, seconds=10.0, device="fp32 on CPU"))
    for nimg in (300, 600, 1000):
        line = {"nimg": nimg, "seconds": nimg / 100, "img_per_sec": 100.0}
        run.append_metrics(line | {"loss/D": 1.0, "loss/G": 2.0, "score/real": 0.6, "score/fake": 0.4})
    run.add_sample(1000, b"jpeg")
    save_generator(run.generator, build_generator(config.model), config, 1000)
    return run


@pytest.fixture
def clothes(config) -> RunDir:
    """A finished run of three classes, whose best generator is not its newest, and whose pictures are still here."""
    config = config.with_options(classes=("coat", "bag", "shoe"), flip=False)
    run = RunDir.create(checkpoints() / "clothes", config)
    run.write_status(Status("done", nimg=2000))
    run.write_data(prepare("drawn:8", 32, 3, datasets()))
    for path, nimg in ((run.best, 1000), (run.generator, 2000)):
        save_generator(path, build_generator(config.model), config, nimg)
    return run


@pytest.fixture
def filled():
    """filled(**changes): the values of a filled-in form, in the order in which its handlers take them."""

    def values(**changes) -> list:
        usual = {name: settings.value_of(preset("dcgan"), name) for name in settings.SETTINGS}
        what = {"source": form.LOCAL, "path": "", "upload": None, "preset": "dcgan", "amount": 1, "unit": "kimg"}
        other = {"known": "fashion-mnist", "data_root": "", "image_size": 32, "device": None}
        return [(what | other | usual | changes)[name] for name in (*form.WHAT, *settings.SETTINGS)]

    return values


@pytest.fixture
def visitor(monkeypatch):
    """visitor(name): calls come from that person's browser, on a Space of somebody's; None is nobody who logged in."""
    monkeypatch.setenv("SPACE_ID", "somebody/studio")
    monkeypatch.setenv("SPACE_AUTHOR_NAME", "somebody")

    def comes(name, expires_in=3600, **userinfo):
        login = {"expires_at": time.time() + expires_in, "userinfo": {"preferred_username": name, **userinfo}}
        LocalContext.request.set(SimpleNamespace(scope={"session": {"oauth_info": login} if name else {}}))

    comes(None)
    yield comes
    LocalContext.request.set(None)
