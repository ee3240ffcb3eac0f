"""The tests that every backend must pass, as a class for pytest to collect."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar

import numpy as np
import optree
import pytest

from gradcheck import discovery
from gradcheck.backend import Backend, Estimate
from gradcheck.errors import (
    FunctionError,
    GradcheckError,
    MissingBackendError,
    NotScalarError,
    UnknownNameError,
    UnsupportedError,
)
from gradcheck.functions import Array, Function, Inputs, real_dtype
from gradcheck.operators import Operator
from gradcheck.preparation import expected_shapes
from gradcheck.testing import reference
from gradcheck.testing.samples import COMPLEX_SAMPLES, PLAIN, SAMPLES, SLICE, Sample, main_samples

DERIVATIVES = tuple(o for o in Operator if o is not Operator.VALUE)

VALUE_ULPS = 64
"""How far a value may be from NumPy's, in ulps of the largest magnitude involved."""
ACCURACY = {0: 0.0, 1: 1e-11, 2: 2e-8}
"""How far the reference's derivatives may be off, by order; beside it the ulps above are granted."""
DERIVATIVE_ULPS = {0: VALUE_ULPS, 1: 512, 2: 2048}
"""What an engine may lose to rounding, by order."""
USEFUL_ERROR = {0: 1e-6, 1: 1e-3, 2: 1e-1}
"""The largest error estimate that still says something, in float64; an engine with a larger one fails."""

_BY_ID = {sample.id: sample for sample in (*SAMPLES, *COMPLEX_SAMPLES)}


