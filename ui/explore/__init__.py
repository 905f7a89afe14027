"""The Explore tab: one page of tools, each with its server functions in a module of its name."""

from ui.explore.tab import build, warm_up

__all__ = ["build", "warm_up"]
