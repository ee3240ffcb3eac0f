"""Verdicts and their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gradcheck.backend import Engine
from gradcheck.operators import Operator


class Status(StrEnum):
    """What the judge found of one engine and operator, best first."""

    AGREE = "AGREE"
    """It agrees with an independent engine within what rounding or the referee's error explains."""
    IMPRECISE = "IMPRECISE"
    """It lost digits, less than the function's own output can resolve."""
    CONVENTION = "CONVENTION"
    """At a kink it chose another valid value than the others."""
    UNSUPPORTED = "UNSUPPORTED"
    """The engine cannot compute this; the reason is the framework's own."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """It could not be verified."""
    NONDETERMINISTIC = "NONDETERMINISTIC"
    """The same call gives different results."""
    NONFINITE = "NONFINITE"
    """It is NaN or infinite where the derivative is finite."""
    WRONG = "WRONG"
    """It contradicts the reference by more than every error estimate explains."""
    ERROR = "ERROR"
    """The function or the backend raised, or returned nonsense."""

    @property
    def passes(self) -> bool:
        """Whether an engine with this status counts as right (unless the report is strict)."""
        return self in (Status.AGREE, Status.IMPRECISE, Status.CONVENTION)


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on, at its worst element.

    Parameters
    ----------
    reason : str
        One line for people.
    value : float or complex, optional
        What the engine gave there.
    reference : float or complex, optional
        What it was held against.
    reference_engine : str
        Whose value that is.
    difference : float, optional
        ``abs(value - reference)``.
    tolerance : float, optional
        The largest difference that would have been explained.
    tolerance_source : str
        Where the tolerance came from.
    wrong : int
        How many elements differ by more than their tolerance.
    elements : int
        How many elements there are.
    bound : tuple of float, optional
        A certified enclosure of the derivative at a real worst element: its lower and its upper end.
    """

    reason: str = ""
    value: complex | None = None
    reference: complex | None = None
    reference_engine: str = ""
    difference: float | None = None
    tolerance: float | None = None
    tolerance_source: str = ""
    wrong: int = 0
    elements: int = 0
    bound: tuple[float, float] | None = None


@dataclass(frozen=True)
class Known:
    """What the table of known defects expects of a verdict.

    Parameters
    ----------
    status : Status
        The verdict expected.
    what : str
        What is wrong, in a line.
    versions : str
        The framework and its versions that have the defect: ``"torch==2.13.*"``.
    link : str
        The upstream report, where there is one.
    """

    status: Status
    what: str
    versions: str
    link: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({', '.join(filter(None, (self.versions, self.link)))})"


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one engine and one operator at one point of one case.

    Parameters
    ----------
    case : str
        The name of the case.
    point : str
        The name of the point.
    engine : Engine
        Who is judged.
    operator : Operator
        What was computed.
    status : Status
        The finding.
    evidence : Evidence
        What it rests on.
    argument : str
        The argument of the worst element: ``x``, ``params['w']``.
    index : tuple of int, optional
        The index of the worst element; None where no element is to blame.
    witness : bool
        Whether the engine was added as a witness, not asked for.
    native : bool
        Whether the operator is the framework's own.
    seconds : float
        What computing it took, in seconds.
    known : Known, optional
        The known defect of the framework that it should show.
    """

    case: str
    point: str
    engine: Engine
    operator: Operator
    status: Status
    evidence: Evidence = Evidence()
    argument: str = ""
    index: tuple[int, ...] | None = None
    witness: bool = False
    native: bool = True
    seconds: float = 0.0
    known: Known | None = None

    @property
    def explained(self) -> bool:
        """Whether it shows the known defect that it should show."""
        return self.known is not None and self.status is self.known.status

    @property
    def stale(self) -> bool:
        """Whether a known defect does not show: its row has to go, or to change."""
        return self.known is not None and self.status is not self.known.status

    @property
    def element(self) -> str:
        """The worst element in words: ``w[3, 1]``, ``x``."""
        if self.index is None:
            return self.argument
        return f"{self.argument}[{', '.join(map(str, self.index))}]" if self.index else self.argument

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict in JSON's types; complex numbers and NaN become strings."""
        evidence = {k: _plain(v) for k, v in vars(self.evidence).items() if v not in (None, "")}
        return {
            "case": self.case,
            "point": self.point,
            "engine": str(self.engine),
            "operator": self.operator.value,
            "status": self.status.value,
            "argument": self.argument,
            "index": None if self.index is None else list(self.index),
            "witness": self.witness,
            "native": self.native,
            "seconds": self.seconds,
            "evidence": evidence,
            "known": None if self.known is None else vars(self.known),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `to_dict` wrote; its numbers are floats again where they were."""
        evidence = {k: _number(v) if k in _NUMBERS else v for k, v in data["evidence"].items()}
        known = data.get("known")
        if "bound" in evidence:
            evidence["bound"] = tuple(evidence["bound"])
        return cls(
            data["case"],
            data["point"],
            Engine.parse(data["engine"]),
            Operator(data["operator"]),
            Status(data["status"]),
            Evidence(**evidence),
            data["argument"],
            None if data["index"] is None else tuple(data["index"]),
            data["witness"],
            data["native"],
            data["seconds"],
            None if known is None else Known(**{**known, "status": Status(known["status"])}),
        )


_NUMBERS = ("value", "reference", "difference", "tolerance")


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return complex(value) if "j" in value else float(value)


def _plain(value: Any) -> Any:
    if isinstance(value, complex):
        return repr(value)
    if isinstance(value, float) and value - value != 0:  # JSON has neither NaN nor infinity
        return repr(value)
    return value