class BackendConformance:
    """Everything a backend promises, test by test.

    Subclass it under a name that starts with ``Test`` and set the class attributes. Each test stands for
    itself: ``-k "special.erf and hessian"``. The first engine is run on everything; the others
    on the functions of `SLICE`, costly ones on a handful, and on the rest under ``-m slow``.

    Attributes
    ----------
    engines : tuple of str
        The engines to test, ``"mine"`` and ``"mine:mode"``: every mode of the backend.
    costly : tuple of str
        Those that compile for seconds.
    unsupported : mapping of str to mapping
        What each engine declares that it cannot do: sample or function (``"linalg.det"``,
        ``"linalg.det-batched"``, or ``"*"`` for everything) to the names of operators. A declared
        operator must raise `UnsupportedError` with a reason, any other must not.
    defects : mapping of str to mapping
        Known defects of the framework, in the same form, with a link to the upstream report as
        third level: ``{"tensorflow": {"cumprod-zero": {"vjp": "https://..."}}}``. A declared defect must
        still be there. The engine ``"*"`` stands for all, in both tables.
    """

    engines: ClassVar[tuple[str, ...]] = ()
    costly: ClassVar[tuple[str, ...]] = ()
    unsupported: ClassVar[Mapping[str, Mapping[str, Sequence[str]]]] = {}
    defects: ClassVar[Mapping[str, Mapping[str, Mapping[str, str]]]] = {}

    # -- what a subclass may replace ----------------------------------------------------------

    @classmethod
    def load(cls, name: str) -> Backend:
        """Return the backend of a name; by default the one that is registered under it."""
        return discovery.load(name)

    def state(self) -> Any:
        """Return the global flags of the framework, which must be the same after every call."""
        return None

    # -- parametrisation ----------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each test its engines, samples and operators."""
        names = [n for n in ("engine", "sample", "operator") if n in metafunc.fixturenames]
        plan = _PLANS.get(metafunc.function.__name__)
        if plan is not None:
            metafunc.parametrize(names, [p for e in self.engines for p in plan(e, self._share(e))])
        elif names:
            marks = {e: pytest.mark.slow if self._share(e) is _brief else () for e in self.engines}
            metafunc.parametrize("engine", [pytest.param(e, marks=marks[e], id=e) for e in self.engines])

    def _share(self, engine: str) -> Share:
        if engine in self.costly:
            return _brief
        return _full if engine == self.engines[0] else _slice

    # -- every function -----------------------------------------------------------------------

    def test_value(self, engine: str, sample: Sample) -> None:
        """A function of the vocabulary has the value that NumPy gives, in the dtype of the inputs."""
        self._hold(engine, sample, Operator.VALUE)

    def test_operator(self, engine: str, sample: Sample, operator: Operator) -> None:
        """An operator of a function agrees with differences of NumPy's values."""
        self._hold(engine, sample, operator)

    def test_float32(self, engine: str, sample: Sample, operator: Operator) -> None:
        """The same in float32."""
        self._hold(engine, sample, operator, "float32")

    def test_complex(self, engine: str, sample: Sample, operator: Operator) -> None:
        """Complex derivatives follow g = df/dRe + i df/dIm and the inner product Re<u, v>."""
        backend, _ = self._open(engine)
        if "complex128" not in backend.dtypes:
            with pytest.raises(UnsupportedError, match="complex128"):
                self._estimate(engine, sample.function, sample.inputs, operator)
            return
        self._hold(engine, sample, operator)

    # -- the shape of things ------------------------------------------------------------------

    def test_modes_are_listed(self) -> None:
        """Every mode of every backend is among `engines`."""
        for name in dict.fromkeys(e.partition(":")[0] for e in self.engines):
            backend = self._load_or_skip(name)
            listed = {str(backend.engine(e.partition(":")[2])) for e in self.engines if e.partition(":")[0] == name}
            _check(listed == {str(backend.engine(m)) for m in backend.modes}, f"{name} has the modes {backend.modes}")

    def test_declarations_name_what_exists(self) -> None:
        """The tables `unsupported` and `defects` name engines, samples and operators that exist."""
        known = {"*", *_BY_ID, *(s.name for s in _BY_ID.values())}
        for table in (self.unsupported, self.defects):
            _check(set(table) <= {*self.engines, "*"}, f"unknown engines in {sorted(table)}")
            for rows in table.values():
                _check(set(rows) <= known, f"unknown samples {sorted(set(rows) - known)}")
                named = {o for operators in rows.values() for o in operators}
                _check(named <= set(Operator), f"unknown operators {sorted(named - set(Operator))}")

    def test_estimate_says_who_and_what(self, engine: str) -> None:
        """An estimate names its engine and operator, whether it is native, and what it took."""
        backend, mode = self._open(engine)
        estimate = self._estimate(engine, _square, (np.array([1.5, -0.5]),), Operator.GRADIENT)
        _check(estimate.engine == backend.engine(mode), f"the estimate is of {estimate.engine}")
        _check(estimate.operator is Operator.GRADIENT, f"the estimate is of {estimate.operator}")
        _check(isinstance(estimate.native, bool) and estimate.seconds > 0, "native and seconds are not set")

    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1, 3)], ids=str)
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_arrays_cross_unchanged(self, engine: str, shape: tuple[int, ...], dtype: str) -> None:
        """An array survives the way to the framework and back, which has its own memory."""
        backend, _ = self._open(engine)
        original = (
            np.arange(np.prod(shape, dtype=int), dtype=dtype).reshape(shape)[..., ::-1] if shape else _scalar(dtype)
        )
        kept = original.copy()
        with backend.scope():
            there = backend.asarray(original)
            _check(backend.is_array(there), f"{type(there).__name__} is not recognised as an array")
            back = backend.to_numpy(there)
            _check(isinstance(back, np.ndarray) and back.dtype == kept.dtype, f"it came back as {back!r:.80}")
            _check(back.shape == shape and np.array_equal(back, kept), f"it came back as {back!r:.80}")
            original[...] = 99
            _check(np.array_equal(backend.to_numpy(there), kept), "asarray shares the caller's memory")

    @pytest.mark.parametrize("value", [None, 1, "x", True, [1.0]], ids=repr)
    def test_other_things_are_not_arrays(self, engine: str, value: Any) -> None:
        """None, integers, strings and lists are not arrays of the framework."""
        _check(not self._open(engine)[0].is_array(value), f"is_array({value!r}) is true")

    def test_pytrees(self, engine: str, operator: Operator) -> None:
        """Dicts, tuples and lists of arrays go in and come out, each leaf in its place."""
        parameters = {"w": np.array([[0.5, -1.5], [0.8, 0.3]]), "b": [np.array(0.7), np.array([1.2, -0.4])]}
        f = _tree_loss if operator.scalar else _tree
        self._hold(engine, Sample("pytree", "nested", f, (parameters, np.array([0.9, -0.6]))), operator)

    @pytest.mark.parametrize("shape", [(), (1,), (2, 1, 3)], ids=str)
    def test_shapes(self, engine: str, operator: Operator, shape: tuple[int, ...]) -> None:
        """Leaves of any rank are differentiated."""
        x = np.linspace(0.5, 1.7, int(np.prod(shape))).reshape(shape)
        self._hold(engine, Sample("shape", str(shape), _square if operator.scalar else _cube, (x,)), operator)

    def test_size_zero(self, engine: str, operator: Operator) -> None:
        """A leaf without elements has derivatives without elements, and disturbs no other leaf."""
        inputs = (np.zeros((0, 2)), np.array([1.5, -0.5]))
        self._hold(engine, Sample("shape", "empty", _squares if operator.scalar else _cubes, inputs), operator)

    def test_leaf_without_influence(self, engine: str, operator: Operator) -> None:
        """The derivative with respect to a leaf that the function ignores is zero, not None."""
        f = (lambda xp, x, y: xp.sum(x * x * x)) if operator.scalar else (lambda xp, x, y: x * x * x)
        self._hold(engine, Sample("leaf", "ignored", f, (np.array([0.5, -1.5]), np.array([1.0, 2.0, 3.0]))), operator)

    def test_constant_function(self, engine: str, operator: Operator) -> None:
        """The derivative of a constant is zero."""
        f = (lambda xp, x: xp.asarray(3.5)) if operator.scalar else (lambda xp, x: xp.asarray([3.5, 1.0]))
        self._hold(engine, Sample("output", "constant", f, (np.array([0.5, -1.5]),)), operator)

    def test_linear_function(self, engine: str, operator: Operator) -> None:
        """The Hessian of a linear function is zero, though the gradient does not depend on the inputs."""
        f = (lambda xp, x: xp.sum(2.0 * x)) if operator.scalar else (lambda xp, x: 2.0 * x)
        self._hold(engine, Sample("output", "linear", f, (np.array([0.5, -1.5]),)), operator)

    def test_input_returned_as_it_is(self, engine: str, operator: Operator) -> None:
        """A function may return its input itself, and one array twice."""
        f = (lambda xp, x: x) if operator.scalar else (lambda xp, x: (x, x))
        self._hold(engine, Sample("output", "identity", f, (np.array(0.5),)), operator)

    def test_same_array_twice(self, engine: str, operator: Operator) -> None:
        """One array passed for two arguments has two partial derivatives."""
        x = np.array([0.5, -1.5])
        f = (lambda xp, a, b: xp.sum(a * a * b)) if operator.scalar else (lambda xp, a, b: a * a * b)
        self._hold(engine, Sample("leaf", "shared", f, (x, x)), operator)

    def test_constants_among_the_inputs(self, engine: str, operator: Operator) -> None:
        """Integers, booleans, strings and None are constants; integer arrays can index."""
        inputs = (np.array([0.5, -1.5, 0.8]), 3, np.array([2, 0]), {"kind": "cubic", "on": True, "off": None})
        self._hold(engine, Sample("leaf", "constants", partial(_mixed, operator.scalar), inputs), operator)

    def test_argnums(self, engine: str, operator: Operator) -> None:
        """Only the arguments that were asked for are differentiated."""
        f = (lambda xp, x, y: xp.sum(x * x * y)) if operator.scalar else (lambda xp, x, y: x * x * y)
        sample = Sample("leaf", "argnums", f, (np.array([0.5, -1.5]), np.array([2.0, 3.0])))
        self._hold(engine, sample, operator, argnums=1)

    # -- algebra ------------------------------------------------------------------------------

    def test_pullback_is_linear(self, engine: str) -> None:
        """The VJP is linear in its cotangent, for every sign of it, and 0 at 0."""
        self._linear(engine, Operator.VJP, (np.array([2.0, -0.7]), np.array([-1.5, 0.4])))

    def test_pushforward_is_linear(self, engine: str) -> None:
        """The JVP is linear in its tangent, for every sign of it, and 0 at 0."""
        self._linear(engine, Operator.JVP, (np.array([2.0, -0.7, 1.1]), np.array([-1.5, 0.4, 0.2])))

    def test_adjoint(self, engine: str) -> None:
        """<J v, u> = <v, J^T u>."""
        x, v, u = np.array([0.5, -1.5, 0.8]), np.array([1.2, -0.3, 0.7]), np.array([-0.9, 1.4])
        pushed = self._estimate(engine, _rectangular, (x,), Operator.JVP, seed=[v])
        pulled = self._estimate(engine, _rectangular, (x,), Operator.VJP, seed=[u])
        _close(f"{engine}: <v, J^T u>", np.vdot(v, pulled.arrays[0]), np.vdot(pushed.arrays[0], u), _allowed(1, pushed))

    # -- manners ------------------------------------------------------------------------------

    def test_prepared_runs_at_other_points(self, engine: str, operator: Operator) -> None:
        """What was prepared at one point is right at another: nothing of the first stays behind."""
        if self._refuses(engine, operator):
            return
        backend, mode = self._open(engine)
        f = _square if operator.scalar else _cube
        function, inputs = Function.of(f), Inputs.of((np.array([0.5, -1.5]),))
        prepared = backend.prepare(function, inputs, operator, mode)
        seeds = _seeds("prepared", operator, inputs, [np.zeros(() if operator.scalar else 2)])
        for point in (inputs, inputs.moved([np.array([1.1, 0.3])]), inputs):
            got = prepared.run(point.arrays, *([seeds] if seeds else []))
            fresh = backend.estimate(function, point, operator, mode=mode, seed=seeds)
            _check(all(np.array_equal(_plain(a), b) for a, b in zip(got, fresh.arrays, strict=True)), "stale result")

    def test_same_call_same_result(self, engine: str, operator: Operator) -> None:
        """The same call gives the same bits."""
        if self._refuses(engine, operator):
            return
        sample = _BY_ID["special.softmax-vector"]
        f = _scalarised(sample.id) if operator.scalar else sample.function
        seed = _seeds("same", operator, Inputs.of(sample.inputs), [np.zeros(() if operator.scalar else 3)])
        first, second = (self._estimate(engine, f, sample.inputs, operator, seed=seed) for _ in range(2))
        _check(all(map(np.array_equal, first.arrays, second.arrays)), "two calls differ")

    def test_inputs_and_state_are_untouched(self, engine: str, operator: Operator) -> None:
        """Arrays, NumPy's and the framework's global state are as before."""
        if self._refuses(engine, operator):
            return
        x = np.array([0.5, -1.5])
        before = _global_state(self._open(engine)[0], self.state())
        self._estimate(engine, _square, (x,), operator, seed=_seeds("state", operator, Inputs.of((x,)), [np.zeros(())]))
        _check(np.array_equal(x, [0.5, -1.5]), "the inputs were changed")
        _check(_global_state(self._open(engine)[0], self.state()) == before, "a global flag was changed")

    def test_state_is_restored_after_an_exception(self, engine: str) -> None:
        """A function that raises leaves no flag behind."""
        before = _global_state(self._open(engine)[0], self.state())
        with pytest.raises(FunctionError):
            self._estimate(engine, _raises, (np.array([0.5]),), Operator.GRADIENT)
        _check(_global_state(self._open(engine)[0], self.state()) == before, "a global flag was changed")

    def test_nan_is_a_value(self, engine: str) -> None:
        """A value that is not a number is returned, neither raised nor replaced."""
        got = self._estimate(engine, lambda xp, x: xp.log(x), (np.array([-1.0, 1.0]),), Operator.VALUE).arrays[0]
        _check(bool(np.isnan(got[0])) and got[1] == 0.0, f"log([-1, 1]) is {got}")

    # -- errors -------------------------------------------------------------------------------

    def test_function_that_raises(self, engine: str, operator: Operator) -> None:
        """What the function raised becomes a FunctionError that quotes it."""
        if self._refuses(engine, operator):
            return
        with pytest.raises(FunctionError, match="wheels came off"):
            self._estimate(engine, _raises, (np.array([0.5]),), operator, seed=_seeds_of_scalar(operator))

    @pytest.mark.parametrize("result", [None, 1, "text", [], {"a": None}, [1, 2]], ids=repr)
    @pytest.mark.parametrize("operator", [Operator.VALUE, Operator.GRADIENT, Operator.JVP], ids=str)
    def test_function_that_returns_no_array(self, engine: str, operator: Operator, result: Any) -> None:
        """A function must return arrays; anything else is a FunctionError that names it."""
        if self._refuses(engine, operator):
            return
        with pytest.raises(FunctionError, match="returned"):
            self._estimate(engine, lambda xp, x: result, (np.array([0.5]),), operator, seed=_seeds_of_scalar(operator))

    @pytest.mark.parametrize("operator", [o for o in Operator if o.scalar], ids=str)
    def test_scalar_needed(self, engine: str, operator: Operator) -> None:
        """A gradient or Hessian of several numbers is refused, not summed."""
        if self._refuses(engine, operator):
            return
        with pytest.raises(NotScalarError, match="scalar"):
            self._estimate(engine, _cube, (np.array([0.5]),), operator, seed=_seeds_of_scalar(operator))

    @pytest.mark.parametrize("operator", [Operator.VALUE, Operator.GRADIENT, Operator.JVP], ids=str)
    def test_function_that_writes_into_its_input(self, engine: str, operator: Operator) -> None:
        """Writing into an input is a FunctionError, and the caller's array keeps its numbers."""
        if self._refuses(engine, operator):
            return
        x = np.array([0.5, -1.5])
        seed = [np.ones(2)] if operator is Operator.JVP else None
        with pytest.raises(FunctionError):
            self._estimate(engine, _writes, (x,), operator, seed=seed)
        _check(np.array_equal(x, [0.5, -1.5]), "the caller's array was changed")

    def test_unknown_function_of_xp(self, engine: str) -> None:
        """A function outside the vocabulary is an error that names it, for every backend."""
        with pytest.raises(GradcheckError, match="no_such_function"):
            self._estimate(engine, lambda xp, x: xp.no_such_function(x), (np.array([0.5]),), Operator.VALUE)

    def test_unknown_mode(self, engine: str) -> None:
        """A mode that does not exist is an error."""
        backend, _ = self._open(engine)
        with pytest.raises(UnknownNameError, match="no-such-mode"):
            backend.engine("no-such-mode")

    def test_function_without_a_form(self, engine: str) -> None:
        """A function that is written for another framework only is unsupported."""
        function = Function("foreign", ("x",), native={"another-framework": lambda x: x})
        backend, mode = self._open(engine)
        with pytest.raises(UnsupportedError, match=r"another-framework|portable"):
            backend.estimate(function, Inputs.of((np.array([0.5]),)), Operator.VALUE, mode=mode)

    # -- helpers ------------------------------------------------------------------------------

    def _load_or_skip(self, name: str) -> Backend:
        try:
            return self.load(name)
        except MissingBackendError as error:
            pytest.skip(str(error))

    def _open(self, engine: str) -> tuple[Backend, str]:
        """Return the backend and mode of an engine; skip what this machine lacks."""
        name, _, mode = engine.partition(":")
        backend = self._load_or_skip(name)
        lack = backend.missing(mode or next(iter(backend.modes)))
        if lack is not None:
            pytest.skip(f"{engine} needs {lack}")
        return backend, mode

    def _estimate(
        self,
        engine: str,
        f: Callable[..., Any],
        inputs: tuple[Any, ...],
        operator: Operator,
        *,
        seed: Sequence[Array] | None = None,
        name: str = "f",
        dtype: str | None = None,
        argnums: int | None = None,
    ) -> Estimate:
        backend, mode = self._open(engine)
        function = Function(name, ("x", "y", "z"), portable=f)
        bound = Inputs.of(inputs, dtype=dtype, argnums=argnums)
        return backend.estimate(function, bound, operator, mode=mode, seed=seed)

    def _hold(
        self, engine: str, sample: Sample, operator: Operator, dtype: str = "float64", argnums: int | None = None
    ) -> None:
        """Hold an operator of a sample against its reference, as the tables declare it."""
        if sample.id in _BY_ID:
            f: Callable[..., Any] = _scalarised(sample.id) if operator.scalar else sample.function
        else:
            f = sample.function
        inputs = _inputs(sample, dtype, argnums)
        wanted, uncertainty = _reference(sample, operator, dtype, argnums)
        outputs = _evaluate(f, inputs)(inputs.arrays)
        seed = _seeds(sample.id, operator, inputs, outputs)
        declared = _declared(self.unsupported, engine, sample, operator)
        defect = _declared(self.defects, engine, sample, operator)
        try:
            got = self._estimate(
                engine, f, sample.inputs, operator,
                seed=seed, name=sample.id, dtype=dtype, argnums=argnums,
            )  # fmt: skip
            _compare(f"{engine}: {operator} of {sample.id} in {dtype}", got, wanted, uncertainty, inputs, outputs)
        except UnsupportedError as error:
            _check(declared is not None, f"{engine} does not support the {operator} of {sample.id}: {error}")
            _check(bool(str(error).strip()), f"{engine} gives no reason why it has no {operator} of {sample.id}")
        except (AssertionError, FunctionError) as error:
            if defect is None:
                raise
            pytest.xfail(f"{defect}: {error}")
        else:
            _check(declared is None, f"{engine} supports the {operator} of {sample.id} now; remove its row")
            _check(defect is None, f"{engine} has the {operator} of {sample.id} right now; remove its row")

    def _refuses(self, engine: str, operator: Operator) -> bool:
        """Whether an engine declares that it never has an operator; then it must say so when asked."""
        if _declared(self.unsupported, engine, _ANY, operator) is None:
            return False
        with pytest.raises(UnsupportedError):
            self._estimate(engine, _square, (np.array([0.5]),), operator, seed=_seeds_of_scalar(operator))
        return True

    def _linear(self, engine: str, operator: Operator, seeds: tuple[Array, Array]) -> None:
        x = np.array([0.5, -1.5, 0.8])
        first, second = seeds
        combined = {"both": 3.0 * first - 0.5 * second, "first": first, "second": second, "none": 0.0 * first}
        got = {
            which: self._estimate(engine, _rectangular, (x,), operator, seed=[seed]) for which, seed in combined.items()
        }
        one, two, both = (got[which].arrays[0] for which in ("first", "second", "both"))
        allowed = 5.0 * max(_allowed(1, got[which]) for which in ("first", "second", "both"))
        _close(f"{engine}: {operator} of 3 u - v / 2", both, 3.0 * one - 0.5 * two, allowed)
        _close(f"{engine}: {operator} of zero", got["none"].arrays[0], 0.0 * one, 0.0)


