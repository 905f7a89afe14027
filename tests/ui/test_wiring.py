import json

import gradio as gr
import pytest

from gan_core.config import ARCHITECTURES, PRESETS
from ui import form, settings, studio


@pytest.fixture(scope="module")
def page() -> dict:
    """The app, as the page gets it."""
    return studio.build().config


@pytest.fixture
def events(page) -> list[dict]:
    return page["dependencies"]


def test_no_field_is_there_twice(page):
    labels = [part["props"].get("label") for part in page["components"] if part["type"] == "dropdown"]
    assert labels.count("Size") == labels.count("Recipe") == 1 and None not in labels


@pytest.mark.parametrize("name", ["apply", "chosen"])
def test_what_a_quick_visitor_picks_is_not_skipped_while_the_answer_to_the_last_pick_is_under_way(events, name):
    (event,) = (event for event in events if event["api_name"] == name)
    assert event["trigger_mode"] == "multiple"


@pytest.fixture
def own():
    """own(field): the table with which the page itself answers to a new value of that field."""
    with gr.Blocks() as demo:
        fields = form.build() | settings.build()
        form.wire(fields, queue=False)

    def table(field: str) -> dict:
        asked = [each for each in demo.config["dependencies"] if each["targets"] == [(fields[field]._id, "input")]]
        assert [each["backend_fn"] for each in asked] == [False]
        return json.loads(asked[0]["js"].partition("=> (")[2].partition(")[")[0])

    return table


@pytest.mark.parametrize("name", PRESETS)
def test_a_recipe_needs_no_answer_of_the_server_that_could_undo_what_is_chosen_next(own, name):
    recipe, size, *usual = own("preset")[name]
    shown = settings.show_preset(name)
    assert (recipe["info"], size["value"], usual) == (shown[0].info, shown[1].value, shown[2:])
    assert size["choices"] == [list(each) for each in shown[1].choices] and size["__type__"] == "update"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_needs_none_either(own, name):
    for size, shown in own("architecture")[name].items():
        assert shown["value"] == settings.sizes(name, int(size)).value
