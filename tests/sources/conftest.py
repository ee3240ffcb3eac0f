"""A source of cases that a distribution registers, with entries of every fate."""

import sys

import pytest

from gradcheck import sources

MODULE = """
import os
import signal
import time

import numpy as np

from gradcheck.cases import Case
from gradcheck.functions import Function
from gradcheck.sources import Drawn, Entry, Source


def drawn(f, **rules):
    function = Function.of(f, **rules)
    point = {"sample 0": (np.array([0.5, -1.2, 2.0]),)}
    return lambda drawing: Drawn((Case(function.name, function, lambda rng: point),) * drawing.samples)


def right(xp, x):
    return xp.sum(x**3)


def crashes(xp, x):
    os.kill(os.getpid(), signal.SIGSEGV)


def hangs(xp, x):
    time.sleep(600)


def refuses(drawing):
    raise OSError("the samples are gone")


class Fake(Source):
    name = "fake"
    engines = ("analytic",)

    def entries(self):
        return [
            Entry("right", drawn(right, gradient=lambda x: 3 * x**2), aliases=("op.right",)),
            Entry("wrong", drawn(right, gradient=lambda x: 2 * x**2), remark="also skipped upstream: test_grad"),
            Entry("crashes", drawn(crashes, gradient=lambda x: x)),
            Entry("hangs", drawn(hangs, gradient=lambda x: x)),
            Entry("refuses", refuses),
            Entry("integer", refuses, obstacle="output is integer: int64"),
        ]


class Misnamed(Fake):
    name = "somebody"
"""
ENTRIES = {
    "fake": "fake_source_of_tests:Fake",
    "misnamed": "fake_source_of_tests:Misnamed",
    "missing": "fake_source_of_tests_missing:Source",
    "torch-opinfo": "gradcheck_torch.opinfo:OpInfoSource",
}


@pytest.fixture
def site(monkeypatch, tmp_path):
    """A folder on the path with a distribution that registers sources; workers see it too."""
    (tmp_path / "fake_source_of_tests.py").write_text(MODULE)
    (tmp_path / "fake_source_of_tests_missing.py").write_text("import no_such_framework_anywhere")
    metadata = tmp_path / "sources_of_tests-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.4\nName: sources-of-tests\nVersion: 1.0\n")
    lines = ["[gradcheck.sources]", *(f"{name} = {value}" for name, value in ENTRIES.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    sources.load.cache_clear()
    yield tmp_path
    sources.load.cache_clear()
    sys.modules.pop("fake_source_of_tests", None)