# -- which tests there are --------------------------------------------------------------------


Share = Callable[[Sample | None, Operator], bool]
"""Whether an engine runs an operator of a sample (None: of the structural tests) without ``-m slow``."""

_MAIN = {sample.id for sample in (*main_samples(), *COMPLEX_SAMPLES)}


def _full(sample: Sample | None, operator: Operator) -> bool:
    """Every operator of the first sample of a function, values and pullbacks of its others."""
    return sample is None or sample.id in _MAIN or operator in (Operator.VALUE, Operator.VJP)


def _slice(sample: Sample | None, operator: Operator) -> bool:
    if sample is None:
        return operator in (Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.HESSIAN)
    return sample.name in SLICE and sample.id in _MAIN


def _brief(sample: Sample | None, operator: Operator) -> bool:
    return operator is Operator.GRADIENT and (sample is None or sample.id in ("tanh-vector", "matmul-matrices"))


def _nowhere(sample: Sample | None, operator: Operator) -> bool:
    return False


def _param(engine: str, share: Share, *values: Any) -> Any:
    """Return a set of parameters, marked slow where it is outside an engine's share."""
    sample = next((v for v in values if isinstance(v, Sample)), None)
    operator = next((v for v in values if isinstance(v, Operator)), Operator.VALUE)
    identifier = "-".join([engine, *(v.id if isinstance(v, Sample) else str(v) for v in values)])
    return pytest.param(engine, *values, id=identifier, marks=() if share(sample, operator) else pytest.mark.slow)


