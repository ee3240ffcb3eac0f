"""What a check can be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from gradcheck.errors import InputError, UnknownNameError
from gradcheck.operators import Operator


@dataclass(frozen=True)
class Options:
    """What a check can be told.

    Parameters
    ----------
    backends : tuple of str, optional
        Engines under test: ``torch``, ``torch:compile``, ``torch:*``; by default the default
        engine of every installed backend that has a form of the function.
    operators : tuple of Operator
        By default the gradient of a scalar function and the Jacobian of any other, or what the case declares.
    order : {1, 2}
        2 checks the Hessian as well; that of a vector function is the Hessian of <u, f> for a random u.
    dtype : str, optional
        What the inputs are rounded to; by default the widest dtype among them.
    witness : str, optional
        ``"auto"`` adds the numerical engine where it is not under test; another backend's name
        adds that one; None adds nothing.
    strict : bool
        Whether IMPRECISE and CONVENTION count as failures.
    rtol, atol : float, optional
        Tolerances to impose in place of the derived ones.
    seed : int
        Varies random inputs, tangents and cotangents.
    """

    backends: tuple[str, ...] | None = None
    operators: tuple[Operator, ...] = ()
    order: int = 1
    dtype: str | None = None
    witness: str | None = "auto"
    strict: bool = False
    rtol: float | None = None
    atol: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", _dtype_name(self.dtype))
        if self.order not in (1, 2):
            raise InputError(f"order must be 1 or 2, got {self.order!r}")
        if self.backends is not None and not self.backends:
            raise InputError("backends names no engine; leave it out to check every installed backend")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
                raise InputError(f"{name} must be a finite number >= 0, got {value!r}")
            object.__setattr__(self, name, float(value))
        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral) or self.seed < 0:
            raise InputError(f"seed must be an integer >= 0, got {self.seed!r}")
        object.__setattr__(self, "seed", int(self.seed))


def _dtype_name(dtype: Any) -> str | None:
    """Return the name of a dtype that is given by its name, as NumPy's dtype or as NumPy's scalar type."""
    if dtype is None or isinstance(dtype, str):
        return dtype
    if isinstance(dtype, np.dtype) or (isinstance(dtype, type) and issubclass(dtype, np.generic)):
        return np.dtype(dtype).name
    raise InputError(f"dtype must be a name like 'float32', got {dtype!r}")


def parse_operator(name: str) -> Operator:
    """Return the operator of a name.

    Raises
    ------
    UnknownNameError
        With the nearest names.
    """
    try:
        return Operator(name)
    except ValueError:
        raise UnknownNameError("operator", str(name), [o.value for o in Operator]) from None
