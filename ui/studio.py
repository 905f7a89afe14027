"""The app: header, tabs, theme and launch."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from pathlib import Path

from gan_core.home import home

# Before the import of gradio: uploads stay in the project's folder, and nothing is reported to anyone.
os.environ.setdefault("GRADIO_TEMP_DIR", str(home() / ".cache" / "gradio"))
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from starlette.middleware import Middleware

from gan_core.hub import mirror
from ui import data, explore, publish, ready, runs, train
from ui.fetching import fetch_nothing
from ui.guard import on_space
from ui.limits import BodyLimit, VisitorLimit
from ui.origins import OwnPagesOnly
from ui.run_view import header_html
from ui.theme import CSS, HEAD, THEME

MIDDLEWARE = [Middleware(VisitorLimit), Middleware(BodyLimit)]
# Every ten minutes, what was uploaded to a Space an hour ago is deleted.
FORGET = (600, 3600)
LOCAL = ("127.0.0.1", "localhost", "::1")


def build() -> gr.Blocks:
    """The whole app, not launched."""
    fetch_nothing()
    forget = FORGET if on_space() else None
    with gr.Blocks(title="DCGAN Studio", analytics_enabled=False, fill_width=True, delete_cache=forget) as demo:
        header = gr.HTML(header_html(), elem_id="header", apply_default_css=False)
        if on_space() and os.environ.get("OAUTH_CLIENT_ID"):
            gr.LoginButton("Log in as the owner", elem_id="login", size="sm", min_width=0)
        with gr.Tabs(selected="explore", elem_id="tabs") as tabs:
            with gr.Tab("Data", id="data"):
                look = data.build()
            with gr.Tab("Train", id="train"):
                fields, listed = train.build(demo, header)
            with gr.Tab("Explore", id="explore"):
                explore.build()
            with gr.Tab("Publish", id="publish") as last:
                parts = publish.build(last)
        data.wire(look, fields, tabs)
        publish.wire(parts, listed, tabs)
        demo.load(opening_tab, outputs=tabs, queue=False, show_progress="hidden", api_visibility="private")
    return demo


def opening_tab():
    """Somebody whose pictures are training comes back to see them; everybody else comes to play."""
    return gr.Tabs(selected="train") if train.live_name() else gr.skip()


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for, by default that of this process."""
    parser = argparse.ArgumentParser(description="Open DCGAN Studio in the browser.")
    # Gradio would take the variable, too, but without a word about who reaches the app then.
    host = os.environ.get("GRADIO_SERVER_NAME")
    parser.add_argument("--host", default=host, help="address to listen on (default 127.0.0.1, this computer only)")
    parser.add_argument("--port", type=int, default=None, help="port to listen on (default: the first free from 7860)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--share", action="store_true", help="also open a public link through Gradio's servers")
    return parser.parse_args(given)


def main() -> None:
    args = arguments()
    if words := reach(args.host, args.share):
        print(words, file=sys.stderr, flush=True)
    demo = build()
    try:
        launch(demo, args)
    except OSError as error:
        sys.exit(f"error: {str(error).split('.')[0]}")
    except KeyboardInterrupt:
        # Gradio's own wait leaves the open pages connected, and so ends seconds later.
        demo.close(verbose=False)


def reach(host: str | None, share: bool) -> str:
    """Who else can open the app and what that means; "" if nobody can, or on a Space, where the guard decides."""
    if on_space() or only_here(host, share):
        return ""
    who = "Everybody with the public link" if share else f"Everybody who can reach {host}"
    return f"{who} can train here, read pictures by their path, and change and delete runs. Stop the app with Ctrl-C."


def only_here(host: str | None, share: bool) -> bool:
    """Whether nobody but who sits at this computer can open the app."""
    return not share and (not host or host in LOCAL)


def launch(demo: gr.Blocks, args: argparse.Namespace) -> None:
    """Serve until Ctrl-C. PyTorch takes a second or two to load: it does while the browser loads the page."""
    demo.launch(
        server_name=args.host or LOCAL[0],
        server_port=args.port,
        share=args.share,
        inbrowser=not args.no_browser and not os.environ.get("SPACE_ID"),
        theme=THEME,
        css=CSS,
        head=HEAD,
        ssr_mode=False,
        run_history=False,
        show_error=False,
        footer_links=[],
        max_file_size="200mb" if on_space() else None,
        app_kwargs={"middleware": [Middleware(OwnPagesOnly, local=only_here(args.host, args.share)), *MIDDLEWARE]},
        favicon_path=str(Path(__file__).parent / "assets" / "favicon.svg"),
        prevent_thread_lock=True,
    )
    threading.Thread(target=explore.warm_up, daemon=True).start()
    threading.Thread(target=runs.tidy, daemon=True).start()
    threading.Thread(target=ready.tidy, daemon=True).start()
    threading.Thread(target=mirror.restore, daemon=True).start()
    while demo.is_running:
        time.sleep(0.1)
