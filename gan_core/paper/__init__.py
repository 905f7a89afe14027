"""The figures of the DCGAN paper as functions of a model (Radford et al. 2016, arXiv 1511.06434), one a file.

finding = finish(begin("walk", Subject.load(find_model("faces-64"))))
finding.picture.save("walk.png")
"""

from gan_core.paper.begin import FIGURES, begin
from gan_core.paper.finding import Finding, Steps, finish
from gan_core.paper.subject import Subject

__all__ = ["FIGURES", "Finding", "Steps", "Subject", "begin", "finish"]
