from pathlib import Path

import pytest
from paper_models import model_in

from gan_core.paper import Subject


@pytest.fixture
def model(tmp_path) -> Path:
    return model_in(tmp_path, "dcgan", 32, 3)


@pytest.fixture
def subject(model) -> Subject:
    return Subject.load(model)
