"""The interface that every way of differentiating stands behind.

An adapter names its modes and implements a hook for each operator that its framework computes
natively; the public methods here are final: they bind the user's function, derive the operators
that have no hook, validate what comes back and mark it native or derived.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, final

import numpy as np
import optree

from gradcheck.errors import (
    FunctionError,
    GradcheckError,
    InputError,
    MissingBackendError,
    NotScalarError,
    UnknownNameError,
    UnsupportedError,
    WrongShapeError,
    first_line,
)
from gradcheck.functions import Array, Function, Inputs, real_dtype
from gradcheck.operators import Operator

Kernel = Callable[..., Sequence[Any]]
"""``kernel(leaves, *seeds) -> arrays``, all in the framework's own arrays.

``leaves`` is a list with one array for each differentiated leaf; an operator with a seed gets one
more list (tangents like the leaves, cotangents like the outputs). What it returns is a flat list:
``value`` and ``jvp`` one array an output; ``gradient``, ``vjp`` and ``hvp`` one a leaf;
``jacobian`` one for each (output, leaf) pair, outputs outermost; ``hessian`` one for each (leaf, leaf) pair.
"""


@dataclass(frozen=True)
class Engine:
    """A backend in one of its modes, written ``torch``, ``torch:compile`` or ``numerical@torch``.

    Parameters
    ----------
    backend : str
        The name under which the backend is registered.
    mode : str
        One of its modes; empty for the default one.
    host : str
        For an engine that differentiates another framework's forward: that framework.
    """

    backend: str
    mode: str = ""
    host: str = ""

    def __str__(self) -> str:
        return self.backend + (f":{self.mode}" if self.mode else "") + (f"@{self.host}" if self.host else "")

    @classmethod
    def parse(cls, text: str) -> Engine:
        """Read what ``str`` wrote; whether such an engine exists is not looked up."""
        rest, _, host = text.partition("@")
        backend, _, mode = rest.partition(":")
        return cls(backend, mode, host)


@dataclass(frozen=True)
class Estimate:
    """What an engine returns for an operator.

    Parameters
    ----------
    engine : Engine
        Who computed it.
    operator : Operator
        What was computed.
    arrays : tuple of numpy.ndarray
        In the order of `Kernel`.
    errors : tuple of numpy.ndarray or None
        For each element of `arrays`, the engine's own estimate of its absolute error (inf: it
        failed there), where the engine knows one. An estimate, not a bound.
    native : bool
        Whether the framework has the operator itself; else it was derived from another one.
    seconds : float
        Wall time of this computation, tracing and compiling included, in seconds.
    notes : tuple of str
        What the engine wants known about how it went.
    """

    engine: Engine
    operator: Operator
    arrays: tuple[Array, ...]
    errors: tuple[Array, ...] | None = None
    native: bool = True
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """An array with an error estimate for each element, as the numerical backend's kernels return it.

    Parameters
    ----------
    value : numpy.ndarray
        The estimate.
    error : numpy.ndarray
        Its estimated absolute error, of the same shape; inf where it failed, NaN where it is not known.
    notes : tuple of str
        Why it failed where it did.
    """

    value: Array
    error: Array
    notes: tuple[str, ...] = ()


class Bound:
    """A user's function as a function of its differentiated leaves, in one framework's arrays.

    Calling it with a list of leaves gives the list of output leaves.

    Parameters
    ----------
    function : Function
        The user's function.
    inputs : Inputs
        The point: its structure and its constants.
    backend : str
        Whose arrays it takes, for messages.
    call : callable
        The form of the function to call with positional arguments.
    constant : callable
        Converts the arrays that are not differentiated.
    is_array : callable
        Whether an output is one of the framework's floating arrays.
    scalar : bool
        Whether the output must be one 0-d array.

    Attributes
    ----------
    outputs : optree.PyTreeSpec or None
        The structure of the outputs, once the function has been called.
    """

    def __init__(
        self,
        function: Function,
        inputs: Inputs,
        backend: str,
        call: Callable[..., Any],
        constant: Callable[[Array], Any],
        is_array: Callable[[Any], bool],
        scalar: bool = False,
    ) -> None:
        self.function, self.inputs, self.backend, self.scalar = function, inputs, backend, scalar
        self.call, self._is_array = call, is_array
        self._active, self._template = inputs.active, inputs.template
        self._constants = [
            constant(leaf) if isinstance(leaf, np.ndarray) and i not in inputs.active else leaf
            for i, leaf in enumerate(inputs.leaves)
        ]
        self.outputs: optree.PyTreeSpec | None = None

    def arguments(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """Return the positional arguments with these arrays as differentiated leaves."""
        filled = list(self._constants)
        for i, leaf in zip(self._active, leaves, strict=True):
            filled[i] = leaf
        # tree_map over a template, since torch.compile can trace that and not tree_unflatten
        arguments: Any = optree.tree_map(lambda i: filled[i], self._template)
        return tuple(arguments)

    def __call__(self, leaves: Sequence[Any]) -> list[Any]:
        """Call the function.

        Raises
        ------
        FunctionError
            If it returned something other than a pytree of this framework's arrays.
        NotScalarError
            If one 0-d output was needed and it returned another.
        """
        result = self.call(*self.arguments(leaves))
        outputs, structure = optree.tree_flatten(result)
        if not outputs:
            raise FunctionError(f"{self.function.name} returned {result!r:.60}; wanted an array or a pytree of arrays")
        for output in outputs:
            if not self._is_array(output):
                raise FunctionError(
                    f"{self.function.name} returned {_describe(output)} under {self.backend}; "
                    f"wanted a floating array of {self.backend}, or a pytree of them"
                )
        if self.scalar and (len(outputs) != 1 or tuple(np.shape(outputs[0])) != ()):
            shapes = ", ".join(str(tuple(np.shape(o))) for o in outputs)
            raise NotScalarError(
                f"a scalar is needed: {self.function.name} returned shape {shapes}; "
                "use the operators jacobian, jvp or vjp, or reduce the output to 0-d"
            )
        if self.outputs is None:
            self.outputs = structure
        return list(outputs)


def _describe(value: Any) -> str:
    article = "an" if type(value).__name__[0].lower() in "aeiou" else "a"
    return f"{article} {type(value).__name__} ({value!r:.40})"


class Prepared:
    """One operator of one function, bound to one engine and ready to run.

    The steps of `run` are apart, so that a benchmark can time the execution alone.

    Attributes
    ----------
    engine : Engine
        Who runs it.
    bound : Bound
        The function, bound to the engine's framework.
    operator : Operator
        What is computed.
    native : bool
        Whether the framework's own operator is used.
    """

    def __init__(
        self, backend: Backend, engine: Engine, bound: Bound, operator: Operator, kernel: Kernel, native: bool
    ) -> None:
        self._backend, self._kernel = backend, kernel
        self.engine, self.bound, self.operator, self.native = engine, bound, operator, native

    def load(self, *groups: Sequence[Array]) -> list[list[Any]]:
        """Convert leaves, and seeds where the operator has them, to what `execute` takes."""
        if not self.native:
            return [list(group) for group in groups]
        with self._backend.scope():
            return [[self._backend.asarray(array) for array in group] for group in groups]

    def execute(self, groups: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """Run the kernel on loaded arrays and wait until the result is there."""
        if not self.native:
            return self._kernel(*groups)
        with self._backend.scope():
            results = self._kernel(*groups)
            self._backend.synchronize(results)
            return results

    def fetch(self, results: Sequence[Any]) -> list[Array | Measured]:
        """Convert what `execute` returned to NumPy; None (no dependence) stays None."""
        if not self.native:
            return list(results)
        with self._backend.scope():
            return [r if isinstance(r, Measured) else self._backend.to_numpy(r) for r in results]

    def run(self, *groups: Sequence[Array]) -> list[Array | Measured]:
        """Load, execute and fetch.

        Raises
        ------
        UnsupportedError
            With the framework's reason, if it has no such derivative.
        FunctionError
            If the function raised, returned nonsense or wrote into its inputs.
        """
        with self._backend.translating(self.bound.function.name, self.operator):
            loaded = self.load(*groups)
            fetched = self.fetch(self.execute(loaded))
        if self.native:
            self._refuse_mutation(loaded[0], groups[0])
        return fetched

    def estimate(
        self,
        leaves: Sequence[Array],
        seed: Sequence[Array] | None = None,
        output_shapes: Sequence[tuple[int, ...]] | None = None,
    ) -> Estimate:
        """Run, and validate what came back.

        Parameters
        ----------
        leaves : sequence of numpy.ndarray
            The differentiated leaves.
        seed : sequence of numpy.ndarray, optional
            The tangents or cotangents of an operator that has them.
        output_shapes : sequence of tuple of int, optional
            The shapes of the function's outputs, where they are known.

        Returns
        -------
        Estimate
            Arrays of the shapes that the operator has, in NumPy.

        Raises
        ------
        UnsupportedError, FunctionError
            As `run`.
        WrongShapeError
            If an array has not the shape that the operator must have.
        """
        started = time.perf_counter()
        if (seed is not None) != (self.operator.seed is not None):
            wanted = f"a {self.operator.seed}" if self.operator.seed else "no seed"
            raise InputError(f"the {self.operator} takes {wanted}, got {'none' if seed is None else 'one'}")
        like = leaves if self.operator.seed == "tangent" else None
        if seed is not None and like is not None and [s.shape for s in seed] != [a.shape for a in like]:
            got, wanted = (", ".join(str(a.shape) for a in arrays) for arrays in (seed, like))
            raise InputError(f"the tangents have shapes {got}; wanted {wanted}")
        results = self.run(leaves) if seed is None else self.run(leaves, seed)
        seconds = time.perf_counter() - started
        arrays = _plain(results)
        self._validate(arrays, expected_shapes(self.operator, [a.shape for a in leaves], output_shapes))
        measured = [r for r in results if isinstance(r, Measured)]
        known = len(measured) == len(arrays) and not any(np.isnan(m.error).any() for m in measured)
        return Estimate(
            self.engine,
            self.operator,
            tuple(arrays),
            tuple(m.error for m in measured) if known else None,
            self.native,
            seconds,
            tuple(dict.fromkeys(note for m in measured for note in m.notes)),
        )

    def _validate(self, arrays: Sequence[Array], shapes: Sequence[tuple[int, ...]] | None) -> None:
        if shapes is None:
            shapes = [a.shape for a in arrays]
        if len(arrays) != len(shapes):
            raise FunctionError(
                f"{self.engine} returned {len(arrays)} array(s) for the {self.operator}; wanted {len(shapes)}"
            )
        labels = self.bound.inputs.labels
        for i, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
            label = block_label(self.operator, i, labels)
            if array.shape != shape:
                raise WrongShapeError(str(self.engine), self.operator.value, label, array, shape)
            if array.dtype.kind not in "fc":
                raise FunctionError(
                    f"{self.engine} returned dtype {array.dtype} for the {self.operator}"
                    f"{' of ' + label if label else ''}; wanted a floating one"
                )

    def _refuse_mutation(self, loaded: Sequence[Any], originals: Sequence[Array]) -> None:
        with self._backend.scope():
            for label, array, original in zip(self.bound.inputs.labels, loaded, originals, strict=True):
                if not np.array_equal(self._backend.to_numpy(array), original, equal_nan=True):
                    raise FunctionError(
                        f"{self.bound.function.name} changed its input {label} in place under "
                        f"{self.bound.backend}; work on a copy"
                    )


class Backend(ABC):
    """The adapter of one framework.

    Subclasses set the class attributes and implement the abstract methods, `value`, and a hook
    for each operator that the framework computes itself. A hook gets the bound function and a
    mode and returns a `Kernel`, or None where that mode has no native form of the operator; it
    raises `UnsupportedError` where the operator cannot be had at all.

    Attributes
    ----------
    name : str
        The name under which the entry point registers it.
    modes : mapping of str to str
        Each mode and what it does in a few words; the first is the default.
    frameworks : tuple of str
        The distributions whose versions a report records.
    runs : str
        The key of the native functions that it runs, where that is not `name`.
    dtypes : tuple of str
        The dtypes that it computes in.
    """

    name: ClassVar[str]
    modes: ClassVar[Mapping[str, str]]
    frameworks: ClassVar[tuple[str, ...]] = ()
    runs: ClassVar[str] = ""
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64")

    # -- what an adapter must implement -------------------------------------------------------

    @abstractmethod
    def namespace(self, dtype: np.dtype[Any]) -> Any:
        """Return the namespace for portable functions; its floating constants have `dtype` (a real one)."""

    @abstractmethod
    def asarray(self, array: Array) -> Any:
        """Convert a NumPy array to the framework, with its own memory."""

    @abstractmethod
    def to_numpy(self, array: Any) -> Array:
        """Convert a framework's array to NumPy."""

    @abstractmethod
    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is one of the framework's floating or complex arrays."""

    @abstractmethod
    def value(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of f(x)."""

    # -- what an adapter may implement --------------------------------------------------------

    def gradient(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the gradient; complex ones are df/dRe + i df/dIm."""
        return None

    def jacobian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the Jacobian."""
        return None

    def jvp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the pushforward J v."""
        return None

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the pullback of a cotangent u, J^T u for the inner product Re<u, v>."""
        return None

    def hessian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the Hessian."""
        return None

    def hvp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the Hessian times a tangent."""
        return None

    def portable(self, f: Callable[..., Any], namespace: Any) -> Callable[..., Any]:
        """Return a portable function as one of the framework's arrays; the place to wrap and unwrap them."""
        return lambda *args: f(namespace, *args)

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context that sets the framework's global flags and restores them."""
        return nullcontext()

    def synchronize(self, results: Sequence[Any]) -> None:  # noqa: B027 - most frameworks have nothing to wait for
        """Wait until asynchronous results are computed."""

    def unsupported(self, error: Exception, operator: Operator) -> str | None:
        """Return the reason if `error` is the framework's way to say that it cannot do this."""
        return None

    def missing(self, mode: str) -> str | None:
        """Return what a mode lacks on this machine (``"a C++ compiler"``), None if it can run."""
        return None

    def devices(self) -> tuple[str, ...]:
        """Return the devices that the framework sees."""
        return ("cpu",)

    def flags(self) -> Mapping[str, str]:
        """Return the framework's precision flags, as the caller has them set."""
        return {}

    # -- final --------------------------------------------------------------------------------

    @final
    def engine(self, mode: str = "", host: str = "") -> Engine:
        """Return the engine of a mode; the default mode is left unnamed.

        Raises
        ------
        UnknownNameError
            If there is no such mode.
        """
        if mode and mode not in self.modes:
            raise UnknownNameError(f"mode of {self.name}", mode, self.modes)
        return Engine(self.name, "" if mode == next(iter(self.modes)) else mode, host)

    @final
    def bind(self, function: Function, inputs: Inputs, *, scalar: bool = False) -> Bound:
        """Bind a function to this framework's arrays.

        A function that has no form for this framework raises `UnsupportedError` when it is called.

        Raises
        ------
        UnsupportedError
            If the backend does not compute in the dtype of the inputs.
        """
        dtypes = {a.dtype.name for a in inputs.arrays}
        unfit = sorted(dtypes - set(self.dtypes))
        if unfit:
            raise UnsupportedError(f"{self.name} does not compute in {', '.join(unfit)}")
        with self.scope():
            return Bound(function, inputs, self.name, self._form(function, inputs), self.asarray, self.is_array, scalar)

    def _form(self, function: Function, inputs: Inputs) -> Callable[..., Any]:
        key = self.runs or self.name
        if key in function.native:
            return function.native[key]
        if function.portable is not None:
            return self.portable(function.portable, self.namespace(real_dtype(inputs.dtype)))
        have = ", ".join(function.native) or "none"

        def absent(*args: Any) -> Any:
            raise UnsupportedError(f"{function.name} is not portable and has no function for {key} (it has: {have})")

        return absent

    @final
    def prepare(
        self, function: Function, inputs: Inputs, operator: Operator, mode: str = "", host: Backend | None = None
    ) -> Prepared:
        """Bind a function and choose how this engine computes an operator of it.

        Parameters
        ----------
        function : Function
            The function.
        inputs : Inputs
            Its inputs; their shapes, dtypes and constants are what the function is bound to.
        operator : Operator
            What to compute.
        mode : str
            One of `modes`; by default the first.
        host : Backend, optional
            Another framework, whose forward is evaluated in place of this backend's own.

        Raises
        ------
        UnsupportedError
            If the operator cannot be had from this engine.
        MissingBackendError
            If the mode needs something that this machine lacks.
        """
        mode = mode or next(iter(self.modes))
        lack = self.missing(mode)
        if lack is not None:
            raise MissingBackendError(f"{self.engine(mode)} needs {lack}")
        complex_inputs = any(a.dtype.kind == "c" for a in inputs.arrays)
        if complex_inputs and operator in (Operator.JACOBIAN, Operator.HESSIAN, Operator.HVP):
            raise UnsupportedError(f"the {operator} of complex inputs is not defined here; use gradient, jvp or vjp")
        bound = (
            self.bind(function, inputs, scalar=operator.scalar)
            if host is None
            else _hosted(self, host, function, inputs, operator.scalar)
        )
        engine = self.engine(mode, host.name if host is not None else "")
        kernel = self._native_kernel(operator, bound, mode)
        if kernel is not None:
            return Prepared(self, engine, bound, operator, kernel, native=True)
        for source, derive in _DERIVATIONS[operator]:
            if source is Operator.JACOBIAN and complex_inputs:
                continue  # not defined for complex inputs, but jvp is
            native = self._native_kernel(source, bound, mode)
            if native is not None:
                prepared = Prepared(self, engine, bound, source, native, native=True)
                return Prepared(self, engine, bound, operator, derive(prepared), native=False)
        raise UnsupportedError(f"{self.engine(mode)} has no {operator}, and none of its operators gives it")

    def _native_kernel(self, operator: Operator, bound: Bound, mode: str) -> Kernel | None:
        hook: Callable[[Bound, str], Kernel | None] = getattr(self, operator.value)
        with self.translating(bound.function.name, operator):
            return hook(bound, mode)

    @final
    @contextmanager
    def translating(self, function: str, operator: Operator) -> Iterator[None]:
        """Turn what the user's function or the framework raises into an error of ours.

        Raises
        ------
        UnsupportedError
            If it is the framework's way to say that it cannot do this.
        FunctionError
            If it is anything else.
        """
        try:
            yield
        except GradcheckError:
            raise
        except (MemoryError, RecursionError) as error:
            raise FunctionError(f"{self.name} gave up on {function}: {first_line(error)}") from error
        except Exception as error:
            reason = self.unsupported(error, operator)
            if reason is not None:
                raise UnsupportedError(reason) from error
            raise FunctionError(f"{function} failed under {self.name}: {first_line(error)}") from error

    @final
    def estimate(
        self,
        function: Function,
        inputs: Inputs,
        operator: Operator,
        *,
        mode: str = "",
        seed: Sequence[Array] | None = None,
        host: Backend | None = None,
        output_shapes: Sequence[tuple[int, ...]] | None = None,
    ) -> Estimate:
        """Prepare an operator and compute it once; see `prepare` and `Prepared.estimate`."""
        started = time.perf_counter()
        estimate = self.prepare(function, inputs, operator, mode, host).estimate(inputs.arrays, seed, output_shapes)
        return replace(estimate, seconds=time.perf_counter() - started)


def _hosted(backend: Backend, host: Backend, function: Function, inputs: Inputs, scalar: bool) -> Bound:
    """Bind `backend` to the forward of `host`, seen as a function of NumPy arrays."""
    forward = host.bind(function, inputs)
    kernel = host.value(forward, next(iter(host.modes)))
    prepared = Prepared(host, host.engine(), forward, Operator.VALUE, kernel, native=True)

    def call(*args: Any) -> Any:
        arguments: Any = args
        leaves = optree.tree_leaves(arguments)
        outputs = prepared.run([leaves[i] for i in inputs.active])
        structure = forward.outputs
        return optree.tree_unflatten(structure, outputs) if structure is not None else outputs

    return Bound(function, inputs, host.name, call, lambda a: a, backend.is_array, scalar)


def expected_shapes(
    operator: Operator, inputs: Sequence[tuple[int, ...]], outputs: Sequence[tuple[int, ...]] | None
) -> list[tuple[int, ...]] | None:
    """Return the shapes of an operator's arrays, in the order of `Kernel`; None if unknown."""
    if operator in (Operator.GRADIENT, Operator.VJP, Operator.HVP):
        return list(inputs)
    if operator is Operator.HESSIAN:
        return [a + b for a in inputs for b in inputs]
    if outputs is None:
        return None
    if operator is Operator.JACOBIAN:
        return [t + s for t in outputs for s in inputs]
    return list(outputs)


def block_label(operator: Operator, index: int, labels: Sequence[str]) -> str:
    """Name array `index` of an operator's result after the argument it belongs to: ``w``, ``w, b``."""
    if operator in (Operator.GRADIENT, Operator.VJP, Operator.HVP):
        return labels[index]
    if operator is Operator.JACOBIAN:
        return labels[index % len(labels)]
    if operator is Operator.HESSIAN:
        first, second = divmod(index, len(labels))
        return labels[first] if len(labels) == 1 else f"{labels[first]}, {labels[second]}"
    return "" if index == 0 else f"output {index}"


# -- operators derived from others, in NumPy --------------------------------------------------


def _plain(results: Sequence[Array | Measured]) -> list[Array]:
    return [r.value if isinstance(r, Measured) else r for r in results]


def _basis(shapes: Sequence[tuple[int, ...]], dtypes: Sequence[np.dtype[Any]]) -> list[list[Array]]:
    """Return the unit tangents of a list of leaves, one list for each real coordinate."""
    units: list[list[Array]] = []
    for i, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True)):
        for k in range(prod(shape)):
            for unit in (1.0, 1.0j) if dtype.kind == "c" else (1.0,):
                tangent = [np.zeros(s, d) for s, d in zip(shapes, dtypes, strict=True)]
                tangent[i].flat[k] = unit
                units.append(tangent)
    return units


