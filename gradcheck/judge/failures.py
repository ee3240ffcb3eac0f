"""Verdicts on testimonies that cannot be compared: failures and wrong shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.errors import MissingBackendError, UnsupportedError, WrongShapeError
from gradcheck.functions import Array
from gradcheck.judge.comparison import REFEREE, Vector
from gradcheck.judge.diagnosis import diagnose_shape
from gradcheck.judge.testimony import Question, Testimony
from gradcheck.judge.verdicts import Evidence, Status, Verdict
from gradcheck.operators import Operator
from gradcheck.preparation import block_label

DIFFERS = 1e-6
"""The relative difference from which an element of a misshapen array is shown as an example."""


def verdict_of(question: Question, testimony: Testimony, status: Status, evidence: Evidence) -> Verdict:
    """Return a verdict that names no element."""
    estimate = testimony.estimate
    return Verdict(
        question.case,
        question.point,
        testimony.engine,
        question.operator,
        status,
        evidence,
        witness=testimony.witness,
        native=estimate.native if estimate is not None else True,
        seconds=estimate.seconds if estimate is not None else 0.0,
    )


def failed(question: Question, testimony: Testimony, vectors: Sequence[Vector]) -> Verdict:
    """Judge an engine that computed nothing that could be compared."""
    error = testimony.failure
    kind = Status.UNSUPPORTED if isinstance(error, (UnsupportedError, MissingBackendError)) else Status.ERROR
    verdict = verdict_of(question, testimony, kind, Evidence(reason=str(error)))
    if question.operator is Operator.VALUE or not isinstance(error, WrongShapeError):
        return verdict
    if error.array.dtype.kind in "fc":
        return _wrong_shape(question, verdict, error, vectors)
    return verdict


def common_shapes(testimonies: Sequence[Testimony]) -> list[tuple[int, ...]]:
    """Return the shapes that most engines gave; of as many, those of the referee."""
    counts: dict[tuple[tuple[int, ...], ...], float] = {}
    for t in testimonies:
        if t.estimate is not None:
            key = tuple(tuple(a.shape) for a in t.estimate.arrays)
            counts[key] = counts.get(key, 0) + (1.5 if t.engine.backend == REFEREE else 1)
    return list(max(counts.items(), key=lambda item: item[1])[0]) if counts else []


def misshapen(question: Question, testimony: Testimony, shapes: Sequence[tuple[int, ...]]) -> Verdict:
    """Judge an engine whose results have other shapes than those of most."""
    assert testimony.estimate is not None  # the caller's promise
    got = ", ".join(str(a.shape) for a in testimony.estimate.arrays)
    wanted = ", ".join(map(str, shapes))
    reason = f"{testimony.engine} returned shape {got} where the other engines have {wanted}"
    return verdict_of(question, testimony, Status.ERROR, Evidence(reason=reason))


def _wrong_shape(question: Question, verdict: Verdict, error: WrongShapeError, vectors: Sequence[Vector]) -> Verdict:
    """A derivative of the wrong shape is a wrong derivative: name an element where both have one."""
    guess = diagnose_shape(error.array, error.wanted)
    reason = f"{error}" + (f"; {guess}" if guess else "")
    evidence, index = Evidence(reason=reason), None
    reference = _block(question, error, vectors)
    if reference is not None:
        engine, array = reference
        index, value, expected = _first_difference(error.array, array)
        size = int(np.prod(error.wanted))
        gap = None if value is None else abs(value - expected)
        evidence = Evidence(reason, value, expected, engine, gap, wrong=size, elements=size)
    return replace(verdict, status=Status.WRONG, argument=error.argument, index=index, evidence=evidence)


def _block(question: Question, error: WrongShapeError, vectors: Sequence[Vector]) -> tuple[str, Array] | None:
    """Return the array of another engine, best the referee, that the misshapen one stands for."""
    for vector in sorted(vectors, key=lambda v: not v.referee):
        arrays = vector.testimony.estimate.arrays if vector.testimony.estimate is not None else ()
        for k, array in enumerate(arrays):
            label = block_label(question.operator, k, question.inputs.labels)
            if label == error.argument and array.shape == error.wanted:
                return str(vector.engine), array
    return None


def _first_difference(got: Array, wanted: Array) -> tuple[tuple[int, ...] | None, complex | None, complex]:
    """Return the first index that both arrays have and at which they differ."""
    while got.ndim > wanted.ndim:
        got = got[0] if got.shape[0] else got.reshape(got.shape[1:])
    for index in np.ndindex(wanted.shape):
        if got.ndim == wanted.ndim and all(i < n for i, n in zip(index, got.shape, strict=True)):
            value, expected = got[index].item(), wanted[index].item()
            if not abs(value - expected) <= DIFFERS * abs(expected):
                return index, value, expected
    return tuple(0 for _ in wanted.shape), None, wanted.flat[0].item() if wanted.size else 0.0
