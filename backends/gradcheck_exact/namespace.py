"""The vocabulary over elements of a tape, with comparisons that are certain or not made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cmp_to_key, reduce
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
from flint import acb_mat, arb, fmpq

from gradcheck.errors import NotDifferentiableError, UnsupportedError
from gradcheck.functions import Array
from gradcheck.namespaces.elements import Axis, ElementArray, ElementNamespace, determinant, per_element
from gradcheck_exact import choices, complexes, exponential, functions, special
from gradcheck_exact.complexes import ComplexElement, Number
from gradcheck_exact.functions import Function
from gradcheck_exact.special import Partials
from gradcheck_exact.tape import MAX_OPERATIONS, ZERO, Ball, Element, Kink, UndecidedError, joined, kinked, lift, unary

MAX_DIMENSION = 10
"""The largest matrix that linear algebra takes."""

EDGE = "the edge of the domain: {} at exactly {}"
STEEP = "an infinite slope: {} at exactly {}"

_numbers = np.frompyfunc(complexes.number, 1, 1)


def _smooth(
    name: str,
    ends: Sequence[int] = (),
    end: Callable[[Ball], Ball] = arb.mid,
    reason: str = EDGE,
    module: ModuleType = functions,
) -> Any:
    """Make a method of a function of one number; at its ends it has a value, `end`, and an infinite slope."""
    function: Function = getattr(module, name.rpartition(".")[2])

    def at(x: Any) -> Number:
        if isinstance(x, ComplexElement):
            return complexes.apply(name, x)
        element = lift(x)
        for limit in ends:
            if element.ball == limit:
                return kinked(end(element.ball), (element,), Kink(reason.format(name, limit)))
        return unary(element, function(element.ball))

    return per_element(at)


def _abs(x: Any) -> Number:
    return complexes.apply("abs", x) if isinstance(x, ComplexElement) else choices.absolute(x)


def _of_several(function: Callable[..., Partials], operands: int) -> Any:
    """Make a method of a function of several numbers."""

    def at(*arguments: Any) -> Element:
        elements = tuple(lift(a) for a in arguments)
        return joined(elements, *function(*(e.ball for e in elements)))

    return per_element(at, operands)


def _power(x: Any, y: Any) -> Number:
    base, exponent = complexes.number(x), complexes.number(y)
    if isinstance(base, ComplexElement) or isinstance(exponent, ComplexElement):
        return complexes.power(base, exponent)
    if exponent.constant:
        return _constant_power(base, exponent)
    return _varying_power(base, exponent)


def _varying_power(base: Element, exponent: Element) -> Element:
    """Return a power whose exponent varies; it can where the base is positive, or constantly 0."""
    if base.ball > 0:
        power: Element = exponent * unary(base, functions.log(base.ball))
        return unary(power, functions.exp(power.ball))
    if base.constant and base.ball == 0 and exponent.ball > 0:
        return choices.decided(base, exponent)
    if not (base.ball < 0 or base.ball == 0):
        raise UndecidedError("the comparison of the base of a power with 0")
    edge = Kink("the edge of the domain: a power that varies of a number that is not positive")
    held: Element = _constant_power(base, Element(exponent.ball)) + kinked(ZERO, (exponent,), edge)
    return held


def _constant_power(base: Element, exponent: Element) -> Element:
    function = functions.power(exponent.ball)
    whole = exponent.ball.is_exact() and exponent.ball.is_integer()
    if base.ball == 0 and not whole:
        value = base.ball if exponent.ball > 0 else function(base.ball)[0]
        return kinked(value, (base,), Kink(EDGE.format("a power that is not whole", 0)))
    return unary(base, function(base.ball))


def _logaddexp(x: Any, y: Any) -> Element:
    a, b = lift(x), lift(y)
    for one, other in ((a, b), (b, a)):
        if one.constant and one.ball == arb.neg_inf():
            return other
    difference: Element = a - b
    total: Element = b + unary(difference, functions.softplus(difference.ball))
    return total


def _conj(x: Any) -> Number:
    return ComplexElement(x.real, -x.imag) if isinstance(x, ComplexElement) else lift(x)


def _chosen(condition: Any, x: Any, y: Any) -> Number:
    if not isinstance(x, ComplexElement) and not isinstance(y, ComplexElement):
        return choices.chosen(condition, x, y)
    pairs = zip(complexes.parts(x), complexes.parts(y), strict=True)
    return ComplexElement(*(choices.chosen(condition, a, b) for a, b in pairs))


def _comparison(name: str, plain: Any, above: bool, below: bool, equal: bool) -> Any:
    """Make a method of a comparison, by what it says of numbers above, below and equal to another."""
    compared = np.frompyfunc(lambda x, y: choices.compare(x, y, name, above, below, equal), 2, 1)
    return _condition(compared, plain)


def _condition(decide: Callable[..., Any], plain: Any) -> Any:
    """Make a method that gives NumPy's booleans where all conditions are decided, elements otherwise."""

    def method(self: ExactNamespace, *arrays: Any) -> ElementArray:
        data = [self.unwrap(a) for a in arrays]
        if not any(self.holds_elements(d) for d in data):
            return self.wrap(plain(*data))
        decided = np.asarray(decide(*data), object)
        whole = all(isinstance(answer, bool) for answer in decided.flat)
        return self.wrap(decided.astype(bool) if whole else decided)

    return method


