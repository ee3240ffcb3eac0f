"""What is wrong with a wrong derivative, named by the shape of its error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck.functions import Array

CLOSE = 1e-5
"""How well, relative to the largest element, a pattern must explain the error to be named."""


def diagnose(value: Array, reference: Array) -> str:
    """Name the pattern that turns the reference into the value; empty if none is recognised.

    Parameters
    ----------
    value, reference : numpy.ndarray
        One block of a derivative as an engine gave it and as the referee has it, of one shape.
    """
    if not (np.isfinite(value).all() and np.isfinite(reference).all()) or not reference.any():
        return ""
    if _close(value, reference):  # too small an error to have a shape
        return ""
    if _close(value, -reference):
        return "the sign is flipped"
    if np.iscomplexobj(value) and _close(value, np.conj(reference)):
        return "it is the complex conjugate"
    if not value.any():
        return "it is zero throughout: a branch is detached or unused"
    factor = _factor(value, reference)
    if factor is not None:
        return f"it is {factor:.6g} times the reference throughout"
    if value.ndim == 2 and value.shape[0] == value.shape[1] and _close(value, reference.T):
        return "it is transposed"
    for shift in (1, -1):
        if value.size > 2 and _close(value.reshape(-1), np.roll(reference.reshape(-1), shift)):
            return "its elements are shifted by one"
    return ""


def diagnose_swap(value: Array, references: Sequence[Array], labels: Sequence[str], block: int) -> str:
    """Name another argument whose derivative this one is; empty if there is none.

    Parameters
    ----------
    value : numpy.ndarray
        One block of a derivative as an engine gave it.
    references : sequence of numpy.ndarray
        All blocks as the referee has them.
    labels : sequence of str
        What each block is called.
    block : int
        Which one `value` stands for.
    """
    for other, label in zip(references, labels, strict=True):
        if label != labels[block] and other.shape == value.shape and other.any() and _close(value, other):
            return f"it is the derivative with respect to {label}: arguments are swapped"
    return ""


def diagnose_shape(got: Array, wanted: tuple[int, ...]) -> str:
    """Name what gives a derivative the wrong shape; empty if nothing is recognised."""
    if got.shape != wanted and sorted(got.shape) == sorted(wanted):
        return "it is transposed"
    if got.ndim >= len(wanted) and got.size > int(np.prod(wanted)):
        return "a sum over broadcast axes is missing"
    return ""


def _close(a: Array, b: Array) -> bool:
    return bool(np.max(np.abs(a - b)) <= CLOSE * np.max(np.abs(b)))


def _factor(value: Array, reference: Array) -> float | None:
    if np.iscomplexobj(value) or reference.size == 0:
        return None
    largest = np.argmax(np.abs(reference))
    factor = float(value.flat[largest] / reference.flat[largest])
    return factor if abs(factor - 1) > CLOSE and _close(value, factor * reference) else None
