"""What an audit examines: how many mutants of each kind, and how many correct functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck.audit.alarms import Round
from gradcheck.audit.bank import BANK, LARGE
from gradcheck.audit.hard import HARD, ORDINARY
from gradcheck.audit.mutations import MUTATIONS, Mutation
from gradcheck.audit.recall import Cell, Setting
from gradcheck.functions import HALVES

FRAMEWORKS = ("torch", "jax", "tensorflow")
"""The frameworks with custom rules, the quickest one first; it is examined most."""
SCALES = (1.0, 1e-8, 1e8)
"""What the outputs of mutants are multiplied with."""
LARGE_KINDS = ("one element times 1 + d, d = 1e-01", "one element times 1 + d, d = 1e-03", "one element zero")
"""The kinds that are implanted into functions of many inputs."""
SINGLE = 1e-5
"""The smallest faults that are implanted in single precision."""
WIDE = ("badly-scaled", "near-pole", "large-values")
"""The sorts of correct functions whose numbers, or derivatives, leave the range of float16."""
HALF = 0.5
"""The smallest faults that are implanted in half precision."""


@dataclass(frozen=True)
class Amount:
    """How much is examined.

    Parameters
    ----------
    alone, second, reference, single : int
        Mutants of each kind and scale in the first framework: alone, beside another framework, beside
        a portable reference, and alone in single precision.
    scales : tuple of float
        What the outputs of the first framework's mutants are multiplied with.
    kinds : int
        One of so many kinds is tried beside others; one of twice as many in the other frameworks.
    points : int
        Points at which each correct function is checked.
    peers : int
        Points at which the frameworks' checkers are asked.
    functions : int
        One of so many correct functions is checked.
    every : int
        ... and one of so many by the other frameworks, and by all of them together.
    large : int
        Mutants of each of the `LARGE_KINDS`.
    """

    alone: int
    second: int
    reference: int
    single: int
    scales: tuple[float, ...]
    kinds: int
    points: int
    peers: int
    functions: int
    every: int
    large: int


FULL = Amount(3, 1, 1, 2, SCALES, kinds=1, points=14, peers=2, functions=1, every=6, large=2)
QUICK = Amount(1, 1, 1, 1, (1.0,), kinds=4, points=1, peers=1, functions=4, every=24, large=1)


def plan(amount: Amount, backends: Sequence[str], seed: int = 0) -> list[Cell | Round]:
    """Return everything that an audit examines, in an order in which parts of all of it come early.

    Parameters
    ----------
    amount : Amount
        How much of it.
    backends : sequence of str
        The frameworks, of `FRAMEWORKS`.
    seed : int
        Varies everything.
    """
    names = [name for name in FRAMEWORKS if name in backends]
    cells: list[Cell | Round] = []
    for number, mutation in enumerate(MUTATIONS):
        cells += _in_first(mutation, amount, names, seed, beside=number % amount.kinds == 0)
        if mutation.mode or number % (2 * amount.kinds - 1) == 0:
            scale = SCALES[number % len(SCALES)]
            cells += [cell for name in names[1:] for cell in _in_other(mutation, name, scale, seed)]
    return [*cells, *_large(amount, names[0], seed), *_rounds(amount, names, seed)]


def _in_first(mutation: Mutation, amount: Amount, names: Sequence[str], seed: int, *, beside: bool) -> Iterator[Cell]:
    """Return the mutants of one kind in the framework that is examined most."""
    first = names[0]
    partner = names[1] if len(names) > 1 else ""
    counts = {Setting.ALONE: amount.alone, Setting.REFERENCE: amount.reference, Setting.SECOND: amount.second}
    wanted = [s for s in counts if s is Setting.ALONE or (beside and (partner or s is Setting.REFERENCE))]
    for scale in amount.scales:
        for setting in wanted if mutation.dtype != "float32" else []:
            alone = setting is Setting.ALONE
            yield Cell(mutation.name, scale, "float64", setting, first, partner, counts[setting], seed, alone)
        if _in_single(mutation):
            yield Cell(mutation.name, scale, "float32", Setting.ALONE, first, "", amount.single, seed, True)
    if _in_single(mutation) and mutation.size >= HALF and not mutation.dtype and not mutation.cotangents:
        for dtype in HALVES:
            yield Cell(mutation.name, 1.0, dtype, Setting.ALONE, first, "", amount.single, seed)


def _in_other(mutation: Mutation, name: str, scale: float, seed: int) -> Iterator[Cell]:
    """Return the mutants of one kind in another framework, alone."""
    if mutation.dtype != "float32":
        yield Cell(mutation.name, scale, "float64", Setting.ALONE, name, "", 1, seed, True)
    if _in_single(mutation):
        yield Cell(mutation.name, scale, "float32", Setting.ALONE, name, "", 1, seed, True)


def _in_single(mutation: Mutation) -> bool:
    """Whether a kind is tried in single precision, in which small faults are below any resolution."""
    return mutation.dtype != "float64" and mutation.order == 1 and mutation.size >= SINGLE


def _large(amount: Amount, name: str, seed: int) -> Iterator[Cell]:
    """Return single wrong elements among many."""
    for kind in LARGE_KINDS if amount.large else ():
        yield Cell(kind, 1.0, "float64", Setting.ALONE, name, "", amount.large, seed, large=True)


def _rounds(amount: Amount, names: Sequence[str], seed: int) -> Iterator[Round]:
    """Return the checks of correct functions: each framework alone, and all of them together."""
    for position, subject in enumerate((*BANK, *HARD)):
        kind = ORDINARY if position < len(BANK) else subject.tags[0]
        thorough = (position + seed) % amount.every == 0
        large = LARGE in subject.tags
        if (position + seed) % amount.functions or (large and amount.points == 1):
            continue
        points = 1 if large else amount.points
        if thorough and not large:
            halves = [dtype for dtype in HALVES if dtype != "float16" or kind not in WIDE]
            yield from (Round(subject.name, kind, dtype, tuple(names[:1]), points, seed) for dtype in halves)
        for dtype in ("float64", "float32"):
            for name in names if thorough and not large else names[:1]:
                yield Round(subject.name, kind, dtype, (name,), points, seed, 0 if large else amount.peers)
            if thorough and not large and len(names) > 1:
                yield Round(subject.name, kind, dtype, tuple(names), points, seed)
