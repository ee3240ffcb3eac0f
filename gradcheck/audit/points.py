"""A subject at a point: its arrays, its outputs, and its derivative as right engines have it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import optree

from gradcheck.audit.subjects import Subject
from gradcheck.backend import Backend
from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array, Function, Inputs
from gradcheck.judge.tolerances import machine_eps, noise
from gradcheck.operators import Operator

Blocks = list[list[Array]]
"""For each output and each input a matrix: a row an output element, a column an input element."""
JACOBIANS = 10**5
"""The largest number of elements of a Jacobian that is looked at."""
HESSIANS = 32
"""The largest number of inputs of which all second derivatives are taken."""


@dataclass(frozen=True)
class Point:
    """A subject at a point, in one dtype and at one scale of its output.

    Parameters
    ----------
    subject : Subject
        Whose point it is.
    scale : float
        What the function's outputs are multiplied with.
    function : callable
        The scaled function of its arrays: ``f(xp, *arrays)``.
    inputs : Inputs
        Where.
    outputs : tuple of numpy.ndarray
        The function's values there.
    jacobian : list of list of numpy.ndarray
        The right derivative, as `Blocks`; of a function of complex inputs, its gradient as one row.
    hessian : numpy.ndarray, shape (n, n), or None
        The right second derivative of a scalar function of real inputs, where it was asked for.
    """

    subject: Subject
    scale: float
    function: Callable[..., Any]
    inputs: Inputs
    outputs: tuple[Array, ...]
    jacobian: Blocks
    hessian: Array | None = None

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The inputs, all of them differentiated."""
        return self.inputs.arrays

    @property
    def scalar(self) -> bool:
        """Whether there is one 0-d output."""
        return [o.shape for o in self.outputs] == [()]

    @property
    def operator(self) -> Operator:
        """What `gradcheck.check` looks at by itself."""
        return Operator.GRADIENT if self.scalar else Operator.JACOBIAN

    def pullback(self, cotangents: Sequence[Any]) -> list[Array]:
        """Return the right gradients for these cotangents."""
        rows = [np.asarray(u).reshape(-1) for u in cotangents]
        columns = zip(*self.jacobian, strict=True)
        return [
            np.asarray(sum(u @ block for u, block in zip(rows, column, strict=True))).reshape(a.shape)
            for column, a in zip(columns, self.arrays, strict=True)
        ]

    def resolution(self, operator: Operator) -> Array:
        """Return what an ulp of the output amounts to in each element of a derivative: noise(f) / scale(x)."""
        return noise(operator, self.arrays, self.outputs, machine_eps(self.inputs.dtype))


def draw(
    subject: Subject, backend: Backend, *, seed: int = 0, dtype: str = "float64", scale: float = 1.0, order: int = 1
) -> Point:
    """Draw a subject's inputs and differentiate it there with a backend's default engine.

    Parameters
    ----------
    subject : Subject
        The function.
    backend : Backend
        Whose derivative is taken for right.
    seed : int
        Together with the subject's name it fixes the point.
    dtype : str
        What real inputs are rounded to, complex ones to its complex counterpart.
    scale : float
        What the outputs are multiplied with.
    order : {1, 2}
        2 computes the Hessian of a small scalar function as well.

    Raises
    ------
    UnsupportedError
        If the function is too large, or its Jacobian not defined: a vector function of complex numbers.
    """
    rng = np.random.default_rng([zlib.crc32(subject.name.encode()), seed])
    function, inputs = flat(partial(scaled, subject.function, scale), subject.inputs(rng), dtype)
    form = Function.of(function)
    outputs = backend.estimate(form, inputs, Operator.VALUE).arrays
    point = Point(subject, scale, function, inputs, outputs, _jacobian(backend, form, inputs, outputs))
    if order == 1 or not point.scalar or inputs.size > HESSIANS or _complex(inputs.arrays):
        return point
    second = backend.estimate(form, inputs, Operator.HESSIAN).arrays
    return replace(point, hessian=_hessian(second, inputs.arrays))


def _jacobian(backend: Backend, form: Function, inputs: Inputs, outputs: Sequence[Array]) -> Blocks:
    if [o.shape for o in outputs] == [()]:
        return [[a.reshape(1, -1) for a in backend.estimate(form, inputs, Operator.GRADIENT).arrays]]
    if inputs.size * sum(o.size for o in outputs) > JACOBIANS:
        raise UnsupportedError(f"{form.name} is too large for its Jacobian to be looked at element by element")
    return _blocks(backend.estimate(form, inputs, Operator.JACOBIAN).arrays, outputs, inputs.arrays)


def _complex(arrays: Sequence[Array]) -> bool:
    return any(a.dtype.kind == "c" for a in arrays)


def scaled(f: Callable[..., Any], scale: float, xp: Any, *args: Any) -> Any:
    """Call a portable function and multiply its outputs."""
    outputs = f(xp, *args)
    return outputs if scale == 1.0 else optree.tree_map(lambda output: scale * output, outputs)


def flat(f: Callable[..., Any], args: tuple[Any, ...], dtype: str) -> tuple[Callable[..., Any], Inputs]:
    """Return a portable function of its differentiated arrays alone, and those arrays in a dtype.

    Raises
    ------
    InputError
        If there is nothing to differentiate.
    """
    nested = Inputs.of(args, dtype=dtype)
    template, active = nested.template, nested.active
    constants = [None if i in active else leaf for i, leaf in enumerate(nested.leaves)]

    def function(xp: Any, *arrays: Any) -> Any:
        filled: list[Any] = [xp.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in constants]
        for i, array in zip(active, arrays, strict=True):
            filled[i] = array
        arguments: Any = optree.tree_map(lambda i: filled[i], template)
        return f(xp, *arguments)

    return function, Inputs.of(nested.arrays, parameters=nested.labels, dtype=dtype)


def _blocks(arrays: Sequence[Array], outputs: Sequence[Array], inputs: Sequence[Array]) -> Blocks:
    rows = [arrays[i : i + len(inputs)] for i in range(0, len(arrays), len(inputs))]
    return [
        [block.reshape(output.size, a.size) for block, a in zip(row, inputs, strict=True)]
        for row, output in zip(rows, outputs, strict=True)
    ]


def _hessian(arrays: Sequence[Array], inputs: Sequence[Array]) -> Array:
    rows = [arrays[i : i + len(inputs)] for i in range(0, len(arrays), len(inputs))]
    return np.block(
        [
            [b.reshape(a.size, c.size) for b, c in zip(row, inputs, strict=True)]
            for row, a in zip(rows, inputs, strict=True)
        ]
    )
