"""The errors that gradcheck raises; every one says what was got, what was wanted and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class GradcheckError(Exception):
    """Base class of every error that gradcheck raises on purpose."""


class InputError(GradcheckError, ValueError):
    """The arguments of a call cannot be checked: no floating leaf, NaN, object dtype, ..."""


class UnknownNameError(GradcheckError, LookupError):
    """A backend, mode, case, operator or namespace function that does not exist.

    Parameters
    ----------
    kind : str
        What was looked up, as a noun: ``"backend"``.
    name : str
        The name that was given.
    known : iterable of str
        The names that exist; the nearest ones are suggested.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        holding = [n for n in names if len(name) > 3 and name in n]
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        near = list(dict.fromkeys([*holding, *close]))[:3]
        if near:
            hint = "did you mean " + " or ".join(repr(n) for n in near) + "?"
        elif 0 < len(names) <= 12:
            hint = "known: " + ", ".join(names)
        else:
            hint = f"{len(names)} names are known" if names else "none is known"
        super().__init__(f"unknown {kind} {name!r}; {hint}")
        self.kind, self.name, self.nearest = kind, name, tuple(near)


class MissingBackendError(GradcheckError, ImportError):
    """A backend's framework, or a tool that a mode needs, is not installed."""


class BrokenBackendError(GradcheckError, ImportError):
    """A backend's framework is installed but fails to import."""


class RegistrationError(GradcheckError, ValueError):
    """A case or a backend is declared wrongly, or two of them claim one name."""


class UnsupportedError(GradcheckError, NotImplementedError):
    """An engine cannot do what was asked of it; the message is the framework's own reason."""


class NotDifferentiableError(UnsupportedError):
    """A certified kink, jump or edge of the domain: the chain rule gives no derivative at this point."""


class NotCertifiedError(UnsupportedError):
    """A comparison that the function depends on could not be decided at the precision that is the limit."""


class FunctionError(GradcheckError, RuntimeError):
    """The function under check, or a rule written by hand, raised or returned nonsense."""


class CrashedError(GradcheckError, RuntimeError):
    """A derivative that ended the process it ran in, or took too long there, and is not run again."""


class WrongShapeError(FunctionError):
    """A derivative came back with another shape than it must have.

    Parameters
    ----------
    engine, operator, argument : str
        Who returned it, for what.
    array : numpy.ndarray
        What came back.
    wanted : tuple of int
        The shape that it must have.
    """

    def __init__(self, engine: str, operator: str, argument: str, array: Any, wanted: tuple[int, ...]) -> None:
        of = f" of {argument}" if argument else ""
        super().__init__(f"{engine} returned shape {array.shape} for the {operator}{of}; wanted {wanted}")
        self.argument, self.array, self.wanted = argument, array, wanted


class NotScalarError(FunctionError):
    """A gradient or Hessian was asked of a function whose output is not one number."""


def first_line(error: BaseException, limit: int = 300) -> str:
    """Return ``Type: message`` of an error, its message cut to its first line, of at most `limit` characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
