"""What must hold of every right rule, whatever its derivative is, judged on arrays alone.

A rule is linear in its cotangent, gives the same twice, does not depend on how its arrays lie in
memory, and its second derivative is the derivative of its first. Who breaks one of these is wrong,
though the comparison at one cotangent passed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.functions import Array
from gradcheck.judge.comparison import difference
from gradcheck.judge.tolerances import RESIDUE_ULPS, ROUNDING_FACTOR, TIGHT_ULPS
from gradcheck.judge.verdicts import Evidence, Status
from gradcheck.operators import Operator


@dataclass(frozen=True)
class Objection:
    """What a probe holds against an engine, in place of its verdict.

    Parameters
    ----------
    status : Status
        What the verdict becomes.
    evidence : Evidence
        The two values that should be equal, and why they should.
    argument : str
        The argument of the worst element.
    index : tuple of int, optional
        Its index; None where no element is to blame.
    about : Operator, optional
        What it is about: `VJP` or `JVP`, the rule for one mode, or `VALUE`, the function itself.
    """

    status: Status
    evidence: Evidence
    argument: str = ""
    index: tuple[int, ...] | None = None
    about: Operator | None = None


@dataclass(frozen=True)
class Claim:
    """Two results of one engine that are equal if its rule is right.

    Parameters
    ----------
    probe : str
        The property: ``"linear in the cotangent"``.
    reason : str
        What does not hold where they differ, in one line.
    got, wanted : sequence of numpy.ndarray
        The two results, blocks of equal shapes.
    labels : sequence of str
        What each block is the derivative with respect to.
    terms : sequence of numpy.ndarray
        For each element, the size of what is added up to it.
    """

    probe: str
    reason: str
    got: Sequence[Array]
    wanted: Sequence[Array]
    labels: Sequence[str]
    terms: Sequence[Array]


def unequal(
    claim: Claim,
    eps: float,
    explained: Callable[[], Sequence[Array] | None],
    status: Status = Status.WRONG,
    tiny: float = 0.0,
) -> Objection | None:
    """Object to a claim whose two results differ by more than rounding explains.

    Parameters
    ----------
    claim : Claim
        What should be equal. Elements that are not finite where they are wanted are left out: the
        ladder has judged them.
    eps : float
        The machine epsilon of the rule's arithmetic.
    explained : callable
        Asked only on suspicion: how far the engine's own rounding moves each element, block by
        block; None where it cannot be had, and then nothing is held against it.
    status : Status
        What the engine is if the claim does not hold.
    tiny : float
        The size below which numbers underflow.
    """
    tight = [TIGHT_ULPS * (eps * np.nan_to_num(t, nan=0.0, posinf=0.0) + tiny) for t in claim.terms]
    if not any(bad.any() for bad in _bad(claim, tight)):
        return None
    rounding = explained()
    if rounding is None:
        return None
    return _worst(claim, [t + r for t, r in zip(tight, rounding, strict=True)], status)


def beyond(claim: Claim, slack: Sequence[Array], status: Status = Status.WRONG) -> Objection | None:
    """Object to a claim whose two results differ by more than these tolerances."""
    return _worst(claim, slack, status)


def spread(results: Sequence[Sequence[Array]], eps: float) -> list[Array]:
    """Return how far rounding can move each element, seen that the later results moved it from the first.

    Parameters
    ----------
    results : sequence of sequences of numpy.ndarray
        The result, and the same at inputs and cotangents moved by an ulp.
    eps : float
        The size of an ulp: where sums cancel, a few of them of the largest element of all are left.
    """
    first, *moved = results
    with np.errstate(invalid="ignore"):
        gaps = [[np.nan_to_num(np.abs(a - b), posinf=0.0) for a, b in zip(first, m, strict=True)] for m in moved]
    largest = [np.max(block, axis=0) for block in zip(*gaps, strict=True)]
    residue = RESIDUE_ULPS * eps * max(map(_largest, first), default=0.0)
    return [ROUNDING_FACTOR * gap + residue for gap in largest]


def contraction(blocks: Sequence[Array], cotangents: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Return ``J^T u`` of a real Jacobian, and the sum of the sizes of its terms.

    Parameters
    ----------
    blocks : sequence of numpy.ndarray
        One for each pair of output and argument, outputs outermost.
    cotangents : sequence of numpy.ndarray
        One for each output.
    """
    count = len(blocks) // max(len(cotangents), 1)
    rows = [blocks[k * count : (k + 1) * count] for k in range(len(cotangents))]
    products, sizes = [], []
    for column in zip(*rows, strict=True):
        with np.errstate(all="ignore"):
            products.append(_total([np.tensordot(u, b, u.ndim) for u, b in zip(cotangents, column, strict=True)]))
            pairs = zip(cotangents, column, strict=True)
            sizes.append(_total([np.tensordot(np.abs(u), np.abs(b), u.ndim) for u, b in pairs]))
    return products, sizes


def transposed(blocks: Sequence[Array], count: int) -> list[Array]:
    """Return the transpose of a Hessian in blocks, one for each pair of `count` arguments."""
    flipped = []
    for i in range(count):
        for j in range(count):
            other = blocks[j * count + i]  # its axes: those of argument j, then those of argument i
            first = other.ndim - _own_axes(blocks, i, count)
            flipped.append(np.moveaxis(other, range(first, other.ndim), range(other.ndim - first)))
    return flipped


def _own_axes(blocks: Sequence[Array], i: int, count: int) -> int:
    return blocks[i * count + i].ndim // 2


def _total(parts: Sequence[Array]) -> Array:
    return np.asarray(sum(parts))


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def _bad(claim: Claim, tolerances: Sequence[Array]) -> list[Array]:
    """Return where the results differ by more than is allowed, as far as there is something to compare."""
    return [
        np.isfinite(wanted) & ~(difference(got, wanted) <= tolerance)
        for got, wanted, tolerance in zip(claim.got, claim.wanted, tolerances, strict=True)
    ]


def _worst(claim: Claim, tolerances: Sequence[Array], status: Status) -> Objection | None:
    bad = _bad(claim, tolerances)
    wrong = sum(int(b.sum()) for b in bad)
    if not wrong:
        return None
    block, index = _place(claim, bad, tolerances)
    value, reference = claim.got[block][index].item(), claim.wanted[block][index].item()
    evidence = Evidence(
        f"{claim.reason}: {value:.10g} where it should be {reference:.10g}",
        value,
        reference,
        difference=float(abs(value - reference)),
        tolerance=float(np.broadcast_to(tolerances[block], claim.got[block].shape)[index]),
        tolerance_source=claim.probe,
        wrong=wrong,
        elements=sum(a.size for a in claim.got),
    )
    return Objection(status, evidence, claim.labels[block], index)


def _place(claim: Claim, bad: Sequence[Array], tolerances: Sequence[Array]) -> tuple[int, tuple[int, ...]]:
    """Return the block and the index of the element that differs most beside its tolerance."""
    worst = -1.0
    place: tuple[int, tuple[int, ...]] = (0, ())
    for block, (got, wanted, tolerance, off) in enumerate(zip(claim.got, claim.wanted, tolerances, bad, strict=True)):
        if not off.any():
            continue
        with np.errstate(all="ignore"):
            severity = np.nan_to_num(difference(got, wanted) / tolerance, nan=np.inf)
        severity = np.where(off, severity, -1.0)
        if np.max(severity) > worst:
            index = np.unravel_index(int(np.argmax(severity)), severity.shape)
            worst, place = float(np.max(severity)), (block, tuple(int(i) for i in index))
    return place
