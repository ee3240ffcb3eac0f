"""Bad input: an error of ours before anything runs, or an ERROR verdict; nothing is lost and nobody is hurt."""

import numpy as np
import pytest

from gradcheck import GradcheckError, Status, check, discovery
from gradcheck.cases import Case
from gradcheck.discovery import Absence
from gradcheck.errors import BrokenBackendError, InputError, MissingBackendError, UnknownNameError
from gradcheck.functions import Function
from gradcheck.verification import Options, parse_operator, run
from gradcheck_numerical import NumericalBackend

X = np.array([0.4, -1.3, 2.1])
NUMERICAL = ["numerical"]


def f(xp, x):
    return xp.sum(xp.sin(x))


def raised(*args, **kwargs):
    """Return the message of the error that check raises: ours, and at most two lines."""
    with pytest.raises(GradcheckError) as caught:
        check(*args, **kwargs)
    message = str(caught.value)
    assert message.count("\n") <= 1
    assert len(message) < 400
    return message


# -- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "got", "near"),
    [
        ({"backends": ["numericl"]}, "numericl", "'numerical'"),
        ({"backends": ["numerical:adaptve"]}, "adaptve", "'adaptive'"),
        ({"backends": NUMERICAL, "witness": "simpy"}, "simpy", "'sympy'"),
        ({"backends": NUMERICAL, "operator": "gradiant"}, "gradiant", "'gradient'"),
        ({"backends": NUMERICAL, "operator": ["value", "hesian"]}, "hesian", "'hessian'"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(options, got, near):
    message = raised(f, X, **options)
    assert got in message
    assert near in message


def test_an_unknown_case_comes_with_the_nearest():
    import gradcheck.catalogue  # noqa: F401 - registers the cases

    with pytest.raises(UnknownNameError, match="'rosenbrock'"):
        run(["rosenbrok"])


def test_an_unknown_operator_is_refused():
    with pytest.raises(UnknownNameError, match="jacobian"):
        parse_operator("jacobien")


# -- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": 3}, "order must be 1 or 2, got 3"),
        ({"order": 0}, "order must be 1 or 2, got 0"),
        ({"rtol": -1e-3}, "rtol must be a finite number >= 0, got -0.001"),
        ({"atol": float("nan")}, "atol must be a finite number >= 0, got nan"),
        ({"atol": float("inf")}, "atol must be a finite number >= 0, got inf"),
        ({"rtol": "small"}, "rtol must be a finite number >= 0, got 'small'"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"rtol": True}, "rtol must be a finite number >= 0, got True"),
        ({"seed": 1.5}, "seed must be an integer >= 0, got 1.5"),
        ({"seed": True}, "seed must be an integer >= 0, got True"),
        ({"dtype": 32}, "dtype must be a name like 'float32', got 32"),
        ({"backends": []}, "backends names no engine"),
        ({"backends": "numerical"}, r"write backends=['numerical']"),
        ({"backends": ["numerical", None]}, "backends must be a sequence of names"),
        ({"backends": 5}, "backends must be a sequence of names"),
        ({"operator": 5}, "operator must be a sequence of names"),
        ({"dtype": "float8"}, "dtype must be one of"),
        ({"dtype": "double precision"}, "dtype must be one of"),
        ({"gradient": 3.0}, "gradient= must be a function, got float"),
        ({"vjp": "cos"}, "vjp= must be a function, got str"),
    ],
)
def test_an_option_that_makes_no_sense(options, words):
    assert words in raised(f, X, **{"backends": NUMERICAL, **options})


@pytest.mark.parametrize("dtype", [np.dtype("float32"), np.float32])
def test_options_in_numpys_types(dtype):
    options = {"rtol": np.float64(1e-3), "atol": np.float32(0.5), "seed": np.int64(3), "order": np.int64(1)}
    settings = check(f, X, backends=NUMERICAL, gradient=np.cos, witness=None, dtype=dtype, **options).settings
    assert (settings["rtol"], settings["atol"], settings["seed"], settings["dtype"]) == (1e-3, 0.5, 3, "float32")
    assert {type(settings[name]) for name in ("rtol", "atol", "seed", "dtype")} == {float, int, str}


# -- functions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ({}, "mapping"),
        ({"torhc": np.sin}, "'torch'"),
        ({"numerical": np.sin}, "write {'numpy': f}"),
        ({"torch": 3}, "torch"),
        ("sin", "str"),
        (None, "None"),
    ],
)
def test_something_that_is_no_function(function, words):
    assert words in raised(function, X)