def _value_plan(engine: str, share: Share) -> list[Any]:
    return [_param(engine, share, sample) for sample in SAMPLES]


def _operator_plan(engine: str, share: Share) -> list[Any]:
    return [
        _param(engine, share, sample, operator)
        for sample in SAMPLES
        if sample.differentiable
        for operator in (DERIVATIVES if sample.id in _MAIN else (Operator.JVP, Operator.VJP))
    ]


def _float32_plan(engine: str, share: Share) -> list[Any]:
    chosen = [sample for sample in main_samples() if sample.name in SLICE]
    operators = (Operator.VALUE, Operator.GRADIENT, Operator.JVP)
    mine = share if share is _full else _nowhere
    return [_param(engine, mine, sample, operator) for sample in chosen for operator in operators]


def _complex_plan(engine: str, share: Share) -> list[Any]:
    operators = (Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.VJP)
    return [_param(engine, share, sample, operator) for sample in COMPLEX_SAMPLES for operator in operators]


def _all_operators(engine: str, share: Share) -> list[Any]:
    return [_param(engine, share, operator) for operator in Operator]


_PLANS: dict[str, Callable[[str, Share], list[Any]]] = {
    "test_value": _value_plan,
    "test_operator": _operator_plan,
    "test_float32": _float32_plan,
    "test_complex": _complex_plan,
    "test_pytrees": _all_operators,
    "test_shapes": _all_operators,
    "test_size_zero": _all_operators,
    "test_leaf_without_influence": _all_operators,
    "test_constant_function": _all_operators,
    "test_linear_function": _all_operators,
    "test_input_returned_as_it_is": _all_operators,
    "test_same_array_twice": _all_operators,
    "test_constants_among_the_inputs": _all_operators,
    "test_argnums": _all_operators,
    "test_prepared_runs_at_other_points": _all_operators,
    "test_same_call_same_result": _all_operators,
    "test_inputs_and_state_are_untouched": _all_operators,
    "test_function_that_raises": _all_operators,
}