def _eigenpair(value: Any, vector: Sequence[Any]) -> tuple[Ball, list[Ball]]:
    """Return a real eigenvalue and its eigenvector of length 1, of complex balls around them and some multiple."""
    largest = max(vector, key=lambda entry: entry.abs_lower())
    shares = [(entry / largest).real for entry in vector]
    length = sum((share * share for share in shares), arb(0)).sqrt()
    return value.real, [share / length for share in shares]


def _root_of_unity(turns: int, parts: int) -> ComplexElement:
    """Return exp(2 pi i turns / parts)."""
    sine, cosine = arb.sin_cos_pi_fmpq(fmpq(2 * turns, parts))
    return ComplexElement(Element(cosine), Element(sine))


def _fourier_matrix(rows: int, columns: int, parts: int) -> Array:
    """Return a table of exp(2 pi i j k / parts); a negative number of parts conjugates it."""
    table = np.empty((rows, columns), object)
    for j, k in np.ndindex(rows, columns):
        table[j, k] = _root_of_unity(j * k, parts)
    return table


def _precedes(x: Any, y: Any, sense: int, name: str) -> bool:
    """Whether an element comes before another one in the order of argmax (sense 1) or argmin (sense -1)."""
    before = choices.compare(x, y, f"of {name}", sense > 0, sense < 0, False)
    if isinstance(before, bool):
        return before
    raise NotDifferentiableError(f"a jump: {name} of numbers that are exactly equal")


