"""A vector function contracted with a cotangent: the scalar <u, f>, in every form that f has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import optree

from gradcheck import discovery
from gradcheck.functions import Array, Function
from gradcheck.judge.comparison import REFEREE


def contracted(function: Function, cotangents: Sequence[Array], dtype: np.dtype[Any]) -> Function:
    """Return <u, f>, of real outputs; rules written by hand are left out.

    Parameters
    ----------
    function : Function
        The function.
    cotangents : sequence of numpy.ndarray
        One for each output, real.
    dtype : numpy.dtype
        The real dtype of the check.
    """

    def weighted(xp: Any, *outputs: Any) -> Any:
        terms = [xp.sum(xp.asarray(u) * output) for u, output in zip(cotangents, outputs, strict=True)]
        return sum(terms[1:], start=terms[0])

    portable = None if function.portable is None else _portable(function.portable, weighted)
    native = {key: _native(key, f, weighted, dtype) for key, f in function.native.items()}
    return replace(function, portable=portable, native=native, gradient=None, jacobian=None, vjp=None, hessian=None)


def _portable(f: Callable[..., Any], weighted: Callable[..., Any]) -> Callable[..., Any]:
    return lambda xp, *args: weighted(xp, *_leaves(f(xp, *args)))


def _native(
    backend: str, f: Callable[..., Any], weighted: Callable[..., Any], dtype: np.dtype[Any]
) -> Callable[..., Any]:
    adapter = discovery.load(REFEREE if backend == "numpy" else backend)

    def call(*args: Any) -> Any:
        return adapter.portable(weighted, adapter.namespace(dtype))(*_leaves(f(*args)))

    return call


def _leaves(outputs: Any) -> list[Any]:
    return list(optree.tree_leaves(outputs))