def _declared(table: Mapping[str, Mapping[str, Any]], engine: str, sample: Sample, operator: Operator) -> str | None:
    """Return what a table says of an operator of a sample (a link, or the operator), None if nothing."""
    for rows in (table.get(engine, {}), table.get("*", {})):
        for key in (sample.id, sample.name, "*"):
            operators = rows.get(key, ())
            if operator in operators:
                return str(operators[operator]) if isinstance(operators, Mapping) else operator.value
    return None


# -- functions --------------------------------------------------------------------------------


@cache
def _scalarised(name: str) -> Callable[..., Any]:
    """Return a sample with its output weighed and added up with its square: even a linear function gets a Hessian."""
    sample = _BY_ID[name]
    (output,) = sample.expected()
    weights = _weights(output.shape).tolist()  # a constant: frameworks that trace must not see NumPy compute it

    def scalar(xp: Any, *args: Any) -> Any:
        y = sample.function(xp, *args)
        return xp.sum(y * xp.asarray(weights) + 0.25 * y * y)

    def scalar_of_complex(xp: Any, *args: Any) -> Any:
        y = sample.function(xp, *args)
        return xp.sum(xp.real(y) * xp.asarray(weights) + 0.25 * xp.real(y * xp.conj(y)))

    return scalar_of_complex if output.dtype.kind == "c" else scalar


