"""What importing gradcheck imports, each time in a fresh interpreter."""

import ast
import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import gradcheck

FRAMEWORKS = ("jax", "sympy", "tensorflow", "torch")
HEAVY = (*FRAMEWORKS, "autoray", "jinja2", "numpy", "optree", "rich", "scipy", "typer")

BLOCKER = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in {(*FRAMEWORKS, "jaxlib", "mpmath", "keras", "flint")!r}:
            return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""
"""Code that lets the interpreter find everything but the frameworks."""


def python(code):
    """Run code in a fresh interpreter and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported(code):
    """Return which of the heavy packages running code imports."""
    return set(python(f"{code}\nimport sys; print(*sys.modules)").split()) & set(HEAVY)


# -- cheap --------------------------------------------------------------------------------------


def test_these_tests_can_fail():
    assert imported("import numpy") == {"numpy"}
    assert "numpy" in imported("import gradcheck; gradcheck.check")


def test_importing_gradcheck_imports_nothing_heavy():
    assert imported("import gradcheck; dir(gradcheck); gradcheck.__version__; gradcheck.__all__") == set()


def test_errors_are_cheap_as_well():
    assert imported("from gradcheck import GradcheckError; import gradcheck.errors, gradcheck.operators") == set()


def test_a_name_that_does_not_exist_imports_nothing():
    assert imported("import gradcheck\ntry: gradcheck.chekc\nexcept AttributeError: pass") == set()


# -- one framework at a time --------------------------------------------------------------------

ASK = """
import gradcheck
assert gradcheck.check(lambda xp, x: xp.exp(x) ** 2, 0.5, backends=[{backend!r}])
"""


@pytest.mark.parametrize("backend", ["numerical:central", *FRAMEWORKS])
def test_asking_for_one_framework_imports_no_other(backend):
    package = backend.partition(":")[0]
    if package in FRAMEWORKS and find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install 'gradcheck[{package}]'")
    code = ASK.format(backend=backend)
    if package == "numerical":
        code = code.replace("assert ", "")  # numerics alone are inconclusive
    found = imported(code) & set(FRAMEWORKS)
    # TensorFlow imports JAX by itself, and PyTorch SymPy, where they are installed
    by_themselves = {"tensorflow": {"jax"}, "torch": {"sympy"}}.get(package, set())
    assert found - by_themselves == {package} & set(FRAMEWORKS)


def test_listing_and_registering_import_no_framework():
    code = "from gradcheck import discovery; discovery.load_catalogue(); discovery.names()"
    assert imported(code) & set(FRAMEWORKS) == set()


# -- without any framework ----------------------------------------------------------------------


def modules_of(package):
    found = import_module(package)
    return [package, *(m.name for m in pkgutil.walk_packages(found.__path__, f"{package}."))]


def test_the_blocker_blocks():
    attempt = "try: import {}\nexcept ImportError as error: print(error.name)\n"
    code = "".join(attempt.format(name) for name in ("json", "sympy", "torch.nn"))
    assert python(BLOCKER + code).split() == ["sympy", "torch"]


def test_every_module_that_needs_no_framework_imports_without_one():
    names = [n for package in ("gradcheck", "gradcheck_numerical", "gradcheck_analytic") for n in modules_of(package)]
    names = [n for n in names if not n.startswith(("gradcheck.testing", "gradcheck.benchmark"))]  # those need pytest
    assert len(names) > 30
    assert python(BLOCKER + f"import importlib\nfor name in {names!r}: importlib.import_module(name)") == ""


def test_a_case_is_checked_without_any_framework():
    code = """
from gradcheck import discovery
from gradcheck.verification import Options, run
discovery.load_catalogue()
report = run(["max_gate"], Options())
print(bool(report), sorted({str(v.engine) for v in report.verdicts}))
print(*(f"{a.backend} {a.state} {a.remedy}" for a in report.absences), sep=";")
"""
    verdict, absences = python(BLOCKER + code).splitlines()
    assert verdict == "True ['analytic', 'numerical']"
    assert absences.split(";") == [
        f"{name} missing pip install 'gradcheck[{name}]'" for name in sorted(("exact", *FRAMEWORKS))
    ]


def test_the_command_line_works_without_any_framework():
    code = "from gradcheck.cli import main\nsys.argv = ['gradcheck', 'run', 'max_gate']\nmain()"
    printed = python(BLOCKER + code)
    assert "all agree: 1 case, 2 engines" in printed
    assert "torch took no part (missing): torch is not installed; pip install 'gradcheck[torch]'" in printed


def test_the_doctor_says_what_mends_a_missing_framework():
    code = "from gradcheck import doctor\nfor name in ('sympy', 'torch'): doctor.main(name)"
    printed = python(BLOCKER + code)
    for name in ("sympy", "torch"):
        assert f'"backend": "{name}", "state": "missing", "reason": "{name} is not installed"' in printed
        assert f"pip install 'gradcheck[{name}]'" in printed


# -- the public names ---------------------------------------------------------------------------


def test_every_public_name_resolves():
    for name in gradcheck.__all__:
        assert getattr(gradcheck, name) is not None
    assert set(gradcheck.__all__) <= set(dir(gradcheck))
    assert gradcheck.__all__ == sorted(gradcheck.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'chekc'"):
        gradcheck.chekc()


def test_type_checkers_see_the_names_that_are_loaded_lazily():
    tree = ast.parse(Path(gradcheck.__file__).read_text())
    (guarded,) = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    seen = {(alias.asname, node.module) for node in guarded.body for alias in node.names}
    assert seen == set(gradcheck._HOME.items())
    assert {name for name, _ in seen} == set(gradcheck.__all__)


def test_no_module_bears_the_name_of_a_public_name():
    modules = {m.name for m in pkgutil.iter_modules(gradcheck.__path__)}
    assert "cases" in modules
    assert not modules & set(gradcheck.__all__)
