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
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
import optree

from gradcheck.binding import Bound
from gradcheck.derivation import DERIVATIONS
from gradcheck.errors import (
    FunctionError,
    GradcheckError,
    MissingBackendError,
    UnknownNameError,
    UnsupportedError,
    first_line,
)
from gradcheck.estimates import Engine, Estimate, Measured, Projector
from gradcheck.functions import Array, Function, Inputs, real_dtype
from gradcheck.operators import Operator
from gradcheck.preparation import Kernel, Prepared
from gradcheck.rules import Alter

__all__ = ["Backend", "Bound", "Engine", "Estimate", "Kernel", "Measured", "Prepared", "Projector"]


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
    tapes : tuple of str
        The modes that record a graph, in which a custom rule sees what needs a gradient, and
        which can be gone through backwards more than once.
    pushforward : str
        The mode in which a custom rule's own forward-mode rule runs, where it can have one.
    """

    name: ClassVar[str]
    modes: ClassVar[Mapping[str, str]]
    frameworks: ClassVar[tuple[str, ...]] = ()
    runs: ClassVar[str] = ""
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64")
    tapes: ClassVar[tuple[str, ...]] = ()
    pushforward: ClassVar[str] = ""

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

    def projector(
        self, bound: Bound, operator: Operator, leaves: Sequence[Array], seed: Sequence[Array] | None
    ) -> Projector | None:
        """Return what multiplies an operator's derivative with tangents without computing it; None if there is none."""
        return None

    def portable(self, f: Callable[..., Any], namespace: Any) -> Callable[..., Any]:
        """Return a portable function as one of the framework's arrays; the place to wrap and unwrap them."""
        return lambda *args: f(namespace, *args)

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context that sets the framework's global flags and restores them."""
        return nullcontext()

    def synchronize(self, results: Sequence[Any]) -> None:  # noqa: B027 - most frameworks have nothing to wait for
        """Wait until asynchronous results are computed."""

    def layouts(self, array: Array) -> Mapping[str, Any]:
        """Return the framework's array with these elements in other memory layouts, by name; none by default."""
        return {}

    def by_hand(self, bound: Bound, leaves: Sequence[Array], mode: str) -> bool:
        """Whether a function has rules of its own, right for some cotangents only; True where that is not known."""
        return True

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

    def with_rule(self, f: Callable[..., Any], alter: Alter) -> Callable[..., Any]:
        """Return a native function with a custom rule of the framework's own kind.

        Its forward is `f`, its backward is the framework's own pullback of `f`, changed by `alter`;
        the rule itself can be differentiated where the framework lets it be.

        Parameters
        ----------
        f : callable
            Portable, ``f(xp, *arrays)``; it returns an array or a pytree of arrays.
        alter : Alter
            What is done to the gradients; `gradcheck.rules.unaltered` does nothing.

        Returns
        -------
        callable
            Takes arrays of the framework, one for each array that `f` takes.

        Raises
        ------
        UnsupportedError
            If the framework has no custom rules.
        """
        raise UnsupportedError(f"{self.name} has no custom rules of its own")

    def checkers(self, order: int = 1) -> Mapping[str, Callable[[Callable[..., Any], Sequence[Array]], bool]]:
        """Return the framework's own gradient checkers, at their defaults, by name.

        Parameters
        ----------
        order : {1, 2}
            How many derivatives they check.

        Returns
        -------
        mapping of str to callable
            ``checker(native_function, arrays)`` is True if the checker accepts the function's rule
            there; it raises, or returns False, if it rejects it.
        """
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
        self, function: Function, inputs: Inputs, operator: Operator, mode: str = "", forward: Prepared | None = None
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
        forward : Prepared, optional
            The value of the function on another framework, the host, evaluated in place of this backend's own.

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
            if forward is None
            else _hosted(self, forward, inputs, operator.scalar)
        )
        engine = self.engine(mode, forward.engine.backend if forward is not None else "")
        kernel = self._native_kernel(operator, bound, mode)
        if kernel is not None:
            return Prepared(self, engine, bound, operator, kernel, native=True)
        for source, derive in DERIVATIONS[operator]:
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
        forward: Prepared | None = None,
        output_shapes: Sequence[tuple[int, ...]] | None = None,
    ) -> Estimate:
        """Prepare an operator and compute it once; see `prepare` and `Prepared.estimate`."""
        started = time.perf_counter()
        estimate = self.prepare(function, inputs, operator, mode, forward).estimate(inputs.arrays, seed, output_shapes)
        return replace(estimate, seconds=time.perf_counter() - started)


def _hosted(backend: Backend, forward: Prepared, inputs: Inputs, scalar: bool) -> Bound:
    """Bind `backend` to the forward of its host, seen as a function of NumPy arrays."""
    watched = iter([True])  # the first call only: looking takes as long as a small function

    def call(*args: Any) -> Any:
        arguments: Any = args
        leaves = optree.tree_leaves(arguments)
        outputs = forward.run([leaves[i] for i in inputs.active], watched=next(watched, False))
        structure = forward.bound.outputs
        return optree.tree_unflatten(structure, outputs) if structure is not None else outputs

    function, host = forward.bound.function, forward.engine.backend
    return Bound(function, inputs, host, call, lambda a: a, backend.is_array, scalar)
