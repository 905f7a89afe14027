"""The data doctor: what is wrong with a set of pictures, and what would help, before anybody trains on them."""

from gan_core.data.doctor.advice import Suggestion, suggestions
from gan_core.data.doctor.examination import examine, examine_source
from gan_core.data.doctor.report import Copy, Examples, Report

__all__ = ["Copy", "Examples", "Report", "Suggestion", "examine", "examine_source", "suggestions"]