class ExactNamespace(ElementNamespace):
    """The vocabulary in ball arithmetic: every element encloses the number that it stands for.

    Constants are the doubles that they are, and from there on nothing is rounded out of sight. Comparisons,
    ``maximum``, ``sort`` and the like go by certain comparisons; one that cannot be decided at the current
    precision raises `UndecidedError`.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype that floating constants are rounded to.
    """

    system = "the exact engine"

    def elements(self, array: Array) -> Array:
        """Turn floating arrays, and numbers among objects, into elements."""
        if array.dtype.kind in "biu":
            return array
        if array.size > MAX_OPERATIONS:
            raise UnsupportedError(
                f"the exact engine takes arrays of up to {MAX_OPERATIONS} elements, got {array.size}"
            )
        if array.dtype.kind == "c":
            array = array.astype(np.result_type(self.dtype, np.complex64))
        return np.asarray(_numbers(array), dtype=object)

    def pivot(self, column: Sequence[Any]) -> int:
        """Return the entry that is largest for certain, or an exact 0 where all are."""
        squares = [complexes.squared_size(entry).ball for entry in column]
        sizes = [square.abs_lower() for square in squares]
        chosen = max(range(len(sizes)), key=sizes.__getitem__)
        if sizes[chosen] == 0 and not all(square == 0 for square in squares):
            raise UndecidedError("the comparison of a pivot with 0")
        return chosen

    def refuse_branch(self) -> NoReturn:
        """Refuse to branch where the condition is at its boundary, or no condition."""
        raise NotDifferentiableError(
            "the function branches on a condition at its boundary, or on a number; use xp.where"
        )

    power = per_element(_power, 2, np.power)
    abs = per_element(_abs, 1, np.abs)
    sign = per_element(choices.sign, 1, np.sign)
    floor = per_element(choices.floor)
    ceil = per_element(choices.ceil)
    sqrt = _smooth("sqrt", (0,), arb.sqrt)
    cbrt = _smooth("cbrt", (0,), reason=STEEP)
    exp = _smooth("exp")
    exp2 = _smooth("exp2")
    expm1 = _smooth("expm1")
    log = _smooth("log")
    log2 = _smooth("log2")
    log10 = _smooth("log10")
    log1p = _smooth("log1p")
    logaddexp = per_element(_logaddexp, 2)
    sin = _smooth("sin")
    cos = _smooth("cos")
    tan = _smooth("tan")
    arcsin = _smooth("arcsin", (-1, 1), arb.asin)
    arccos = _smooth("arccos", (-1, 1), arb.acos)
    arctan = _smooth("arctan")
    arctan2 = per_element(choices.arctan2, 2)
    sinh = _smooth("sinh")
    cosh = _smooth("cosh")
    tanh = _smooth("tanh")
    arcsinh = _smooth("arcsinh")
    arccosh = _smooth("arccosh", (1,), arb.acosh)
    arctanh = _smooth("arctanh")
    sinc = _smooth("sinc")
    maximum = per_element(choices.maximum, 2, np.maximum)
    minimum = per_element(choices.minimum, 2, np.minimum)
    greater = _comparison("x > y", np.greater, True, False, False)
    greater_equal = _comparison("x >= y", np.greater_equal, True, False, True)
    less = _comparison("x < y", np.less, False, True, False)
    less_equal = _comparison("x <= y", np.less_equal, False, True, True)
    equal = _comparison("x == y", np.equal, False, False, True)
    not_equal = _comparison("x != y", np.not_equal, True, True, False)
    logical_and = _condition(np.frompyfunc(choices.both, 2, 1), np.logical_and)
    logical_or = _condition(np.frompyfunc(choices.either, 2, 1), np.logical_or)
    logical_not = _condition(np.frompyfunc(choices.negated, 1, 1), np.logical_not)
    where = per_element(_chosen, 3, np.where)
    special_erf = _smooth("special.erf")
    special_erfc = _smooth("special.erfc")
    special_gammaln = _smooth("special.gammaln")
    special_digamma = _smooth("special.digamma")
    special_expit = _smooth("special.expit")
    special_ndtr = _smooth("special.ndtr")
    special_erfinv = _smooth("special.erfinv", module=special)
    special_ndtri = _smooth("special.ndtri", module=special)
    special_log_ndtr = _smooth("special.log_ndtr", module=special)
    special_gamma = _smooth("special.gamma", module=special)
    special_i0 = _smooth("special.i0", module=special)
    special_i1 = _smooth("special.i1", module=special)
    special_j0 = _smooth("special.j0", module=special)
    special_j1 = _smooth("special.j1", module=special)
    special_erfcx = _smooth("special.erfcx", module=special)
    special_dawsn = _smooth("special.dawsn", module=special)
    special_exp1 = _smooth("special.exp1", module=special)
    special_expi = _smooth("special.expi", module=special)
    special_spence = _smooth("special.spence", module=special)
    special_zeta = _of_several(special.zeta, 2)
    special_gammainc = _of_several(special.gammainc, 2)
    special_gammaincc = _of_several(special.gammaincc, 2)
    special_betainc = _of_several(special.betainc, 3)
    real = per_element(lambda x: complexes.parts(x)[0], 1, np.real)
    imag = per_element(lambda x: complexes.parts(x)[1], 1, np.imag)
    conj = per_element(_conj, 1, np.conj)
    _length = per_element(lambda x: choices.length(lift(x)))
    _squared_size = per_element(complexes.squared_size)

    def special_polygamma(self, n: int, x: Any) -> Any:
        """Return the n-th derivative of digamma."""
        function = special.polygamma(n)
        return per_element(lambda e: unary(lift(e), function(lift(e).ball)))(self, x)

    def hypot(self, x: Any, y: Any) -> Any:
        """Return the length of (x, y)."""
        return self._length(self.add(self.square(x), self.square(y)))

    def var(self, a: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the variance over axes; the divisor is N - `ddof`."""
        squares = self._squared_size(self.subtract(a, self.mean(a, axis, keepdims=True)))
        total = self.sum(squares, axis, keepdims)
        return self.divide(total, float(squares.size // max(total.size, 1) - ddof))

    def std(self, a: Any, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> Any:
        """Return the standard deviation over axes."""
        return self._length(self.var(a, axis, ddof, keepdims))

    def argmax(self, a: Any, axis: int | None = None) -> Any:
        """Return the index of the element that is largest for certain."""
        return self._index_of(1, a, axis, "argmax")

    def argmin(self, a: Any, axis: int | None = None) -> Any:
        """Return the index of the element that is smallest for certain."""
        return self._index_of(-1, a, axis, "argmin")

    def _index_of(self, sense: int, a: Any, axis: int | None, name: str) -> ElementArray:
        def first(column: Array) -> int:
            return reduce(lambda i, j: j if _precedes(column[j], column[i], sense, name) else i, range(len(column)))

        data = self.unwrap(a)
        return self.wrap(np.apply_along_axis(first, axis or 0, data.ravel() if axis is None else data).astype(int))

    def argsort(self, a: Any, axis: int = -1) -> ElementArray:
        """Return the certain order of the elements."""

        def order_of(column: Array) -> list[int]:
            def before(i: int, j: int) -> int:
                return -1 if _precedes(column[i], column[j], -1, "argsort") else 1

            return sorted(range(len(column)), key=cmp_to_key(before))

        return self.wrap(np.apply_along_axis(order_of, axis, self.unwrap(a)).astype(int))

    def linalg_norm(self, x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the norm of vectors (any order) or matrices (Frobenius, 1, -1, inf, -inf)."""
        dimensions = self.unwrap(x).ndim
        axes = tuple(range(dimensions)) if axis is None else tuple(np.atleast_1d(axis))
        if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
            return self._length(self.sum(self._squared_size(x), axes, keepdims))
        return super().linalg_norm(x, ord, axis, keepdims)

    def linalg_cholesky(self, a: Any) -> ElementArray:
        """Return the lower triangular L with L L^T = a, from the lower triangle of a real matrix."""
        if any(isinstance(entry, ComplexElement) for entry in self.unwrap(a).flat):
            raise UnsupportedError("the exact engine has no linalg.cholesky of complex numbers")
        return super().linalg_cholesky(a)

    def linalg_det(self, a: Any) -> ElementArray:
        """Return the determinant, without a division: it is right for singular matrices too."""
        return self.wrap(self._batched(determinant, self.unwrap(a), ()))

    def eigenpairs(self, matrix: Array) -> tuple[Array, Array]:
        """Return certain enclosures of the eigenvalues and eigenvectors of a symmetric matrix."""
        if any(isinstance(entry, ComplexElement) for entry in matrix.flat):
            raise UnsupportedError("the exact engine has no eigenvalues of complex matrices")
        balls = [[lift(entry).ball for entry in row] for row in matrix]
        try:
            values, vectors = acb_mat(balls).eig(right=True)
        except ValueError as error:
            raise UndecidedError("whether two eigenvalues differ") from error
        pairs = [_eigenpair(*pair) for pair in zip(values, vectors.transpose().tolist(), strict=True)]
        pairs.sort(key=lambda pair: float(pair[0].mid()))
        columns = [[Element(entry) for entry in vector] for _, vector in pairs]
        return np.array([Element(value) for value, _ in pairs], object), np.array(columns, object).T

    def linalg_expm(self, a: Any) -> ElementArray:
        """Return the exponential of a real square matrix."""
        matrix = self.unwrap(a)
        if any(isinstance(entry, ComplexElement) for entry in matrix.flat):
            raise UnsupportedError("the exact engine has no linalg.expm of complex numbers")
        return self.wrap(self._batched(exponential.exponential, matrix, matrix.shape[-2:]))

    def fft_fft(self, a: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return the discrete Fourier transform along an axis, by its definition."""
        return self._transformed(a, n, axis, lambda m: _fourier_matrix(m, m, -m))

    def fft_ifft(self, a: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return its inverse."""
        return self._transformed(a, n, axis, lambda m: _fourier_matrix(m, m, m) / m)

    def fft_rfft(self, a: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return the half of the transform of real numbers that says all."""
        return self._transformed(a, n, axis, lambda m: _fourier_matrix(m, m // 2 + 1, -m))

    def fft_irfft(self, a: Any, n: int | None = None, axis: int = -1) -> Any:
        """Return its inverse, of n numbers: the middle frequencies count twice, for their conjugates."""
        count = 2 * (self.unwrap(a).shape[axis] - 1) if n is None else n
        kept = count // 2 + 1
        twice = np.array([[1 if 2 * k in (0, count) else 2] for k in range(kept)], object)
        return self.real(self._transformed(a, kept, axis, lambda m: _fourier_matrix(m, count, count) * twice / count))

    def _transformed(self, a: Any, n: int | None, axis: int, table: Callable[[int], Array]) -> Any:
        """Multiply an axis, cut or filled up with zeros to n elements, by a table for its length."""
        moved = self.moveaxis(a, axis, -1)
        if n is not None:
            margins = [(0, 0)] * (moved.ndim - 1) + [(0, max(n - moved.shape[-1], 0))]
            moved = self.pad(moved[..., :n], margins)
        return self.moveaxis(self.matmul(moved, self.wrap(table(moved.shape[-1]))), -1, axis)

    def _vector_norm(self, x: Any, order: Any, axis: int, keepdims: bool) -> Any:
        if isinstance(order, str) or order in (0, 1) or abs(order) == np.inf:
            return super()._vector_norm(x, order, axis, keepdims)
        powers = self.sum(self.power(self.abs(x), order), axis, keepdims)
        return self.power(powers, self.wrap(lift(1 / Fraction(order))))

    def _batched(self, function: Callable[[Array], Any], matrices: Array, shape: tuple[int, ...]) -> Array:
        if matrices.shape[-2] > MAX_DIMENSION:
            raise UnsupportedError(
                f"the exact engine takes matrices of up to {MAX_DIMENSION} rows, got {matrices.shape[-2]}"
            )
        return super()._batched(function, matrices, shape)