def _weights(shape: tuple[int, ...]) -> Array:
    """Return signed, unequal weights, the same ones for every call."""
    k = np.arange(int(np.prod(shape)))
    weights: Array = np.where(k % 2, -1.0, 1.0) * (0.6 + 0.3 * (k % 5))
    return weights.reshape(shape)


def _nothing(xp: Any) -> None:
    return None


_ANY = Sample("*", "*", _nothing, ())
"""Stands for all samples where a declaration is looked up."""


def _square(xp: Any, x: Any) -> Any:
    return xp.sum(x * x * x)


def _cube(xp: Any, x: Any) -> Any:
    return x * x * x


def _squares(xp: Any, x: Any, y: Any) -> Any:
    return xp.sum(x * x) + xp.sum(y * y * y)


def _cubes(xp: Any, x: Any, y: Any) -> Any:
    return (x * x * x, y * y * y)


def _tree(xp: Any, parameters: Any, x: Any) -> Any:
    offset, bias = parameters["b"]
    hidden = xp.tanh(parameters["w"] @ x + bias)
    return {"loss": xp.sum(hidden * hidden) * offset, "hidden": (hidden, [offset * x])}


def _tree_loss(xp: Any, parameters: Any, x: Any) -> Any:
    return _tree(xp, parameters, x)["loss"]


