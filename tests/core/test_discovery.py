"""Finding backends: missing, broken, claimed twice, and selected by name."""

import sys
from importlib.metadata import EntryPoint

import pytest

from gradcheck import discovery
from gradcheck.errors import (
    BrokenBackendError,
    MissingBackendError,
    RegistrationError,
    UnknownNameError,
)

PLUGIN = """
from gradcheck_numerical import NumericalBackend

class Fine(NumericalBackend):
    name = "fine"

class Misnamed(NumericalBackend):
    name = "somebody"

class Raises(NumericalBackend):
    def __init__(self):
        raise OSError("libcuda.so.1: cannot open shared object file")
"""


@pytest.fixture
def backends(monkeypatch, tmp_path):
    """Return ``register(name=value)``, which puts entry points in place of the installed ones."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plugin_fine.py").write_text(PLUGIN)
    (tmp_path / "plugin_missing.py").write_text("import no_such_framework.core")
    (tmp_path / "plugin_broken.py").write_text("import plugin_framework")
    (tmp_path / "plugin_framework.py").write_text("import no_such_dependency")
    (tmp_path / "plugin_syntax.py").write_text("def :")

    def register(*pairs):
        entries = [EntryPoint(name, value, discovery.GROUP) for name, value in pairs]
        monkeypatch.setattr(discovery, "entry_points", lambda group: entries)
        clear()

    def clear():
        discovery._entries.cache_clear()
        discovery._load.cache_clear()

    yield register
    monkeypatch.undo()
    clear()
    for name in [m for m in sys.modules if m.startswith("plugin_")]:
        del sys.modules[name]


def test_two_distributions_that_claim_one_name_are_both_named(backends):
    backends(("torch", "theirs:Backend"), ("torch", "ours:Backend"))
    with pytest.raises(RegistrationError, match=r"'torch': theirs:Backend and ours:Backend; uninstall one of them"):
        discovery.names()


def test_one_distribution_found_twice_is_no_conflict(backends):
    backends(("fine", "plugin_fine:Fine"), ("fine", "plugin_fine:Fine"))
    assert discovery.names() == ["fine"]


def test_nothing_installed_is_said(backends):
    backends()
    with pytest.raises(RegistrationError, match="gradcheck is not installed here"):
        discovery.names()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (
            "plugin_missing:Backend",
            MissingBackendError,
            "x is missing: no_such_framework is not installed; try: pip install no_such_framework",
        ),
        ("plugin_broken:Backend", BrokenBackendError, "x is broken: .*No module named 'no_such_dependency'"),
        ("plugin_syntax:Backend", BrokenBackendError, "x is broken: SyntaxError"),
        ("plugin_fine:Absent", BrokenBackendError, "x is broken: AttributeError"),
        ("plugin_fine:Raises", BrokenBackendError, "x is broken: OSError: libcuda.so.1"),
        ("plugin_fine:Misnamed", BrokenBackendError, "plugin_fine:Misnamed is not a gradcheck.Backend named 'x'"),
        ("json:dumps", BrokenBackendError, "x is broken: TypeError"),
        ("builtins:dict", BrokenBackendError, "builtins:dict is not a gradcheck.Backend"),
    ],
)
def test_missing_and_broken_are_told_apart(backends, value, error, message):
    backends(("x", value))
    with pytest.raises(error, match=message):
        discovery.load("x")
    found = discovery.find("x")
    assert isinstance(found, discovery.Absence)
    assert found.remedy


def test_one_broken_backend_does_not_hide_another(backends):
    backends(("x", "plugin_syntax:Backend"), ("fine", "plugin_fine:Fine"))
    assert discovery.names() == ["fine", "x"]
    assert discovery.load("fine").name == "fine"


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("numercal", "unknown backend 'numercal'; did you mean 'numerical'"),
        ("numerical:centrl", "unknown mode of numerical 'centrl'; did you mean 'central'"),
        ("", "unknown backend ''"),
        ("*", r"unknown backend '\*'"),
    ],
)
def test_unknown_selectors_have_suggestions(selector, message):
    with pytest.raises(UnknownNameError, match=message):
        list(discovery.engines([selector]))


def test_selectors_become_engines_each_once_in_order():
    found = [str(e) for e in discovery.engines(["numerical:central", "numerical:*", "analytic", "numerical"])]
    assert found[:2] == ["numerical:central", "numerical"]
    assert found[-1] == "analytic"
    assert len(found) == len(set(found)) == len(discovery.load("numerical").modes) + 1


def test_versions_of_what_is_not_installed_are_left_out():
    assert list(discovery.versions(["numpy", "no-such-distribution"])) == ["numpy"]
