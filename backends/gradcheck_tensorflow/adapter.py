"""The adapter of TensorFlow."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.config import is_op_determinism_enabled

from gradcheck.backend import Backend, Bound, Kernel
from gradcheck.errors import FunctionError, UnsupportedError, first_line
from gradcheck.estimates import without_gradient
from gradcheck.functions import DTYPES, Array
from gradcheck.operators import Operator
from gradcheck.rules import Alter
from gradcheck_tensorflow.namespace import TensorflowNamespace
from gradcheck_tensorflow.rules import checkers, with_rule

ZERO = tf.UnconnectedGradients.ZERO

TRACED = ("function", "xla")
"""The modes whose kernels are traced into a graph."""

LOOP_ROWS = 64
"""An eager Jacobian of at most so many rows is looped over: vectorising traces it anew in every call."""


class TensorflowBackend(Backend):
    """TensorFlow's automatic differentiation.

    In the modes ``eager``, ``function`` and ``xla`` first derivatives and Hessians come from
    `tf.GradientTape`, in ``forward`` everything comes from `tf.autodiff.ForwardAccumulator`, which
    also gives the pushforward of the other modes. The accumulator transposes the reverse rule of
    each operation, so that a wrong rule is wrong in both directions; a `tf.custom_gradient`,
    though, is a rule of the tape only, and eagerly the accumulator sees what is inside of it.
    """

    name = "tensorflow"
    modes: ClassVar[Mapping[str, str]] = {
        "eager": "GradientTape, one operation at a time",
        "function": "GradientTape, traced by tf.function",
        "xla": "GradientTape, compiled by tf.function(jit_compile=True)",
        "forward": "ForwardAccumulator, one operation at a time",
    }
    frameworks = ("tensorflow",)
    dtypes = DTYPES

    # -- arrays and functions -----------------------------------------------------------------

    def namespace(self, dtype: np.dtype[Any]) -> TensorflowNamespace:
        """Return the namespace for portable functions."""
        return TensorflowNamespace(dtype)

    def portable(self, f: Callable[..., Any], namespace: TensorflowNamespace) -> Callable[..., Any]:
        """Return a portable function, which gets arrays with NumPy's semantics, as one of plain tensors."""
        return lambda *args: namespace.unwrap(f(namespace, *namespace.wrap(args)))

    def asarray(self, array: Array) -> Any:
        """Convert a NumPy array to a tensor with its own memory."""
        return tf.constant(np.array(array))

    def to_numpy(self, array: Any) -> Array:
        """Convert a tensor to NumPy."""
        return np.array(array.numpy())

    def is_array(self, leaf: Any) -> bool:
        """Whether `leaf` is a floating or complex tensor."""
        return isinstance(leaf, tf.Tensor) and (leaf.dtype.is_floating or leaf.dtype.is_complex)

    # -- operators ----------------------------------------------------------------------------

    def value(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of f(x)."""
        return _in_mode(bound, mode, bound)

    def gradient(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the gradient, by the tape."""
        if mode == "forward":
            return None

        def kernel(leaves: Sequence[Any]) -> list[Any]:
            with _watching(leaves) as tape:
                outputs = bound(leaves)
            return _noted(bound, tape, outputs, leaves)

        return _in_mode(bound, mode, kernel)

    def vjp(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the pullback, by the tape."""
        if mode == "forward":
            return None

        def kernel(leaves: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
            with _watching(leaves) as tape:
                outputs = bound(leaves)
            return _noted(bound, tape, outputs, leaves, cotangents)

        return _in_mode(bound, mode, kernel)

    def jacobian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the Jacobian, by ``tape.jacobian``."""
        if mode == "forward":
            return None

        def kernel(leaves: Sequence[Any]) -> list[Any]:
            with _watching(leaves, persistent=True) as tape:
                outputs = bound(leaves)
                parts = [(tf.math.real(y), tf.math.imag(y)) if y.dtype.is_complex else (y,) for y in outputs]
            blocks = []
            for part in parts:  # the tape knows only derivatives of real numbers
                rows = [_rows(tape, target, leaves) for target in part]
                blocks += rows[0] if len(rows) == 1 else [tf.complex(*pair) for pair in zip(*rows, strict=True)]
            return blocks

        return _in_mode(bound, mode, kernel)

    def jvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of the pushforward, by the forward accumulator."""

        def kernel(leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
            with tf.autodiff.ForwardAccumulator(list(leaves), _like(tangents, leaves)) as accumulator:
                outputs = bound(leaves)
            return _dense(accumulator.jvp(y, ZERO) for y in outputs)

        return _in_mode(bound, mode, kernel)

    def hessian(self, bound: Bound, mode: str) -> Kernel | None:
        """Return the kernel of the Hessian, ``tape.jacobian`` of the tape's gradient."""
        if mode == "forward":
            return None

        def kernel(leaves: Sequence[Any]) -> list[Any]:
            with _watching(leaves, persistent=True) as outer:
                with _watching(leaves) as inner:
                    outputs = bound(leaves)
                slopes = _pulled_back(inner, outputs, leaves)
            return [block for slope in slopes for block in _rows(outer, slope, leaves)]

        return _in_mode(bound, mode, kernel)

    def hvp(self, bound: Bound, mode: str) -> Kernel:
        """Return the kernel of H v: the accumulator over a tape in ``forward``, else a tape over a tape."""

        def reverse(leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
            with _watching(leaves) as outer:
                with _watching(leaves) as inner:
                    outputs = bound(leaves)
                slopes = _pulled_back(inner, outputs, leaves)
            return _pulled_back(outer, slopes, leaves, tangents)

        def forward(leaves: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
            with tf.autodiff.ForwardAccumulator(list(leaves), _like(tangents, leaves)) as accumulator:
                with _watching(leaves) as tape:
                    outputs = bound(leaves)
                slopes = _pulled_back(tape, outputs, leaves)
            return _dense(accumulator.jvp(slope, ZERO) for slope in slopes)

        return _in_mode(bound, mode, forward if mode == "forward" else reverse)

    # -- custom rules -------------------------------------------------------------------------

    def with_rule(self, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
        """Return a `tf.custom_gradient` of `f` whose backward is altered."""
        return with_rule(f, alter)

    def checkers(self, order: int = 1) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
        """Return `tf.test.compute_gradient`, judged as its documentation does: ``assertAllClose`` at its defaults."""
        return checkers(order)

    # -- the framework ------------------------------------------------------------------------

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context in which TensorFlow's Python logger reports errors only."""
        return _errors_only()

    def unsupported(self, error: Exception, operator: Operator) -> str | None:
        """Return TensorFlow's reason if it has no such derivative, kernel or compilation."""
        return _reason(error)

    def missing(self, mode: str) -> str | None:
        """Return what is lacking: eager execution, if the caller has switched it off or is inside a graph."""
        if tf.executing_eagerly():
            return None
        return "eager execution; call gradcheck outside of tf.function and without tf.compat.v1.disable_eager_execution"

    def devices(self) -> tuple[str, ...]:
        """Return the devices that TensorFlow sees."""
        return tuple(device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices())

    def flags(self) -> Mapping[str, str]:
        """Return what changes the precision or reproducibility of results, as the caller has it."""
        flags = {
            "tensor_float_32": tf.config.experimental.tensor_float_32_execution_enabled(),
            "op_determinism": is_op_determinism_enabled(),
        }
        return {name: "on" if value else "off" for name, value in flags.items()}


# -- kernels ----------------------------------------------------------------------------------


@contextmanager
def _watching(leaves: Sequence[Any], *, persistent: bool = False) -> Iterator[Any]:
    """Record on a tape that watches the leaves and nothing else."""
    with tf.GradientTape(persistent=persistent, watch_accessed_variables=False) as tape:
        tape.watch(list(leaves))
        yield tape


def _pulled_back(
    tape: Any, outputs: Sequence[Any], leaves: Sequence[Any], cotangents: Sequence[Any] | None = None
) -> list[Any]:
    """Return the tape's gradients; they are zeros where nothing depends on a leaf."""
    seeds = None if cotangents is None else _like(cotangents, outputs)
    slopes = tape.gradient(list(outputs), list(leaves), output_gradients=seeds, unconnected_gradients=ZERO)
    return _dense(slopes)


def _noted(
    bound: Bound, tape: Any, outputs: Sequence[Any], leaves: Sequence[Any], cotangents: Sequence[Any] | None = None
) -> list[Any]:
    """Return the tape's gradients; eagerly, the zeros where there is none bear a note of that."""
    if not tf.executing_eagerly():
        return _pulled_back(tape, outputs, leaves, cotangents)
    seeds = None if cotangents is None else _like(cotangents, outputs)
    slopes = tape.gradient(list(outputs), list(leaves), output_gradients=seeds)
    return [
        without_gradient(like, label) if slope is None else tf.convert_to_tensor(slope)
        for slope, like, label in zip(slopes, bound.inputs.arrays, bound.inputs.labels, strict=True)
    ]


def _dense(slopes: Iterable[Any]) -> list[Any]:
    """Convert to tensors: the derivative of a gather comes as `tf.IndexedSlices`."""
    return [tf.convert_to_tensor(slope) for slope in slopes]


def _like(seeds: Sequence[Any], arrays: Sequence[Any]) -> list[Any]:
    return [tf.cast(seed, array.dtype) for seed, array in zip(seeds, arrays, strict=True)]


def _rows(tape: Any, target: Any, leaves: Sequence[Any]) -> list[Any]:
    """Return the Jacobian of one array with respect to each leaf, vectorised where TensorFlow can."""
    size = target.shape.num_elements()
    blocks = [None] * len(leaves)
    if size != 0:  # None: known only when the graph runs
        vectorised = not tf.executing_eagerly() or size > LOOP_ROWS
        try:
            blocks = tape.jacobian(target, list(leaves), experimental_use_pfor=vectorised)
        except ValueError:
            if not vectorised:
                raise
            blocks = tape.jacobian(target, list(leaves), experimental_use_pfor=False)
    return [
        _no_dependence(target, leaf) if block is None else tf.convert_to_tensor(block)
        for block, leaf in zip(blocks, leaves, strict=True)
    ]


def _no_dependence(target: Any, leaf: Any) -> Any:
    return tf.zeros(tf.concat([tf.shape(target), tf.shape(leaf)], 0), leaf.dtype)


class _Traced:
    """A kernel as a graph, traced at its first call and only then."""

    def __init__(self, name: str, kernel: Kernel, *, jit_compile: bool) -> None:
        self._name = name
        self._function = tf.function(kernel, autograph=False, jit_compile=jit_compile)
        self._graph: Any = None

    def __call__(self, *groups: Sequence[Any]) -> Sequence[Any]:
        if self._graph is None:
            self._graph = self._trace(*(list(g) for g in groups))
        results: Sequence[Any] = self._graph(*(list(g) for g in groups))
        return results

    def _trace(self, *groups: Sequence[Any]) -> Any:
        try:
            return self._function.get_concrete_function(*groups)
        except Exception as error:
            if not hasattr(error, "ag_error_metadata") or _reason(error) is not None:
                raise
            message = str(error).rstrip().splitlines()[-1].strip()  # AutoGraph puts its own traceback before it
            kind, _, reason = message.partition(": ")
            if kind in ("LookupError", "UnsupportedError"):  # a derivative that there is not
                raise UnsupportedError(reason) from error
            raise FunctionError(f"{self._name} failed under tensorflow: {message}") from error


def _in_mode(bound: Bound, mode: str, kernel: Kernel) -> Kernel:
    """Return the kernel as the mode runs it."""
    if mode not in TRACED:
        return kernel
    native = bound.function.native.get(bound.backend)
    if bound.call is native and not hasattr(native, "get_concrete_function"):
        bound.call = tf.function(native)  # with AutoGraph, as its author would have it
    return _Traced(bound.function.name, kernel, jit_compile=mode == "xla")


# -- TensorFlow's ways to say no --------------------------------------------------------------

REASONS: tuple[tuple[type[Exception], str], ...] = (
    (LookupError, r"No gradient defined for operation ?'[^']*' \(op type: \w+\)"),
    (LookupError, r"gradient registry has no entry for: \w+"),
    (tf.errors.InvalidArgumentError, r"No registered '\w+' OpKernel for XLA\w* devices"),
    (tf.errors.InvalidArgumentError, r"XLA compilation requires [^.]*"),
    (tf.errors.InvalidArgumentError, r"[^.\n]*must be a compile-time constant[^.\n]*"),
    (tf.errors.InvalidArgumentError, r"(?s)^[^\n]*(?=.*tf2xla conversion failed)"),
    (tf.errors.NotFoundError, r"No registered '\w+' OpKernel for \w+ devices"),
    (tf.errors.InvalidArgumentError, r"Value for attr 'T' of \w+ is not in the list of allowed values[^\n]*"),
    (
        tf.errors.InvalidArgumentError,
        r"Value for attr '\w+' of \S+ is not in the list[^\n]*(?=\s*; NodeDef: {{node \w*Grad)",
    ),
    (TypeError, r"Value passed to parameter '\w+' has DataType \w+ not in list of allowed values[^\n]*"),
    (ValueError, r"Attr '\w+' of '\w*Grad\w*' Op passed [^\n]*"),
    (tf.errors.InvalidArgumentError, r"Current CPU implementations do not yet support [^.\[]*"),
    (tf.errors.InvalidArgumentError, r"Gradients for grouped convolutions are not supported on CPU"),
    (tf.errors.NotFoundError, r"Could not find device for node[^\n]*"),
    (tf.errors.UnimplementedError, r"[^\n]+"),
    (tf.errors.OperatorNotAllowedInGraphError, r"^[^.]*\.[^.]*"),  # "... a symbolic tf.Tensor as a Python bool ..."
    (AttributeError, r"'IndexedSlices' object has no attribute '_id'"),  # the accumulator meets a sparse derivative
)
"""What TensorFlow raises where it lacks a derivative, a kernel or a compilation, and what it then says."""


def _reason(error: Exception) -> str | None:
    """Return TensorFlow's reason in one line, None if the error is of another kind."""
    for kind, pattern in REASONS:
        found = re.search(pattern, str(error)) if isinstance(error, kind) else None
        if found is not None:
            return found[0].strip()
    if isinstance(error, NotImplementedError) and _raised_by_tensorflow(error):
        return first_line(error)
    return None


def _raised_by_tensorflow(error: Exception) -> bool:
    """Whether the error was raised in TensorFlow's code and not in the user's."""
    traceback, module = error.__traceback__, ""
    while traceback is not None:
        module, traceback = traceback.tb_frame.f_globals.get("__name__", ""), traceback.tb_next
    return module.partition(".")[0] == "tensorflow"


@contextmanager
def _errors_only() -> Iterator[None]:
    """Silence TensorFlow's advice on tracing and AutoGraph, which is about code that is not the user's.

    A filter, since setting a level empties the caches of all loggers: that took longer than a small function.
    """

    def is_error(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    logger = tf.get_logger()
    logger.addFilter(is_error)
    try:
        yield
    finally:
        logger.removeFilter(is_error)
