"""Derivatives as plain utilities: one function, one engine, no judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.backend import Backend
from gradcheck.errors import InputError
from gradcheck.functions import Array, Function, Inputs, parse_argnums
from gradcheck.operators import Operator
from gradcheck.preparation import Prepared

Differentiable = Callable[..., Any] | Mapping[str, Callable[..., Any]]


def gradient(
    f: Differentiable,
    *inputs: Any,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the gradient of a scalar function.

    Parameters
    ----------
    f : callable or mapping of str to callable
        As in `gradcheck.check`.
    *inputs : pytrees
        The positional arguments.
    backend : str
        The engine: ``"torch"``, ``"torch:compile"``, ``"jax:eager"``, ``"numerical@torch"``.
    argnums : int or sequence of int, optional
        Which arguments to differentiate; by default all with floating-point leaves.
    dtype : str, optional
        What the inputs are rounded to.

    Returns
    -------
    pytree of numpy.ndarray
        Like the inputs, None where nothing was differentiated: the argument's own tree for a
        function of one argument or an integer `argnums`, else a tuple with one tree for each argument.

    Raises
    ------
    NotScalarError
        If the output is not one 0-d array.
    FunctionError, UnsupportedError, MissingBackendError, BrokenBackendError, UnknownNameError, InputError
        If it cannot be computed; the message says what to do.
    """
    call = _Call(f, inputs, backend, argnums, dtype)
    return call.like_inputs(call.run(Operator.GRADIENT))


