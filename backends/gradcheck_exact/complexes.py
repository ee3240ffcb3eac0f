"""Complex numbers as pairs of elements: what differentiates real numbers then does for them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gradcheck.errors import UnsupportedError
from gradcheck_exact import choices, functions
from gradcheck_exact.tape import Element, lift, unary

Number: TypeAlias = "Element | ComplexElement"


class ComplexElement:
    """One complex number; Python's arithmetic works on it, with real elements and numbers too.

    Parameters
    ----------
    real, imag : Element
        Its parts.
    """

    __slots__ = ("imag", "real")

    def __init__(self, real: Element, imag: Element) -> None:
        self.real, self.imag = real, imag

    def __add__(self, other: Any) -> ComplexElement:
        real, imag = parts(other)
        return ComplexElement(self.real + real, self.imag + imag)

    __radd__ = __add__

    def __sub__(self, other: Any) -> ComplexElement:
        real, imag = parts(other)
        return ComplexElement(self.real - real, self.imag - imag)

    def __rsub__(self, other: Any) -> ComplexElement:
        return as_complex(other) - self

    def __mul__(self, other: Any) -> ComplexElement:
        if not isinstance(other, (ComplexElement, complex)):
            return ComplexElement(self.real * other, self.imag * other)
        real, imag = parts(other)
        return ComplexElement(self.real * real - self.imag * imag, self.real * imag + self.imag * real)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> ComplexElement:
        if not isinstance(other, (ComplexElement, complex)):
            return ComplexElement(self.real / other, self.imag / other)
        real, imag = parts(other)
        product, square = self * ComplexElement(real, -imag), real * real + imag * imag
        return ComplexElement(product.real / square, product.imag / square)

    def __rtruediv__(self, other: Any) -> ComplexElement:
        return as_complex(other) / self

    def __neg__(self) -> ComplexElement:
        return ComplexElement(-self.real, -self.imag)

    def __pos__(self) -> ComplexElement:
        return self


def number(value: Any) -> Number:
    """Return a number as a constant, an element as it is."""
    if isinstance(value, ComplexElement):
        return value
    if isinstance(value, complex):
        return ComplexElement(lift(value.real), lift(value.imag))
    return lift(value)


def parts(value: Any) -> tuple[Element, Element]:
    """Return the real and the imaginary part of a number or element."""
    element = number(value)
    return (element.real, element.imag) if isinstance(element, ComplexElement) else (element, lift(0))


def as_complex(value: Any) -> ComplexElement:
    """Return a number or element as a complex one."""
    return ComplexElement(*parts(value))


def squared_size(value: Any) -> Element:
    """Return the square of the absolute value of a number or element."""
    element = number(value)
    if isinstance(element, ComplexElement):
        square: Element = element.real * element.real + element.imag * element.imag
    else:
        square = element * element
    return square


def _apply(function: functions.Function, x: Element) -> Element:
    return unary(x, function(x.ball))


def _exp(z: ComplexElement) -> ComplexElement:
    cosine, sine = _apply(functions.cos, z.imag), _apply(functions.sin, z.imag)
    return ComplexElement(cosine, sine) * _apply(functions.exp, z.real)


def _log(z: ComplexElement) -> ComplexElement:
    return ComplexElement(_apply(functions.log, squared_size(z)) / 2, choices.arctan2(z.imag, z.real))


def _sinh(z: ComplexElement) -> ComplexElement:
    return (_exp(z) - _exp(-z)) / 2


def _cosh(z: ComplexElement) -> ComplexElement:
    return (_exp(z) + _exp(-z)) / 2


def _turned(z: ComplexElement) -> ComplexElement:
    """Return i z."""
    return ComplexElement(-z.imag, z.real)


def _sin(z: ComplexElement) -> ComplexElement:
    return -_turned(_sinh(_turned(z)))


def _cos(z: ComplexElement) -> ComplexElement:
    return _cosh(_turned(z))


FUNCTIONS: Mapping[str, Callable[[ComplexElement], Number]] = {
    "abs": lambda z: choices.length(squared_size(z)),
    "exp": _exp,
    "log": _log,
    "sqrt": lambda z: _exp(_log(z) / 2),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": lambda z: _sinh(z) / _cosh(z),
    "sin": _sin,
    "cos": _cos,
    "tan": lambda z: _sin(z) / _cos(z),
    "special.expit": lambda z: as_complex(1) / (_exp(-z) + 1),
}
"""The functions of complex numbers; many-valued ones have their principal values."""


def apply(name: str, z: ComplexElement) -> Number:
    """Return a function of a complex number.

    Raises
    ------
    UnsupportedError
        If it is none of `FUNCTIONS`.
    """
    if name not in FUNCTIONS:
        raise UnsupportedError(f"the exact engine has no {name} of complex numbers")
    return FUNCTIONS[name](z)


def power(base: Number, exponent: Number) -> ComplexElement:
    """Return a power: by multiplications for a whole constant exponent, else the principal value."""
    if isinstance(exponent, Element) and exponent.constant and exponent.ball.is_exact():
        whole = exponent.ball.unique_fmpz()
        if whole is not None and abs(whole) <= 64:
            return _whole_power(as_complex(base), int(whole))
    return _exp(_log(as_complex(base)) * exponent)


def _whole_power(z: ComplexElement, n: int) -> ComplexElement:
    result = as_complex(1)
    for _ in range(abs(n)):
        result = result * z
    return result if n >= 0 else as_complex(1) / result
