"""The figures of the DCGAN paper as functions of a model (Radford et al. 2016, arXiv 1511.06434), one a file.

finding = finish(walk(Subject.load(find_model("faces-64"))))
finding.picture.save("walk.png")
"""

from gan_core.paper.finding import Finding, Steps, finish
from gan_core.paper.subject import Subject

# In the order of the paper's sections 6 and 5: what a figure is called, in its module of that name.
FIGURES = ("walk", "arithmetic", "turn", "filters", "features", "drop", "classify")

__all__ = ["FIGURES", "Finding", "Steps", "Subject", "finish"]
