"""The look: Gradio's theme and the css that the custom parts share."""

from inspect import signature
from pathlib import Path

import gradio as gr

from gan_core.web.page import shared, styles

ASSETS = Path(__file__).parent / "assets"
OWN = ("studio", "data", "publish")
CSS = shared() + "".join((ASSETS / f"{name}.css").read_text(encoding="utf-8") for name in OWN) + styles()
# Gradio puts its container before every rule of `css`, so a rule for the container itself stands in the head: a face
# that sticks needs overflow to show.
HEAD = f"<script>{(ASSETS / 'theme.js').read_text(encoding='utf-8')}</script>"
HEAD += "<style>.gradio-container { overflow: visible !important; }</style>"
FONT = ["Inter", "system-ui", "Noto Sans", "sans-serif"]


def asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def both(**light: str) -> dict[str, str]:
    """The same css variables for the light and the dark theme, where the theme tells them apart."""
    known = signature(gr.themes.Base.set).parameters
    return {**light, **{f"{name}_dark": value for name, value in light.items() if f"{name}_dark" in known}}


# Gradio's own variables point at the palette of studio.css, so that there is one place to change a colour.
THEME = gr.themes.Base(font=FONT, font_mono=["ui-monospace", "monospace"], radius_size="sm", text_size="sm").set(
    **both(
        body_background_fill="var(--bg)",
        body_text_color="var(--ink)",
        body_text_color_subdued="var(--mute)",
        background_fill_primary="var(--bg)",
        background_fill_secondary="var(--panel)",
        border_color_primary="var(--line)",
        border_color_accent="var(--accent)",
        color_accent_soft="var(--field)",
        block_background_fill="transparent",
        block_border_width="0px",
        block_label_background_fill="transparent",
        block_label_text_color="var(--mute)",
        block_title_text_color="var(--mute)",
        block_title_text_weight="500",
        block_info_text_color="var(--mute)",
        panel_background_fill="var(--panel)",
        panel_border_color="var(--line)",
        input_background_fill="var(--field)",
        input_background_fill_focus="var(--field)",
        input_border_width="1px",
        input_border_color="var(--line)",
        input_border_color_focus="var(--accent)",
        input_placeholder_color="var(--mute)",
        checkbox_background_color="var(--field)",
        checkbox_background_color_selected="var(--accent)",
        checkbox_border_color="var(--line)",
        checkbox_border_color_selected="var(--accent)",
        checkbox_label_background_fill="var(--field)",
        checkbox_label_background_fill_hover="var(--field)",
        checkbox_label_background_fill_selected="var(--field)",
        checkbox_label_border_color="var(--line)",
        checkbox_label_border_color_selected="var(--accent)",
        checkbox_label_text_color="var(--ink)",
        checkbox_label_text_color_selected="var(--ink)",
        button_primary_background_fill="var(--accent)",
        button_primary_background_fill_hover="var(--accent-hover)",
        button_primary_border_color="var(--accent)",
        button_primary_text_color="var(--on-accent)",
        button_secondary_background_fill="var(--field)",
        button_secondary_background_fill_hover="var(--line)",
        button_secondary_text_color="var(--ink)",
        button_secondary_border_color="var(--line)",
        button_border_width="1px",
        slider_color="var(--accent)",
    ),
    block_padding="0px",
    layout_gap="12px",
)
