"""The conformance suite for anybody's backend.

A backend is tested in five lines, in a test module of its own distribution::

    from gradcheck.testing import BackendConformance

    class TestMine(BackendConformance):
        engines = ("mine", "mine:forward")
        unsupported = {"mine": {"linalg.cholesky": ("hessian", "hvp")}}

It needs pytest (``pip install 'gradcheck[pytest]'``). Tests that repeat what others show for another
mode carry the marker ``slow``, which pytest's configuration must declare, and should deselect by default::

    [tool.pytest.ini_options]
    addopts = ["-m", "not slow"]
    markers = ["slow: the whole conformance suite, for every mode"]
"""

from gradcheck.testing.conformance import BackendConformance
from gradcheck.testing.samples import COMPLEX_SAMPLES, SAMPLES, SLICE, SYNTAX, Sample

__all__ = ["COMPLEX_SAMPLES", "SAMPLES", "SLICE", "SYNTAX", "BackendConformance", "Sample"]
