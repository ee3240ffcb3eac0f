"""The expression parser: what it refuses, and that what it reads means what Python means by it."""

import math
import pickle
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gradcheck import expressions
from gradcheck.errors import InputError
from gradcheck.expressions import ExpressionError, parse, parse_value
from gradcheck.namespaces import vocabulary


def complaint(text, read=parse):
    with pytest.raises(ExpressionError) as caught:
        read(text)
    message = str(caught.value)
    assert isinstance(caught.value, InputError)
    assert 1 <= len(message.splitlines()) <= 2
    assert all(len(line) < 200 and line.isprintable() for line in message.splitlines())
    return message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the expression is empty"),
        (" \n", "the expression is empty"),
        ("__import__('os')", "strings are not allowed"),
        ("__import__(x)", "unknown function '__import__'"),
        ("x.T", "attributes are not allowed"),
        ("np.sin(x)", "attributes are not allowed"),
        ("x.__class__", "attributes are not allowed"),
        ("lambda x: x", "'lambda' is not allowed"),
        ("[x for x in y]", "not allowed"),
        ("(x for x in y)", "'for' is not allowed"),
        ("x if y else z", "'if' is not allowed"),
        ("x and y", "'and' is not allowed"),
        ("None", "'None' is not allowed"),
        ("sum(x, axis=0)", "nor are keyword arguments"),
        ("(x := 3)", "unexpected ':'"),
        ("x^2", "write **"),
        ("sinn(x)", "did you mean 'sin'"),
        ("relu(x)", "unknown function 'relu'"),
        ("sin", "sin is a function, write sin(...)"),
        ("sin()", "unexpected ')'"),
        ("sin(x, y)", "sin takes 1 argument(s), got 2"),
        ("maximum(x)", "maximum takes 2 argument(s), got 1"),
        ("x y", "unexpected 'y'"),
        ("2x", "unexpected 'x'"),
        ("x +", "it ends too early"),
        ("x < y < z", "unexpected '<'"),
        ("x // 2", "unexpected '/'"),
        ("x; y", "unexpected ';'"),
        ("x\x1b + y", "unexpected '\\x1b'"),
        ("x['a']", "strings are not allowed"),
        ("x[y]", "an index must be a constant integer"),
        ("x[0.5]", "an index must be a constant integer"),
        ("x[y:]", "the limits of a slice must be constant integers"),
        ("x[::-1]", "write flip(x)"),
        ("x[1:2:3:4]", "unexpected ':'"),
        ("3[0] * x", "a number cannot be indexed"),
        ("1 + 2", "no variable"),
        ("x / (1 - 1) * 1 / 0 ** -1", "cannot be computed"),
        ("1 / 0 * x", "cannot be computed: division by zero"),
        ("(-8) ** 0.5 * x", "cannot be computed: math domain error"),
        ("log(-1) * x", "log of -1 is nan"),
        ("9 ** 9 ** 9 ** 9 * x", "cannot be computed"),
        ("1e999 * x", "the number is too large"),
        ("1" * 5000 + " * x", "the number is too large"),
        ("where(1 < 2, x, y)", "a comparison needs a variable"),
    ],
)
def test_refuses(text, reason):
    assert reason in complaint(text)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("(x + y", 0, "'(' is never closed"),
        ("x + y)", 5, "')' closes nothing"),
        ("(x]", 2, "']' closes nothing"),
        ("x + (y[0) * z", 8, "')' closes nothing"),
        ("x + (y * z", 4, "'(' is never closed"),
        ("x * * y", 4, "unexpected '*'"),
        ("a" * 200 + " $", 201, "unexpected '$'"),
    ],
)
def test_a_caret_stands_below_the_fault(text, column, reason):
    first, second = complaint(text).splitlines()
    assert reason in first
    assert second.strip() == "^"
    assert first[second.index("^")] == text[column]


@pytest.mark.parametrize(
    "text", ["(" * 10**6 + "x" + ")" * 10**6, "(" * 4000 + "x" + ")" * 4000, "[" * 10**6, "-" * 10**6 + "x"]
)
def test_what_is_too_deep_or_too_long_is_refused_at_once(text):
    started = time.perf_counter()
    message = complaint(text)
    assert "nested deeper than 100" in message or "at most 10000 are read" in message
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "text", ["-" * 8000 + "x", "+".join(["x"] * 4000), "**".join(["x"] * 3000), "x" + "[0]" * 3000]
)
def test_long_expressions_need_no_recursion(text):
    assert len(parse(text).portable.steps) > 2900


def test_the_brackets_of_the_limit_are_read():
    depth = expressions.MAX_DEPTH
    assert parse("(" * depth + "x" + ")" * depth).portable(np, 3.0) == 3


def test_parameters_are_in_order_of_appearance():
    function = parse(" (x + y)\n * z - x ")
    assert function.parameters == ("x", "y", "z")
    assert function.name == "(x + y) * z - x"
    assert function.portable(np, -2.0, 5.0, -4.0) == -10


def test_the_wrong_number_of_arguments_is_named():
    with pytest.raises(TypeError, match=r"takes \(x, y\), got 1"):
        parse("x * y").portable(np, 1.0)


def test_a_program_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(parse("exp(x[1])").portable))(np, np.zeros(2)) == 1