def _gradient_from_vjp(vjp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        return _plain(vjp.run(leaves, [np.ones((), real_dtype(vjp.bound.inputs.dtype))]))

    return kernel


def _gradient_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        slopes = (_plain(jvp.run(leaves, unit))[0] for unit in _units(leaves))
        return _fill(leaves, slopes)

    return kernel


def _units(leaves: Sequence[Array]) -> list[list[Array]]:
    return _basis([a.shape for a in leaves], [a.dtype for a in leaves])


def _fill(leaves: Sequence[Array], slopes: Any) -> list[Array]:
    """Arrange one real slope for each real coordinate like the leaves."""
    slopes = iter(slopes)
    filled = []
    for leaf in leaves:
        flat = np.zeros(leaf.size, leaf.dtype)
        for k in range(leaf.size):
            flat[k] = np.real(next(slopes))
            if leaf.dtype.kind == "c":
                flat[k] += 1j * np.real(next(slopes))
        filled.append(flat.reshape(leaf.shape))
    return filled


def _jacobian_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        columns = [_plain(jvp.run(leaves, unit)) for unit in _units(leaves)]
        if not columns:
            raise UnsupportedError("a Jacobian with no columns cannot be derived from jvp")
        return _from_columns(columns, leaves)

    return kernel


def _from_columns(columns: Sequence[Sequence[Array]], leaves: Sequence[Array]) -> list[Array]:
    blocks = []
    for k in range(len(columns[0])):
        start = 0
        for leaf in leaves:
            part = [column[k] for column in columns[start : start + leaf.size]]
            shape = columns[0][k].shape
            stacked = np.stack(part, axis=-1) if part else np.zeros((*shape, 0), columns[0][k].dtype)
            blocks.append(stacked.reshape(shape + leaf.shape))
            start += leaf.size
    return blocks


def _jvp_from_jacobian(jacobian: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array], tangents: Sequence[Array]) -> list[Array]:
        blocks = _plain(jacobian.run(leaves))
        outputs = len(blocks) // len(leaves)
        products = [
            np.tensordot(block, tangents[i % len(leaves)], tangents[i % len(leaves)].ndim)
            for i, block in enumerate(blocks)
        ]
        return [np.asarray(sum(products[k * len(leaves) : (k + 1) * len(leaves)])) for k in range(outputs)]

    return kernel


