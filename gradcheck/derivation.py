"""Operators derived from others, in NumPy: what a framework does not have itself.

Shared code that derives an operator for everybody could make every backend agree on one bug, so
it is used only where a backend has no native form, and marked in the estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array, real_dtype
from gradcheck.operators import Operator
from gradcheck.preparation import Kernel, Prepared, plain


def _gradient_from_vjp(vjp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        return plain(vjp.run(leaves, [np.ones((), real_dtype(vjp.bound.inputs.dtype))]))

    return kernel


def _gradient_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        slopes = (plain(jvp.run(leaves, unit))[0] for unit in _units(leaves))
        return _fill(leaves, slopes)

    return kernel


def _units(leaves: Sequence[Array]) -> list[list[Array]]:
    """Return the unit tangents of a list of leaves, one list for each real coordinate."""
    units: list[list[Array]] = []
    for i, leaf in enumerate(leaves):
        for k in range(leaf.size):
            for unit in (1.0, 1.0j) if leaf.dtype.kind == "c" else (1.0,):
                tangent = [np.zeros(a.shape, a.dtype) for a in leaves]
                tangent[i].flat[k] = unit
                units.append(tangent)
    return units


def _fill(leaves: Sequence[Array], slopes: Iterable[Any]) -> list[Array]:
    """Arrange one real slope for each real coordinate like the leaves."""
    remaining = iter(slopes)
    filled = []
    for leaf in leaves:
        flat = np.zeros(leaf.size, leaf.dtype)
        for k in range(leaf.size):
            flat[k] = np.real(next(remaining))
            if leaf.dtype.kind == "c":
                flat[k] += 1j * np.real(next(remaining))
        filled.append(flat.reshape(leaf.shape))
    return filled


def _jacobian_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        columns = [plain(jvp.run(leaves, unit)) for unit in _units(leaves)]
        if not columns:
            raise UnsupportedError("a Jacobian with no columns cannot be derived from jvp")
        return _from_columns(columns, leaves)

    return kernel


def _jacobian_from_vjp(vjp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        outputs = plain(vjp.fetch(vjp.bound(vjp.load(leaves)[0])))
        blocks = []
        for output, units in _row_units(outputs):
            rows = [plain(vjp.run(leaves, unit)) for unit in units]
            for i, leaf in enumerate(leaves):
                part = np.stack([row[i] for row in rows]) if rows else np.zeros((0, *leaf.shape), leaf.dtype)
                blocks.append(part.reshape(output.shape + leaf.shape))
        return blocks

    return kernel


def _row_units(outputs: Sequence[Array]) -> Iterable[tuple[Array, list[list[Array]]]]:
    """Yield each output with the unit cotangents of its elements."""
    units = iter(_units(outputs))
    for output in outputs:
        yield output, [next(units) for _ in range(output.size)]


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
        blocks = plain(jacobian.run(leaves))
        outputs = len(blocks) // len(leaves)
        products = [
            np.tensordot(block, tangents[i % len(leaves)], tangents[i % len(leaves)].ndim)
            for i, block in enumerate(blocks)
        ]
        return [np.asarray(sum(products[k * len(leaves) : (k + 1) * len(leaves)])) for k in range(outputs)]

    return kernel


def _vjp_from_jacobian(jacobian: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        blocks = plain(jacobian.run(leaves))
        return [
            np.asarray(sum(np.tensordot(u, blocks[k * len(leaves) + i], u.ndim) for k, u in enumerate(cotangents)))
            for i in range(len(leaves))
        ]

    return kernel


def _vjp_from_jvp(jvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array], cotangents: Sequence[Array]) -> list[Array]:
        slopes = (
            sum(np.vdot(u, t).real for u, t in zip(cotangents, plain(jvp.run(leaves, unit)), strict=True))
            for unit in _units(leaves)
        )
        return _fill(leaves, slopes)

    return kernel


def _hessian_from_hvp(hvp: Prepared) -> Kernel:
    def kernel(leaves: Sequence[Array]) -> list[Array]:
        columns = [plain(hvp.run(leaves, unit)) for unit in _units(leaves)]
        if not columns:
            return [np.zeros(a.shape + b.shape, a.dtype) for a in leaves for b in leaves]
        return _from_columns(columns, leaves)

    return kernel


DERIVATIONS: Mapping[Operator, Sequence[tuple[Operator, Callable[[Prepared], Kernel]]]] = {
    Operator.VALUE: (),
    Operator.GRADIENT: ((Operator.VJP, _gradient_from_vjp), (Operator.JVP, _gradient_from_jvp)),
    Operator.JACOBIAN: ((Operator.JVP, _jacobian_from_jvp), (Operator.VJP, _jacobian_from_vjp)),
    Operator.JVP: ((Operator.JACOBIAN, _jvp_from_jacobian),),
    Operator.VJP: ((Operator.JACOBIAN, _vjp_from_jacobian), (Operator.JVP, _vjp_from_jvp)),
    Operator.HESSIAN: ((Operator.HVP, _hessian_from_hvp),),
    Operator.HVP: ((Operator.HESSIAN, _jvp_from_jacobian),),
}
"""For each operator, the operators it can be derived from, best first."""