def _mixed(scalar: bool, xp: Any, x: Any, power: int, indices: Any, options: Any) -> Any:
    chosen = xp.take(x, indices) if options["on"] and options["off"] is None and options["kind"] == "cubic" else x
    return xp.sum(chosen**power) if scalar else chosen**power


def _rectangular(xp: Any, x: Any) -> Any:
    return xp.stack([x[0] * xp.sin(x[1]), xp.exp(x[2]) * x[0]])


def _raises(xp: Any, x: Any) -> Any:
    raise RuntimeError("the wheels came off")


def _writes(xp: Any, x: Any) -> Any:
    x[0] = 7.0
    return xp.sum(x * x)


# -- references and comparison ----------------------------------------------------------------


def _inputs(sample: Sample, dtype: str, argnums: int | None = None) -> Inputs:
    return Inputs.of(sample.inputs, dtype=dtype, argnums=argnums)


def _arguments(inputs: Inputs, active: Sequence[Array]) -> Any:
    leaves = list(inputs.leaves)
    for i, leaf in zip(inputs.active, active, strict=True):
        leaves[i] = leaf
    return optree.tree_unflatten(inputs.structure, leaves)


def _evaluate(f: Callable[..., Any], inputs: Inputs) -> reference.ArrayFunction:
    """Return a function as plain NumPy computes it, of its differentiated leaves."""

    def evaluate(leaves: Sequence[Array]) -> list[Array]:
        outputs = f(PLAIN, *_arguments(inputs, leaves))
        return [np.asarray(leaf) for leaf in optree.tree_leaves(outputs)]

    return evaluate


@cache
def _known_reference(name: str, operator: Operator, dtype: str) -> tuple[list[Array], float]:
    return _computed_reference(_BY_ID[name], operator, dtype, None)


def _reference(sample: Sample, operator: Operator, dtype: str, argnums: int | None) -> tuple[list[Array], float]:
    """Return the arrays that are wanted and how far they may be off."""
    if sample.id in _BY_ID:
        return _known_reference(sample.id, operator, dtype)
    return _computed_reference(sample, operator, dtype, argnums)


def _computed_reference(
    sample: Sample, operator: Operator, dtype: str, argnums: int | None
) -> tuple[list[Array], float]:
    inputs = _inputs(sample, dtype, argnums)
    wide = inputs.with_dtype("float64")
    known = sample.id in _BY_ID
    evaluate = _evaluate(_scalarised(sample.id) if known and operator.scalar else sample.function, wide)
    leaves = wide.arrays
    seeds = _seeds(sample.id, operator, inputs, evaluate(leaves)) or []
    if operator is Operator.VALUE:
        return evaluate(leaves), 0.0
    if operator is Operator.GRADIENT:
        return reference.vjp(evaluate, leaves, [np.ones(())])
    if operator is Operator.VJP:
        return reference.vjp(evaluate, leaves, seeds)
    if operator is Operator.JACOBIAN:
        return reference.jacobian(evaluate, leaves)
    if operator is Operator.JVP:
        found = reference.slope(evaluate, leaves, seeds)
        return [value for value, _ in found], max(float(np.max(error, initial=0.0)) for _, error in found)
    blocks, error = reference.hessian(evaluate, leaves)
    if operator is Operator.HESSIAN:
        return blocks, error
    n = len(leaves)
    products = [np.tensordot(block, seeds[i % n], seeds[i % n].ndim) for i, block in enumerate(blocks)]
    return [np.asarray(sum(products[k * n : (k + 1) * n])) for k in range(n)], 4.0 * error