def boom(xp, x):
    raise RuntimeError("boom\nwith a second line\nand a third")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (boom, "RuntimeError: boom"),
        (lambda xp, x: None, "None"),
        (lambda xp, x: 3, "int"),
        (lambda xp, x: "text", "str"),
        (lambda xp, x: (), "()"),
        (lambda xp, x: xp.no_such_function(x), "no_such_function"),
        (lambda xp, x, y: xp.sum(x), "argument"),
        (lambda xp, x: 1 // 0, "ZeroDivisionError"),
    ],
)
def test_a_function_that_fails_is_an_error_verdict(function, words):
    report = check(function, X, backends=NUMERICAL)
    assert not report
    verdict = report.verdict("numerical", "gradient")
    assert verdict.status is Status.ERROR
    assert words in verdict.evidence.reason
    assert verdict.evidence.reason.count("\n") == 0
    assert words in str(report)


def test_a_gradient_of_a_function_that_is_not_scalar():
    verdict = check(lambda xp, x: xp.sin(x), X, backends=NUMERICAL, operator="gradient").verdict(
        "numerical", "gradient"
    )
    assert verdict.status is Status.ERROR
    assert "a scalar is needed" in verdict.evidence.reason
    assert "(3,)" in verdict.evidence.reason


def test_a_function_that_is_nan_is_never_verified():
    report = check(lambda xp, x: xp.sum(x) * xp.nan, X, gradient=lambda x: x * np.nan, backends=NUMERICAL)
    assert not report
    assert report.verdict("analytic", "gradient").status is Status.NONFINITE


def test_a_function_that_exhausts_the_stack():
    def deep(xp, x):
        return deep(xp, x)

    assert check(deep, X, backends=NUMERICAL).verdict("numerical", "gradient").status is Status.ERROR


def test_a_function_that_changes_its_input():
    def rude(x):
        x *= 2
        return np.sum(x)

    mine = X.copy()
    report = check({"numpy": rude}, mine, gradient=lambda x: 2 * np.ones(3), backends=NUMERICAL)
    assert report.verdict("numerical").status is Status.ERROR
    assert "in place" in report.verdict("numerical").evidence.reason
    np.testing.assert_array_equal(mine, X)


def test_a_rule_that_changes_its_input():
    def rude(x):
        np.cos(x, out=x)
        return x

    mine = X.copy()
    report = check(f, mine, gradient=rude, backends=NUMERICAL)
    assert report.verdict("analytic", "gradient").status is Status.ERROR
    np.testing.assert_array_equal(mine, X)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda x: None, "wanted one for each of x"),
        (lambda x: "cos", "str"),
        (lambda x: (x, x), "2 array(s)"),
        (lambda x: {"x": object()}, "object"),
        (lambda x, y: x, "the rule gradient= of f raised TypeError"),
        (lambda x: 1 / 0, "the rule gradient= of f raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_rule_that_fails_is_an_error_and_the_others_are_judged(rule, words):
    report = check(f, X, gradient=rule, backends=NUMERICAL, witness="numerical")
    verdict = report.verdict("analytic", "gradient")
    assert verdict.status is Status.ERROR
    assert words in verdict.evidence.reason
    assert [str(v.engine) for v in report.verdicts if v.operator == "gradient"] == ["numerical", "analytic"]


@pytest.mark.parametrize(("name", "operator"), [("jacobian", "gradient"), ("jacobian", "jacobian"), ("vjp", "vjp")])
def test_a_rule_that_raises_is_called_by_its_own_name(name, operator):
    report = check(f, X, backends=NUMERICAL, operator=operator, **{name: lambda *args: 1 / 0})
    assert f"the rule {name}= of f raised ZeroDivisionError" in report.verdict("analytic", operator).evidence.reason


# -- inputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ((), "nothing to differentiate"),
        ((3,), "x: int"),
        ((np.arange(3),), "int64 array"),
        ((True,), "x: bool"),
        (("text",), "x: str"),
        ((np.array([1.0, None], dtype=object),), "dtype object"),
        ((np.array([1.0, np.nan]),), "NaN at index (1,)"),
        ((float("nan"),), "NaN at index ()"),
        (({"a": [1.0, np.array([[0.0, np.nan]])]},), "x['a'][1] is NaN at index (0, 1)"),
        ((np.ones(2, np.longdouble),), "cannot check in"),
    ],
)
def test_inputs_that_cannot_be_checked(inputs, words):
    assert words in raised(lambda xp, x: xp.sum(x), *inputs, backends=NUMERICAL)


def test_inputs_that_overflow_single_precision():
    assert "overflows float32" in raised(f, np.array([1e300]), dtype="float32", backends=NUMERICAL)


@pytest.mark.parametrize(
    ("argnums", "words"),
    [
        (1, "argument 1, which has no floating-point leaf"),
        (2, "out of range"),
        (-3, "out of range"),
        ((0, 5), "out of range"),
        ("x", "argnums"),
        (0.5, "argnums"),
        ((0, "y"), "argnums"),
        ((), ""),
    ],
)
def test_argnums_that_name_nothing(argnums, words):
    assert words in raised(lambda xp, x, n: xp.sum(x) * n, X, 2, argnums=argnums, backends=NUMERICAL)


