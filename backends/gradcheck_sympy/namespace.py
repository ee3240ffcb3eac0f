"""The vocabulary over terms of a graph of elementary operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcheck.errors import UnsupportedError
from gradcheck.functions import Array
from gradcheck.namespaces.elements import ElementArray, ElementNamespace, determinant, elementwise, per_element
from gradcheck_sympy.graph import Term, apply, current
from gradcheck_sympy.operations import NAMED, polygamma


def _operation(name: str, plain: Callable[..., Any] | None = None) -> Any:
    op = NAMED[name]
    return per_element(lambda *operands: apply(op, *operands), op.arity, plain)


_to_terms = np.frompyfunc(Term.of, 1, 1)


class SympyNamespace(ElementNamespace):
    """The vocabulary for SymPy: each element is an expression in real symbols.

    Comparisons give 1 and 0; ``where`` is a Piecewise, ``maximum`` Max, ``sort`` a network of Max and Min.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype that floating constants are rounded to; from there on they are exact rationals.
    """

    system = "SymPy"

    def elements(self, array: Array) -> Array:
        """Turn floating arrays, and objects that are not terms yet, into terms."""
        if array.dtype.kind == "c":
            raise UnsupportedError("complex numbers are not supported under SymPy: its symbols are real")
        if array.dtype.kind in "biu":
            return array
        return np.asarray(_to_terms(array), dtype=object)

    def pivot(self, column: Sequence[Any]) -> int:
        """Return the entry that is largest at the point of the trace."""
        sizes = [abs(current().sample(Term.of(entry))) for entry in column]
        return int(np.argmax(np.nan_to_num(sizes, nan=-1.0)))

    def linalg_det(self, a: Any) -> ElementArray:
        """Return the determinant, without a division: it is right for singular matrices too."""
        return self.wrap(self._batched(determinant, self.unwrap(a), ()))

    power = elementwise(lambda x, y: np.power(x, y) if y.dtype != bool else np.power(x, y.astype(int)))
    abs = _operation("abs", np.abs)
    sign = _operation("sign", np.sign)
    floor = _operation("floor")
    ceil = _operation("ceil")
    sqrt = _operation("sqrt")
    square = _operation("square", np.square)
    cbrt = _operation("cbrt")
    exp = _operation("exp")
    exp2 = _operation("exp2")
    expm1 = _operation("expm1")
    log = _operation("log")
    log1p = _operation("log1p")
    logaddexp = _operation("logaddexp")
    sin = _operation("sin")
    cos = _operation("cos")
    tan = _operation("tan")
    arcsin = _operation("arcsin")
    arccos = _operation("arccos")
    arctan = _operation("arctan")
    arctan2 = _operation("arctan2")
    sinh = _operation("sinh")
    cosh = _operation("cosh")
    tanh = _operation("tanh")
    arcsinh = _operation("arcsinh")
    arccosh = _operation("arccosh")
    arctanh = _operation("arctanh")
    sinc = _operation("sinc")
    hypot = _operation("hypot")
    maximum = _operation("maximum", np.maximum)
    minimum = _operation("minimum", np.minimum)
    greater = _operation("greater", np.greater)
    greater_equal = _operation("greater_equal", np.greater_equal)
    less = _operation("less", np.less)
    less_equal = _operation("less_equal", np.less_equal)
    equal = _operation("equal", np.equal)
    not_equal = _operation("not_equal", np.not_equal)
    special_erf = _operation("special.erf")
    special_erfc = _operation("special.erfc")
    special_gammaln = _operation("special.gammaln")
    special_digamma = _operation("special.digamma")
    special_expit = _operation("special.expit")
    special_erfinv = _operation("special.erfinv")
    special_ndtri = _operation("special.ndtri")
    special_log_ndtr = _operation("special.log_ndtr")
    special_erfcx = _operation("special.erfcx")
    special_dawsn = _operation("special.dawsn")
    special_gamma = _operation("special.gamma")
    special_beta = _operation("special.beta")
    special_betaln = _operation("special.betaln")
    special_gammainc = _operation("special.gammainc")
    special_gammaincc = _operation("special.gammaincc")
    special_betainc = _operation("special.betainc")
    special_zeta = _operation("special.zeta")
    special_i0 = _operation("special.i0")
    special_i1 = _operation("special.i1")
    special_i0e = _operation("special.i0e")
    special_i1e = _operation("special.i1e")
    special_j0 = _operation("special.j0")
    special_j1 = _operation("special.j1")
    special_exp1 = _operation("special.exp1")
    special_expi = _operation("special.expi")
    special_spence = _operation("special.spence")
    _where = _operation("where", np.where)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """Return x where the condition is not 0, else y."""
        known = self.unwrap(condition)
        if self.holds_elements(known):
            return self._where(condition, x, y)
        return self.wrap(np.where(known, self.unwrap(x), self.unwrap(y)))

    def special_polygamma(self, n: int, x: Any) -> Any:
        """Return the n-th derivative of digamma."""
        return per_element(lambda e: apply(polygamma(n), e))(self, x)

    def logical_and(self, x: Any, y: Any) -> Any:
        """Return whether both are not 0."""
        return self.multiply(self.not_equal(x, 0), self.not_equal(y, 0))

    def logical_or(self, x: Any, y: Any) -> Any:
        """Return whether one of them is not 0."""
        return self.maximum(self.not_equal(x, 0), self.not_equal(y, 0))

    def logical_not(self, x: Any) -> Any:
        """Return whether it is 0."""
        return self.equal(x, 0)
