"""What engines are called, and what they return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from gradcheck.functions import DOUBLE, Array, finfo
from gradcheck.operators import Operator


@dataclass(frozen=True)
class Engine:
    """A backend in one of its modes, written ``torch``, ``torch:compile`` or ``numerical@torch``.

    Parameters
    ----------
    backend : str
        The name under which the backend is registered.
    mode : str
        One of its modes; empty for the default one.
    host : str
        For an engine that differentiates another framework's forward: that framework.
    """

    backend: str
    mode: str = ""
    host: str = ""

    def __str__(self) -> str:
        return self.backend + (f":{self.mode}" if self.mode else "") + (f"@{self.host}" if self.host else "")

    @classmethod
    def parse(cls, text: str) -> Engine:
        """Read what ``str`` wrote; whether such an engine exists is not looked up."""
        rest, _, host = text.partition("@")
        backend, _, mode = rest.partition(":")
        return cls(backend, mode, host)


@dataclass(frozen=True)
class Estimate:
    """What an engine returns for an operator.

    Parameters
    ----------
    engine : Engine
        Who computed it.
    operator : Operator
        What was computed.
    arrays : tuple of numpy.ndarray
        In the order of `Kernel`.
    errors : tuple of numpy.ndarray or None
        For each element of `arrays`, the engine's own estimate of its absolute error (inf: it
        failed there), where the engine knows one.
    certified : bool
        Whether the errors are rigorous bounds; else they are estimates.
    kinks : tuple of numpy.ndarray of bool, or None
        For each element of `arrays`, whether the slopes on both sides were seen to differ.
    native : bool
        Whether the framework has the operator itself; else it was derived from another one.
    seconds : float
        Wall time of this computation, tracing and compiling included, in seconds.
    notes : tuple of str
        What the engine wants known about how it went.
    """

    engine: Engine
    operator: Operator
    arrays: tuple[Array, ...]
    errors: tuple[Array, ...] | None = None
    certified: bool = False
    kinks: tuple[Array, ...] | None = None
    native: bool = True
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def bounded(self) -> bool:
        """Whether it has a finite error for every element."""
        return self.errors is not None and all(bool(np.isfinite(error).all()) for error in self.errors)

    def within(self, dtype: np.dtype[Any]) -> Estimate:
        """Return the same as a dtype can hold it: what is beyond its range is infinite, and sure to be."""
        if dtype.name in DOUBLE:
            return self
        most = float(finfo(dtype).max)
        beyond = [
            (np.abs(a) > most) & np.isfinite(a) if a.dtype.kind == "f" else np.zeros(a.shape, bool) for a in self.arrays
        ]
        if not any(b.any() for b in beyond):
            return self
        arrays = tuple(
            np.where(b, np.copysign(np.inf, a), a) if b.any() else a for a, b in zip(self.arrays, beyond, strict=True)
        )
        errors = self.errors and tuple(np.where(b, 0.0, e) for e, b in zip(self.errors, beyond, strict=True))
        return replace(self, arrays=arrays, errors=errors)


@dataclass(frozen=True)
class Measured:
    """An array with an error for each element, as the kernels of a backend that knows its errors return it.

    Parameters
    ----------
    value : numpy.ndarray
        The estimate.
    error : numpy.ndarray
        Its estimated absolute error, of the same shape; inf where it failed, NaN where it is not known.
    notes : tuple of str
        Why it failed where it did.
    certified : bool
        Whether the error is a rigorous bound.
    kinked : numpy.ndarray of bool, optional
        Where the slopes on both sides were seen to differ, of the same shape.
    """

    value: Array
    error: Array
    notes: tuple[str, ...] = ()
    certified: bool = False
    kinked: Array | None = None


class Projector(Protocol):
    """A derivative known only by what it does to tangents; asking it never raises: what fails has an error of inf.

    The products have shape (m,): one number for a gradient, a pullback or a Hessian times a
    tangent, one for each output element for a Jacobian. Complex numbers count as two real ones,
    real part first, in the outputs and in the coordinates of the inputs alike.
    """

    @property
    def evaluations(self) -> int:
        """How often the function was called so far."""
        ...

    def along(self, tangents: Sequence[Array], *, again: bool = False) -> Measured:
        """Return the product with a tangent, given like the inputs; `again` computes it in another way."""
        ...

    def coordinate(self, position: int, *, again: bool = False) -> Measured:
        """Return the derivative along one real coordinate of all the inputs, counted through."""
        ...


NO_GRADIENT = "no gradient (None) for "
"""How the note begins that names an argument for which a framework returned None."""


def without_gradient(like: Array, label: str) -> Measured:
    """Return the zeros that stand for a gradient that a framework does not return, with a note of that.

    Parameters
    ----------
    like : numpy.ndarray
        The argument.
    label : str
        What it is called.
    """
    return Measured(np.zeros_like(like), np.full(like.shape, np.nan), (NO_GRADIENT + label,))