def test_bool_and_text_leaves_are_constants():
    def switched(xp, x, flags):
        return xp.sum(xp.sin(x)) if flags["on"] and flags["kind"] == "sin" else xp.sum(x)

    report = check(
        switched, X, {"on": True, "kind": "sin"}, gradient=lambda x, flags: (np.cos(x), None), backends=NUMERICAL
    )
    assert report, str(report)


# -- backends that are not there --------------------------------------------------------------


@pytest.fixture
def absent(monkeypatch):
    """Return a function that makes a backend absent."""
    find = discovery.find

    def make(name, state):
        absence = Absence(name, state, "it went away", f"pip install {name}")
        monkeypatch.setattr(discovery, "find", lambda n: absence if n == name else find(n))
        monkeypatch.setattr(discovery, "names", lambda: [name, "numerical"])

    return make


@pytest.mark.parametrize(("state", "error"), [("missing", MissingBackendError), ("broken", BrokenBackendError)])
def test_a_backend_asked_for_by_name_that_is_absent(absent, state, error):
    absent("torch", state)
    with pytest.raises(error, match="pip install torch"):
        check(f, X, backends=["torch"])
    with pytest.raises(error, match="it went away"):
        check({"torch": np.sin}, X)


def test_a_missing_backend_takes_no_part_by_default_and_is_said(absent):
    absent("torch", "missing")
    report = check(f, X, gradient=np.cos)
    assert report
    assert "torch took no part (missing): it went away" in " ".join(str(report).split())


def test_a_broken_backend_is_an_error_by_default(absent):
    absent("torch", "broken")
    report = check(f, X, gradient=np.cos)
    assert not report
    verdict = report.verdict("torch", "gradient")
    assert verdict.status is Status.ERROR
    assert "it went away" in verdict.evidence.reason
    assert report.verdict("numerical", "gradient").status is Status.AGREE


class Hostile(NumericalBackend):
    """A backend whose own code fails, in the way that a test chooses."""

    name = "numerical"
    fails = ""

    def _fail(self, where):
        if self.fails == where:
            raise KeyError(f"{where} failed")

    def asarray(self, array):
        self._fail("asarray")
        return super().asarray(array)

    def to_numpy(self, array):
        self._fail("to_numpy")
        return super().to_numpy(array)

    def namespace(self, dtype):
        self._fail("namespace")
        return super().namespace(dtype)

    def missing(self, mode):
        self._fail("missing")
        return None

    def gradient(self, bound, mode):
        if self.fails == "nonsense":
            return lambda leaves: [None]
        if self.fails == "nothing":
            return lambda leaves: None
        if self.fails == "no kernel":
            return 5
        return super().gradient(bound, mode)


@pytest.mark.parametrize("fails", ["asarray", "to_numpy", "namespace", "missing", "nonsense", "nothing", "no kernel"])
def test_a_backend_that_breaks_never_takes_the_run_down(monkeypatch, fails):
    hostile = Hostile()
    hostile.fails = fails
    find = discovery.find
    monkeypatch.setattr(discovery, "find", lambda n: hostile if n == "numerical" else find(n))
    report = check(f, X, gradient=np.cos, backends=["numerical"], witness="numerical")
    verdict = report.verdict("numerical", "gradient")
    assert verdict.status is Status.ERROR, str(report)
    assert report.verdict("analytic", "gradient").status is Status.INCONCLUSIVE


# -- cases ------------------------------------------------------------------------------------


def test_inputs_of_any_case_are_refused_before_anything_runs():
    ran = []

    def g(xp, x):
        ran.append(x)
        return xp.sum(x)

    good = Case("good", Function.of(g), lambda rng: (X,))
    for make in (lambda rng: X, lambda rng: {}, lambda rng: 1 / 0, lambda rng: (3,)):
        with pytest.raises(InputError, match=r"bad|nothing to differentiate"):
            run([good, Case("bad", Function.of(g), make)], Options(backends=("numerical",)))
    assert not ran


def test_one_failing_case_does_not_take_the_others_down():
    cases = [
        Case("boom", Function.of(boom), lambda rng: (X,)),
        Case("fine", Function.of(f, gradient=np.cos), lambda rng: (X,)),
    ]
    report = run(cases, Options(backends=("numerical", "analytic")))
    assert report.verdict("numerical", case="boom").status is Status.ERROR
    assert report.verdict("numerical", case="fine").status is Status.AGREE
    assert report.verdict("analytic", "gradient", "fine").status is Status.AGREE


def test_a_run_of_no_cases_is_not_a_pass():
    assert not run([])
