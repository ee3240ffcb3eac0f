"""False alarms: what `gradcheck.check` and the frameworks' checkers say of functions that are correct."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradcheck import discovery
from gradcheck.audit.hard import checks
from gradcheck.audit.mutations import NAMED
from gradcheck.audit.points import draw
from gradcheck.audit.recall import accepted
from gradcheck.audit.subjects import Subject
from gradcheck.backend import Backend
from gradcheck.errors import GradcheckError
from gradcheck.judge.verdicts import Status, Verdict
from gradcheck.operators import Operator
from gradcheck.rules import unaltered

BLAMES = frozenset(status.value for status in (*NAMED, Status.ERROR))
"""The verdicts that blame a correct function."""


@dataclass(frozen=True)
class Round:
    """Checks of one correct function at several points.

    Parameters
    ----------
    subject : str
        The function.
    kind : str
        What sort of function it is: ``"ordinary"``, ``"near-kink"``, ...
    dtype : str
        Of the check.
    backends : tuple of str
        The engines under test; a single one has its own native function and numerics alone.
    points : int
        How many points are drawn.
    seed : int
        Varies the points.
    peers : int
        At how many points the frameworks' own checkers are asked.
    """

    subject: str
    kind: str
    dtype: str
    backends: tuple[str, ...]
    points: int = 1
    seed: int = 0
    peers: int = 0


@dataclass(frozen=True)
class Alarms:
    """What was said of one correct function.

    Parameters
    ----------
    played : Round
        What was checked.
    statuses : mapping of str to int
        How often each verdict was given to an engine under test; the forward values are not counted.
    peers : mapping of str to tuple of int
        For each of the frameworks' checkers, how often it rejected the function and how often it was asked.
    lines : tuple of str
        The verdicts that do not pass, in words.
    """

    played: Round
    statuses: Mapping[str, int]
    peers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    @property
    def checks(self) -> int:
        """How many verdicts there are on what engines support."""
        return sum(n for status, n in self.statuses.items() if status != Status.UNSUPPORTED.value)

    @property
    def wrong(self) -> int:
        """How many of them blame a correct function."""
        return sum(n for status, n in self.statuses.items() if status in BLAMES)

    @property
    def inconclusive(self) -> int:
        """How many of them say that it could not be told."""
        return self.statuses.get(Status.INCONCLUSIVE.value, 0)


def listen(played: Round, subjects: Sequence[Subject]) -> Alarms:
    """Check a correct function, and count what is said of it.

    Parameters
    ----------
    played : Round
        What to check.
    subjects : sequence of Subject
        Where its function is found.
    """
    subject = next(s for s in subjects if s.name == played.subject)
    made = checks(
        played.seed, points=played.points, subjects=[subject], backends=[played.backends], dtypes=[played.dtype]
    )
    verdicts = [v for check in made for v in check.verdicts() if v.operator is not Operator.VALUE]
    counted = Counter(v.status.value for v in verdicts)
    lines = tuple(_line(played, v) for v in verdicts if v.status.value in {*BLAMES, Status.INCONCLUSIVE.value})
    return Alarms(played, dict(counted), _peers(played, subject), lines)


def _line(played: Round, verdict: Verdict) -> str:
    engines = "alone" if len(played.backends) == 1 else f"among {', '.join(played.backends)}"
    line = (
        f"{verdict.status}: {verdict.operator} of {verdict.case} at {verdict.point}, {verdict.engine} {engines}, "
        f"{played.dtype}: {verdict.element} {verdict.evidence.reason}"
    )
    return " ".join(line.split())


def _peers(played: Round, subject: Subject) -> dict[str, tuple[int, int]]:
    """Ask the frameworks' own checkers."""
    asked: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for seed in range(played.seed, played.seed + played.peers):
        for name in played.backends:
            for checker, rejects in rejecting(discovery.load(name), subject, played.dtype, seed).items():
                asked[checker] += 1
                rejected[checker] += rejects
    return {checker: (rejected[checker], asked[checker]) for checker in asked}


def rejecting(backend: Backend, subject: Subject, dtype: str, seed: int) -> dict[str, bool]:
    """Return which of a framework's own checkers reject a correct function; none where it has no derivative."""
    try:
        point = draw(subject, backend, seed=seed, dtype=dtype)
    except GradcheckError:
        return {}
    native = backend.with_rule(point.function, unaltered)
    return {name: not accepted(checker, native, point) for name, checker in backend.checkers().items()}