def _vjp_from_jacobian(jacobian: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        blocks = _plain(jacobian.run(leaves))
        return [
            np.asarray(sum(np.tensordot(u, blocks[k * len(leaves) + i], u.ndim) for k, u in enumerate(cotangents)))
            for i in range(len(leaves))
        ]

    return kernel


def _vjp_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        slopes = (
            sum(np.vdot(u, t).real for u, t in zip(cotangents, _plain(jvp.run(leaves, unit)), strict=True))
            for unit in _units(leaves)
        )
        return _fill(leaves, slopes)

    return kernel


def _hessian_from_hvp(hvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        columns = [_plain(hvp.run(leaves, unit)) for unit in _units(leaves)]
        if not columns:
            return [np.zeros(a.shape + b.shape, a.dtype) for a in leaves for b in leaves]
        return _from_columns(columns, leaves)

    return kernel


_DERIVATIONS: Mapping[Operator, Sequence[tuple[Operator, Callable[[Prepared], Kernel]]]] = {
    Operator.VALUE: (),
    Operator.GRADIENT: ((Operator.VJP, _gradient_from_vjp), (Operator.JVP, _gradient_from_jvp)),
    Operator.JACOBIAN: ((Operator.JVP, _jacobian_from_jvp),),
    Operator.JVP: ((Operator.JACOBIAN, _jvp_from_jacobian),),
    Operator.VJP: ((Operator.JACOBIAN, _vjp_from_jacobian), (Operator.JVP, _vjp_from_jvp)),
    Operator.HESSIAN: ((Operator.HVP, _hessian_from_hvp),),
    Operator.HVP: ((Operator.HESSIAN, _jvp_from_jacobian),),
}