def value_and_grad(
    f: Differentiable,
    *inputs: Any,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> tuple[Any, Any]:
    """Return the value and the gradient of a scalar function; see `gradient`."""
    call = _Call(f, inputs, backend, argnums, dtype)
    return call.like_outputs(call.run(Operator.VALUE)), call.like_inputs(call.run(Operator.GRADIENT))


def jacobian(
    f: Differentiable,
    *inputs: Any,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the Jacobian: for each output a tree like the inputs, of arrays of the output's shape plus the leaf's.

    Parameters, errors and trees are those of `gradient`.
    """
    call = _Call(f, inputs, backend, argnums, dtype)
    blocks = call.run(Operator.JACOBIAN)
    count = len(call.inputs.arrays)
    rows = [call.like_inputs(blocks[k : k + count]) for k in range(0, len(blocks), count)]
    return call.like_outputs(rows)


def jvp(
    f: Differentiable,
    inputs: tuple[Any, ...],
    tangents: Any,
    *,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the pushforward J v, shaped like the outputs.

    Parameters
    ----------
    f, backend, argnums, dtype
        As in `gradient`.
    inputs : tuple of pytrees
        The positional arguments.
    tangents : pytree
        One array for each differentiated leaf, in their order and of their shapes; None for the others.
    """
    call = _Call(f, inputs, backend, argnums, dtype)
    return call.like_outputs(call.run(Operator.JVP, _seed("tangents", tangents, call.inputs.arrays)))


def vjp(
    f: Differentiable,
    inputs: tuple[Any, ...],
    cotangents: Any,
    *,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the pullback J^T u for the inner product Re<u, v>, shaped like the inputs.

    Parameters
    ----------
    f, backend, argnums, dtype
        As in `gradient`.
    inputs : tuple of pytrees
        The positional arguments.
    cotangents : pytree
        One array for each output, of its shape.
    """
    call = _Call(f, inputs, backend, argnums, dtype)
    outputs = call.run(Operator.VALUE)
    return call.like_inputs(call.run(Operator.VJP, _seed("cotangents", cotangents, outputs)))


def hessian(
    f: Differentiable,
    *inputs: Any,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the Hessian of a scalar function: a tree like the inputs, of trees like the inputs.

    Parameters, errors and trees are those of `gradient`.
    """
    call = _Call(f, inputs, backend, argnums, dtype)
    blocks = call.run(Operator.HESSIAN)
    count = len(call.inputs.arrays)
    return call.like_inputs([call.like_inputs(blocks[k : k + count]) for k in range(0, len(blocks), count)])


def hvp(
    f: Differentiable,
    inputs: tuple[Any, ...],
    tangents: Any,
    *,
    backend: str = "numerical",
    argnums: int | Sequence[int] | None = None,
    dtype: str | None = None,
) -> Any:
    """Return the Hessian of a scalar function times a tangent, shaped like the inputs; see `jvp`."""
    call = _Call(f, inputs, backend, argnums, dtype)
    return call.like_inputs(call.run(Operator.HVP, _seed("tangents", tangents, call.inputs.arrays)))


class _Call:
    """One function at one point, on one engine."""

    def __init__(
        self,
        f: Differentiable,
        inputs: tuple[Any, ...],
        backend: str,
        argnums: int | Sequence[int] | None,
        dtype: str | None,
    ) -> None:
        if not isinstance(inputs, tuple):
            raise InputError(f"inputs is a tuple of positional arguments, got {type(inputs).__name__}; write (x,)")
        self.function = Function.of(f)
        self.inputs = Inputs.of(inputs, parameters=self.function.parameters, dtype=dtype, argnums=argnums)
        numbers = None if argnums is None else parse_argnums(argnums)
        self._own = numbers if isinstance(numbers, int) and len(inputs) > 1 else None
        self._backend, self._mode, host = parse_engine(backend, self.function)
        self._forward = None if host is None else host.prepare(self.function, self.inputs, Operator.VALUE)
        self._last: Prepared | None = None

    def run(self, operator: Operator, seed: Sequence[Array] | None = None) -> tuple[Array, ...]:
        self._last = self._backend.prepare(self.function, self.inputs, operator, self._mode, self._forward)
        return self._last.estimate(self.inputs.arrays, seed).arrays

    def like_inputs(self, arrays: Sequence[Any]) -> Any:
        tree = self.inputs.tree(arrays)
        return tree if self._own is None else tree[self._own]

    def like_outputs(self, arrays: Sequence[Any]) -> Any:
        structure = self._last.bound.outputs if self._last is not None else None
        return list(arrays) if structure is None else optree.tree_unflatten(structure, arrays)


def parse_engine(text: str, function: Function) -> tuple[Backend, str, Backend | None]:
    """Resolve ``backend:mode@host``; a numerical engine with no NumPy function takes the only native one's forward.

    Raises
    ------
    UnknownNameError, MissingBackendError, BrokenBackendError
        If there is no such engine.
    InputError
        If the text is no string, or names a host for an engine that has its own forward.
    """
    if not isinstance(text, str):
        raise InputError(f"backend is the name of one engine, such as 'torch:compile'; got {text!r:.80}")
    rest, _, host = text.partition("@")
    name, _, mode = rest.partition(":")
    backend = discovery.load(name)
    backend.engine(mode)
    if host and (name != "numerical" or host in ("numerical", "analytic")):
        raise InputError(f"only numerical differentiates another framework's forward, as numerical@torch; got {text!r}")
    if not host and name == "numerical" and function.portable is None and "numpy" not in function.native:
        host = next(iter(function.native))
    return backend, mode, discovery.load(host) if host else None


def _seed(name: str, given: Any, like: Sequence[Array]) -> list[Array]:
    """Return tangents or cotangents as arrays of the shapes and dtypes that they must have."""
    leaves = [np.asarray(leaf) for leaf in optree.tree_leaves(given)]
    if [leaf.shape for leaf in leaves] != [a.shape for a in like]:
        got, wanted = ([str(a.shape) for a in arrays] for arrays in (leaves, like))
        raise InputError(f"{name} have shapes {', '.join(got) or 'none'}; wanted {', '.join(wanted)}")
    for leaf, a in zip(leaves, like, strict=True):
        if leaf.dtype.kind not in ("biufc" if a.dtype.kind == "c" else "biuf"):
            raise InputError(f"{name} of shape {leaf.shape} have dtype {leaf.dtype}; wanted {a.dtype}")
    return [leaf.astype(a.dtype) for leaf, a in zip(leaves, like, strict=True)]