def _seeds(name: str, operator: Operator, inputs: Inputs, outputs: Sequence[Array]) -> list[Array] | None:
    """Return signed, unequal tangents or cotangents, fixed by a name; short decimals, for people to read."""
    if operator.seed is None:
        return None
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    like = inputs.arrays if operator.seed == "tangent" else outputs
    return [_direction(rng, a, inputs.dtype) for a in like]


def _seeds_of_scalar(operator: Operator) -> list[Array] | None:
    """Return the seeds of a function of one number in an array."""
    return None if operator.seed is None else [np.ones(1 if operator.seed == "tangent" else ())]


def _direction(rng: np.random.Generator, like: Array, dtype: np.dtype[Any]) -> Array:
    parts = [np.round(rng.uniform(0.5, 1.5, like.shape), 2) * rng.choice([-1.0, 1.0], like.shape) for _ in range(2)]
    if like.dtype.kind == "c":
        return np.asarray(parts[0] + 1j * parts[1], np.result_type(dtype, np.complex64))
    return np.asarray(parts[0], real_dtype(dtype))


def _compare(
    what: str,
    got: Estimate,
    wanted: Sequence[Array],
    uncertainty: float,
    inputs: Inputs,
    outputs: Sequence[Array],
) -> None:
    """Compare arrays, shapes and dtypes, within rounding, the reference's error and the engine's own estimate."""
    shapes = expected_shapes(got.operator, [a.shape for a in inputs.arrays], [a.shape for a in outputs])
    _check([a.shape for a in got.arrays] == shapes, f"{what}: shapes {[a.shape for a in got.arrays]}, wanted {shapes}")
    kinds = {np.dtype(a.dtype).name for a in got.arrays}
    narrow = {inputs.dtype.name, *(a.dtype.name for a in inputs.arrays), real_dtype(inputs.dtype).name}
    _check(kinds <= narrow, f"{what}: dtypes {sorted(kinds)}, wanted {' or '.join(sorted(narrow))}")
    order = got.operator.order
    for i, (array, want) in enumerate(zip(got.arrays, wanted, strict=True)):
        scale = max(1.0, float(np.max(np.abs(want), initial=0.0)))
        rounding = DERIVATIVE_ULPS[order] * float(np.finfo(array.dtype).eps)
        own = _own_error(got, i)
        if array.dtype in (np.float64, np.complex128):
            useful = bool(np.all(own <= USEFUL_ERROR[order] * scale))
            _check(useful, f"{what}: it estimates its own error at {np.max(own, initial=0.0):.1e}, too wide to tell")
        _close(what, array, want, (rounding + ACCURACY[order]) * scale + 10.0 * uncertainty + 3.0 * own)


def _own_error(estimate: Estimate, index: int) -> Array:
    """Return an engine's estimate of its error, zero where it makes none."""
    if estimate.errors is None:
        return np.zeros(estimate.arrays[index].shape)
    error = estimate.errors[index]
    return np.where(np.isnan(error), 0.0, error)


def _allowed(order: int, estimate: Estimate) -> float:
    own = [float(np.max(_own_error(estimate, i), initial=0.0)) for i in range(len(estimate.arrays))]
    return 1e-11 + 10.0 * max(own) * order


def _close(what: str, got: Any, wanted: Any, tolerance: Any) -> None:
    """Fail with the worst element unless got is within tolerance of wanted; NaN never is."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    with np.errstate(all="ignore"):
        difference = np.abs(got - wanted)
    allowed = np.broadcast_to(np.asarray(tolerance), difference.shape)
    bad = ~(difference <= allowed)
    if bad.any():
        worst = np.unravel_index(np.argmax(np.where(bad, np.nan_to_num(difference, nan=np.inf), -1.0)), bad.shape)
        raise AssertionError(
            f"{what}: got {got[worst]!r} at {tuple(map(int, worst))}, wanted {wanted[worst]!r} "
            f"within {float(allowed[worst]):.1e}; {int(bad.sum())} of {bad.size} elements differ"
        )


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _plain(result: Any) -> Array:
    return np.asarray(getattr(result, "value", result))


def _scalar(dtype: str) -> Array:
    return np.array(2.5, dtype)


def _global_state(backend: Backend, own: Any) -> Any:
    random = np.random.get_state(legacy=False)
    return (
        dict(backend.flags()),
        own,
        np.geterr(),
        random["state"]["pos"],
        random["state"]["key"].tobytes(),
        list(warnings.filters),
    )
