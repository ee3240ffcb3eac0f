"""What goes before the judge: one question, and what every engine had to say to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcheck.errors import GradcheckError
from gradcheck.estimates import Engine, Estimate, Projector
from gradcheck.functions import Array, Inputs
from gradcheck.judge import tolerances
from gradcheck.operators import Operator


@dataclass(frozen=True)
class Testimony:
    """What one engine had to say, and how to ask it again.

    Asking again never raises: what cannot be computed is None.

    Parameters
    ----------
    engine : Engine
        Who.
    witness : bool
        Whether it was added as a witness.
    estimate : Estimate or None
        What it computed.
    failure : GradcheckError or None
        Why it did not.
    again : callable or None
        Computes the same at other leaves.
    in_other_precision : callable or None
        Computes the arrays at other leaves, in single precision for double and the other way round.
    second_opinion : callable or None
        For a referee: the same derivative from an evaluation with other steps.
    projector : Projector or None
        In place of an estimate of a large derivative: what multiplies it with tangents.
    """

    engine: Engine
    witness: bool
    estimate: Estimate | None = None
    failure: GradcheckError | None = None
    again: Callable[[Sequence[Array]], Estimate | None] | None = None
    in_other_precision: Callable[[Sequence[Array]], Sequence[Array] | None] | None = None
    second_opinion: Callable[[], Estimate | None] | None = None
    projector: Projector | None = None


def _unknown(engine: Engine) -> None:
    return None


@dataclass(frozen=True)
class Question:
    """One operator of one case at one point, with the testimony of every engine.

    Parameters
    ----------
    case, point : str
        Names.
    operator : Operator
        What was computed.
    inputs : Inputs
        Where.
    testimonies : tuple of Testimony
        One for each engine.
    outputs : tuple of numpy.ndarray
        The function's values there, as most engines have them; empty if none could compute them.
    rtol, atol : float or None
        Tolerances that the user imposed in place of the derived ones.
    seed : sequence of numpy.ndarray, optional
        The tangents or cotangents, where the operator has them.
    natives : frozenset of str
        The backends that run a function of their own, which need not be the others'.
    summon : callable
        Asks the referees that are asked only where a dispute needs them, best first.
    forward : callable
        Returns what an engine, or a referee, says of the function's values; None if it was not asked.
    neighbourhoods : dict
        What was found around the point, by the engine that looked: it is costly, and serves all engines.
    """

    case: str
    point: str
    operator: Operator
    inputs: Inputs
    testimonies: tuple[Testimony, ...]
    outputs: tuple[Array, ...]
    rtol: float | None = None
    atol: float | None = None
    seed: Sequence[Array] | None = None
    natives: frozenset[str] = frozenset()
    summon: Callable[[], Iterable[Testimony]] = tuple
    forward: Callable[[Engine], Testimony | None] = _unknown
    neighbourhoods: dict[Engine, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def eps(self) -> float:
        """The machine epsilon of the check's dtype."""
        return tolerances.machine_eps(self.inputs.dtype)

    @property
    def imposed(self) -> bool:
        """Whether the user imposed a tolerance."""
        return self.rtol is not None or self.atol is not None

    @property
    def allowance(self) -> str:
        """What two right answers are allowed to differ by, in words."""
        if self.imposed:
            return f"imposed rtol={self.rtol or 0:g}, atol={self.atol or 0:g}"
        return f"tight tolerance of {tolerances.TIGHT_ULPS} ulps"

    def allowed(self, a: Array, b: Array) -> Array:
        """Return what two right answers are allowed to differ by, element by element."""
        if self.imposed:
            return tolerances.imposed(b, self.rtol or 0.0, self.atol or 0.0)
        return tolerances.tight(a, b, self.inputs.dtype)
