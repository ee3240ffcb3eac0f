"""A third party's backend: it passes the suite, and comes in through its entry point."""

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gradcheck.testing import BackendConformance

SOURCE = Path(__file__).parent / "fake_backend"


def _module():
    spec = importlib.util.spec_from_file_location("gradcheck_dual", SOURCE / "gradcheck_dual.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DUAL = _module()
ABSENT = (
    "linalg.cholesky", "linalg.eigh", "linalg.eigvalsh", "linalg.svd", "linalg.qr", "linalg.pinv", "linalg.lstsq",
    "linalg.expm", "linalg.solve_triangular", "linalg.norm-nuclear", "linalg.norm-spectral", "quantile", "vdot",
    "fft.fft", "fft.ifft", "fft.rfft", "fft.irfft",
    "special.erfinv", "special.ndtri", "special.log_ndtr", "special.erfcx", "special.dawsn", "special.entr",
    "special.rel_entr", "special.kl_div", "special.xlog1py", "special.gamma", "special.polygamma", "special.beta",
    "special.betaln", "special.gammainc", "special.gammaincc", "special.betainc", "special.zeta", "special.i0",
    "special.i0e", "special.i1", "special.i1e", "special.j0", "special.j1", "special.exp1", "special.expi",
    "special.spence",
)  # fmt: skip
FIRST_ORDER = ("value", "gradient", "jacobian", "jvp", "vjp")


class TestDual(BackendConformance):
    engines = ("dual",)
    unsupported = {"dual": {"*": ("hessian", "hvp"), **dict.fromkeys(ABSENT, FIRST_ORDER)}}

    @classmethod
    def load(cls, name):
        return DUAL.DualBackend()


# -- distributions without an installer -------------------------------------------------------


def _install(site, name, entry_points, modules):
    """Put a distribution where an installer would: its modules and its metadata."""
    metadata = site / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    lines = ["[gradcheck.backends]", *(f"{backend} = {target}" for backend, target in entry_points.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for module, text in modules.items():
        (site / f"{module}.py").write_text(text)


def _install_dual(site):
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    source = (SOURCE / "gradcheck_dual.py").read_text()
    _install(site, project["name"], project["entry-points"]["gradcheck.backends"], {"gradcheck_dual": source})


def _python(site, *arguments, cwd=None):
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "400"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=cwd or site, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def _json(site, program):
    done = _python(site, "-W", "error", "-c", program)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


CHECK = """
import json, sys
import numpy as np
import gradcheck

def loss(xp, w, x):
    return xp.sum(xp.tanh(x @ w) ** 2)

def wrong(w, x):
    return -w, x

w, x = np.array([0.3, -0.8]), np.array([[1.0, 2.0], [0.5, -1.0]])
right = gradcheck.check(loss, w, x, backends=["dual", "numerical"], witness="numerical")
faulty = gradcheck.check(loss, w, x, gradient=wrong, backends=["analytic", "dual"])
print(json.dumps({
    "passes": bool(right),
    "engines": sorted({str(v.engine) for v in right.verdicts}),
    "native": right.verdict("dual", operator="gradient").native,
    "faulty": bool(faulty),
    "blamed": [str(v.engine) for v in faulty.failures],
    "frameworks": sorted({"torch", "jax", "tensorflow", "sympy"} & set(sys.modules)),
}))
"""


def test_entry_point_makes_it_a_backend_like_any_other(tmp_path):
    _install_dual(tmp_path)
    found = _json(tmp_path, CHECK)
    assert found["passes"]
    assert found["engines"] == ["dual", "numerical"]
    assert found["native"] is False  # the gradient is derived from the pushforward
    assert not found["faulty"]
    assert found["blamed"] == ["analytic"]
    assert found["frameworks"] == []


SUITE = """
import gradcheck_dual
import numpy as np
from gradcheck.testing import BackendConformance


class TestMine(BackendConformance):
    engines = ("dual",)
    unsupported = {"dual": {"*": ("hessian", "hvp")}}


class TestStale(BackendConformance):
    engines = ("dual",)
    unsupported = {"dual": {"*": ("hessian", "hvp"), "tanh": ("jvp",), "sinh": ("jvp",)}}
    defects = {"dual": {"sinh-vector": {"vjp": "https://example.org/1"}}}


class TestUndeclared(BackendConformance):
    engines = ("dual",)


class TestWrong(BackendConformance):
    engines = ("dual",)
    unsupported = {"dual": {"*": ("hessian", "hvp")}}
    defects = {"dual": {"cosh-0-d": {"vjp": "https://example.org/2"}}}

    @classmethod
    def load(cls, name):
        gradcheck_dual.SLOPES["cosh"] = lambda x, y: -np.sinh(x)
        return super().load(name)
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """What pytest says of each test of four five-line suites, in a process of its own."""
    site = tmp_path_factory.mktemp("suite")
    _install_dual(site)
    (site / "test_mine.py").write_text(SUITE)
    (site / "pytest.ini").write_text("[pytest]\nmarkers = slow: all modes\naddopts = -m 'not slow'\n")
    chosen = "(test_operator and (dual-sinh or dual-cosh or dual-tanh)) or declarations or modes"
    done = _python(site, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-k", chosen)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("PASSED", "FAILED", "XFAIL"))]
    assert lines, done.stdout[-2000:] + done.stderr[-2000:]
    return {line.split()[1].partition("::")[2]: line for line in lines}


def _of(outcome, suite, state):
    return {test for test, line in outcome.items() if test.startswith(suite) and line.startswith(state)}


def test_five_lines_test_it_by_its_registered_name(outcome):
    assert _of(outcome, "TestMine", "PASSED") > {
        "TestMine::test_operator[dual-tanh-vector-jacobian]",
        "TestMine::test_operator[dual-tanh-vector-hessian]",
        "TestMine::test_modes_are_listed",
        "TestMine::test_declarations_name_what_exists",
    }
    assert not _of(outcome, "TestMine", "FAILED")


def test_declaration_that_no_longer_holds_fails(outcome):
    failed = _of(outcome, "TestStale", "FAILED")
    assert "TestStale::test_operator[dual-tanh-vector-jvp]" in failed
    assert "TestStale::test_operator[dual-sinh-vector-vjp]" in failed
    assert all(test.endswith("-jvp]") or "sinh-vector-vjp" in test for test in failed)
    assert all("remove its row" in outcome[test] for test in failed)


def test_operator_that_is_not_declared_unsupported_fails(outcome):
    failed = _of(outcome, "TestUndeclared", "FAILED")
    assert "TestUndeclared::test_operator[dual-tanh-vector-hessian]" in failed
    assert all(test.endswith(("-hessian]", "-hvp]")) for test in failed)
    assert all("does not support the h" in outcome[test] for test in failed)


def test_wrong_rule_is_caught(outcome):
    """A wrong rule of one function fails its operators, and those alone; a declared defect is expected."""
    failed = _of(outcome, "TestWrong", "FAILED")
    wanted = {f"TestWrong::test_operator[dual-cosh-vector-{o}]" for o in ("gradient", "jacobian", "jvp", "vjp")}
    assert failed == wanted | {"TestWrong::test_operator[dual-cosh-batched-vjp]"}
    assert _of(outcome, "TestWrong", "XFAIL") == {"TestWrong::test_operator[dual-cosh-0-d-vjp]"}


def test_two_distributions_that_claim_one_name_are_an_error_that_names_both(tmp_path):
    _install_dual(tmp_path)
    _install(tmp_path, "dual-rival", {"dual": "rival:Backend"}, {"rival": ""})
    done = _python(tmp_path, "-c", "from gradcheck import discovery; discovery.names()")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "RegistrationError" in last
    assert "gradcheck-dual" in last
    assert "dual-rival" in last


FIND = """
import json
from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck.errors import GradcheckError
found = {}
for name in ("absent", "syntax", "raising", "inner", "crashing", "impostor", "renamed", "dual"):
    one = discovery.find(name)
    try:
        discovery.load(name)
        error = ""
    except GradcheckError as e:
        error = type(e).__name__
    found[name] = ["usable", "", "", ""] if isinstance(one, Backend) else [one.state, one.reason, one.remedy, error]
print(json.dumps(found))
"""

BROKEN = {
    "absent": "import a_framework_that_nobody_has",
    "syntax": "def broken(:",
    "raising": "raise ImportError('libcudart.so.99: cannot open shared object file')",
    "inner": "import a_framework",  # which lacks a dependency of its own
    "crashing": "class Backend:\n    def __init__(self):\n        raise RuntimeError('no driver')",
    "impostor": "class Backend:\n    pass",
    "renamed": "from gradcheck_dual import DualBackend as Backend",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    _install_dual(site)
    (site / "a_framework.py").write_text("import a_dependency_that_nobody_has\n")
    for name, text in BROKEN.items():
        _install(site, f"distribution-{name}", {name: f"module_{name}:Backend"}, {f"module_{name}": text})
    return _json(site, FIND)


def test_missing_framework_is_missing(found):
    state, reason, remedy, error = found["absent"]
    assert state == "missing"
    assert reason == "a_framework_that_nobody_has is not installed"
    assert remedy == "pip install a_framework_that_nobody_has"
    assert error == "MissingBackendError"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("syntax", "SyntaxError"),
        ("raising", "libcudart.so.99"),
        ("inner", "a_dependency_that_nobody_has"),
        ("crashing", "no driver"),
        ("impostor", "is not a gradcheck.Backend named 'impostor'"),
        ("renamed", "is not a gradcheck.Backend named 'renamed'"),
    ],
)
def test_broken_backend_is_broken_and_says_why(found, name, reason):
    state, told, remedy, error = found[name]
    assert state == "broken"
    assert reason in told
    assert remedy
    assert error == "BrokenBackendError"


def test_one_broken_backend_leaves_the_others_alone(found):
    assert found["dual"][0] == "usable"