class Vocabulary:
    """Stands for a namespace: NumPy with SciPy's special functions."""

    def __getattr__(self, name):
        import scipy.special

        return scipy.special if name == "special" else getattr(np, name)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sum(a)", 6.0),
        ("a[-1]", 3.0),
        ("sum(a[1:] - a[:-1] ** 2)", 0.0),
        ("sum(a[::2])", 4.0),
        ("m[1, 0] + m[:, 1][0]", 5.0),
        ("a @ a", 14.0),
        ("dot(a, a) / norm(a) ** 2", 1.0),
        ("det(m)", -2.0),
        ("sum(where(a > 1, a, 0))", 5.0),
        ("sum(clip(a, 0, 2))", 5.0),
        ("sum(sum(m, 0))", 10.0),
        ("erf(a[0] - 1)", 0.0),
        ("gammaln(a[2])", math.log(2)),
        ("logsumexp(0 * a)", math.log(3)),
        ("sum(softmax(a))", 1.0),
        ("a[0] * pi / e", math.pi / math.e),
        ("exp(1) * a[0]", math.e),
        ("a[0] * 1e-3 + .5 + 2.", 2.501),
        ("-a[1] ** 2", -4.0),
        ("2 ** -a[0]", 0.5),
        ("2 ** 3 ** 2 * a[0]", 512.0),
        ("a[2 - 1]", 2.0),
    ],
)
def test_means_what_numpy_means(text, wanted):
    function = parse(text)
    known = {"a": np.array([1.0, 2.0, 3.0]), "m": np.array([[1.0, 2.0], [3.0, 4.0]])}
    got = function.portable(Vocabulary(), *(known[name] for name in function.parameters))
    assert got == pytest.approx(wanted, abs=1e-14)


def test_every_function_is_in_the_vocabulary():
    paths = {callee.path for callee in expressions.FUNCTIONS.values()}
    assert paths <= set(vocabulary.FUNCTIONS)
    assert not paths & set(vocabulary.CREATION)  # zeros(10 ** 12) must not be a way to take the memory


def attempt(text):
    """Return what a text means, or else why it means nothing."""
    try:
        return parse(text), ""
    except ExpressionError as error:
        return None, str(error)


SPACES = st.sampled_from(["", " ", "  "])
NUMBERS = st.sampled_from(["1", "2", "3", "7", "0.5", "2.5", "1e-3", ".25", "4."])
LEAVES = st.one_of(st.sampled_from(["x", "y", "z", "pi", "e"]), NUMBERS)
EXPONENTS = st.sampled_from(["2.0", "3.0", "-1.0", "-x", "0.5"])
FUNCTIONS = {"sin": np.sin, "cos": np.cos, "tanh": np.tanh, "arctan2": np.arctan2, "maximum": np.maximum}


def grown(inner):
    return st.one_of(
        st.builds("{}{}{}{}{}".format, inner, SPACES, st.sampled_from("+-*/"), SPACES, inner),
        st.builds("{}{}**{}{}".format, inner, SPACES, SPACES, EXPONENTS),
        st.builds("{}{}".format, st.sampled_from("+-"), inner),
        st.builds("({}{}{})".format, SPACES, inner, SPACES),
        st.builds("{}({})".format, st.sampled_from(["sin", "cos", "tanh"]), inner),
        st.builds("{}({},{})".format, st.sampled_from(["arctan2", "maximum"]), inner, inner),
    )


@settings(deadline=None)  # a busy machine is not a failure
@given(st.recursive(LEAVES, grown, max_leaves=12), st.lists(st.floats(0.25, 3), min_size=3, max_size=3))
def test_random_expressions_mean_what_python_means(text, numbers):
    known = dict(zip("xyz", map(np.float64, numbers), strict=True))
    with np.errstate(all="ignore"):
        try:
            wanted = eval(text, {"__builtins__": {}, "pi": math.pi, "e": math.e, **FUNCTIONS}, known)
        except ArithmeticError:
            assume(False)
        assume(not isinstance(wanted, complex) and np.isfinite(wanted))
        function, complaint = attempt(text)
        if function is None:  # no variable, or a constant part that is complex or infinite in Python
            assert any(reason in complaint for reason in ("no variable", "math domain error", " is inf"))
            return
        got = function.portable(np, *(known[name] for name in function.parameters))
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-300)


@settings(deadline=None)
@given(st.text(alphabet="xy12.+-*/@()[],:<>=!^'\" sin e\n", max_size=30))
def test_any_text_is_read_or_refused_by_our_own_error(text):
    function, complaint = attempt(text)
    assert len(complaint.splitlines()) <= 2
    assert function is None or function.parameters


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-2", -2.0),
        ("1e-3", 1e-3),
        ("pi / 2", math.pi / 2),
        ("[1, 2, 3]", [1, 2, 3]),
        ("[[1, 2], [3, -4.5]]", [[1, 2], [3, -4.5]]),
        ("[]", []),
    ],
)
def test_values(text, wanted):
    value = parse_value(text)
    assert value.dtype == np.float64
    np.testing.assert_array_equal(value, np.asarray(wanted, float))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the value is empty"),
        ("foo", "'foo' is a name"),
        ("nan", "'nan' is a name"),
        ("[1, [2]]", "must have equal lengths"),
        ("[1, 2", "'[' is never closed"),
        ("__import__('os')", "strings are not allowed"),
        ("(1, 2)", "unexpected ','"),
        ("[" * 10**6, "at most 200000 are read"),
        ("[" * 1000 + "]" * 1000, "nested deeper than 100"),
        ("[" * 80 + "1" + "]" * 80, "at most 64 deep"),
    ],
)
def test_refuses_values(text, reason):
    assert reason in complaint(text, parse_value)
