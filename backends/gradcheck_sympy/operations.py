"""Elementary operations as SymPy expressions, with the local partial derivatives that SymPy finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

import sympy
from sympy.codegen.cfunctions import expm1, hypot, log1p
from sympy.printing.numpy import SciPyPrinter

from gradcheck.errors import UnsupportedError
from gradcheck_sympy import special

A, B, C = sympy.symbols("a b c", real=True)
OPERANDS = (A, B, C)
"""What the operands are called in an operation's expression."""


class expit(sympy.Function):  # type: ignore[misc]  # noqa: N801 - functions have SciPy's names
    """The logistic function, whose derivative does not overflow in this form."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Return expit(a) expit(-a)."""
        function: Any = type(self)
        a: Any = self.args[0]
        return function(a) * function(-a)


class logaddexp(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """The logarithm of exp(a) + exp(b)."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the share of the exponential in the sum."""
        a, b = cast(Any, self.args)
        return expit(a - b) if argindex == 1 else expit(b - a)


class cbrt(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """The real cube root; a rational power would be complex for negative numbers."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Return 1 / (3 cbrt(a)^2)."""
        function: Any = type(self)
        return 1 / (3 * function(self.args[0]) ** 2)


class power(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """A power with a variable exponent; SymPy's own divides by the base, which may be 0."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Return b a^(b-1), or log(a) a^b, which is taken to be 0 at a = 0."""
        function: Any = type(self)
        a, b = cast(Any, self.args)
        if argindex == 1:
            return b * function(a, b - 1)
        return sympy.Piecewise((sympy.log(a) * function(a, b), sympy.Ne(a, 0)), (0, True))


class sinc(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """NumPy's sin(pi a) / (pi a); SymPy's own has a NaN for a derivative at 0."""

    def fdiff(self, argindex: int = 1) -> Any:
        """Return the derivative as 0F1, which does not cancel near 0."""
        a: Any = self.args[0]
        return -(sympy.pi**2) * a / 3 * special.hyp0f1(sympy.Rational(5, 2), -((sympy.pi * a) ** 2) / 4)


class ScalarPrinter(SciPyPrinter):  # type: ignore[misc]
    """NumPy and SciPy code for single numbers, which branches where SymPy's own selects among arrays."""

    def _call(self, name: str, expr: Any) -> str:
        return f"{self._module_format(name)}({', '.join(self._print(a) for a in expr.args)})"

    def _print_Piecewise(self, expr: Any) -> str:
        code: str = self._module_format("numpy.nan")
        for value, condition in reversed(expr.args):
            code = f"({self._print(value)} if {self._print(condition)} else {code})"
        return code

    def _print_Heaviside(self, expr: Any) -> str:
        return f"{self._module_format('numpy.heaviside')}({self._print(expr.args[0])}, 0.5)"

    def _print_Max(self, expr: Any) -> str:
        return self._call("numpy.maximum", expr)

    def _print_Min(self, expr: Any) -> str:
        return self._call("numpy.minimum", expr)

    def _print_polygamma(self, expr: Any) -> str:
        if expr.args[0] == 0:
            return f"{self._module_format('scipy.special.psi')}({self._print(expr.args[1])})"
        return self._call("scipy.special.polygamma", expr)

    def _print_power(self, expr: Any) -> str:
        return self._call("numpy.power", expr)

    def _print_cbrt(self, expr: Any) -> str:
        return self._call("numpy.cbrt", expr)

    def _print_sinc(self, expr: Any) -> str:
        return self._call("numpy.sinc", expr)

    def _print_expit(self, expr: Any) -> str:
        return self._call("scipy.special.expit", expr)

    def _print_logaddexp(self, expr: Any) -> str:
        return self._call("numpy.logaddexp", expr)

    def _print_SciPyFunction(self, expr: Any) -> str:
        return self._call(f"scipy.special.{type(expr).__name__}", expr)

    _print_betainc = _print_SciPyFunction  # the printer's own is of SymPy's function of four arguments

    def _print_NoDerivative(self, expr: Any) -> str:
        raise UnsupportedError(f"SymPy has no derivative of special.{type(expr.args[0]).__name__} by its parameters")


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of one to three numbers; made by `operation`, so that equal ones are identical.

    Parameters
    ----------
    name : str
        NumPy's name for it; a partial derivative is ``d name/da``.
    expression : sympy.Expr
        The function, of `OPERANDS`.
    arity : int
        How many operands it has.
    algebraic : bool
        Whether SymPy may simplify it when an operand is a number; elsewhere that could take for ever.
    """

    name: str
    expression: Any
    arity: int
    algebraic: bool = False

    @cached_property
    def partials(self) -> tuple[Operation, ...]:
        """The partial derivative by each operand; those of steps are 0."""
        return tuple(
            operation(f"d {self.name}/d{x}", _derivative(self.expression, x), self.arity, True)
            for x in OPERANDS[: self.arity]
        )

    @cached_property
    def evaluate(self) -> Callable[..., Any]:
        """The function on numbers, by NumPy and SciPy."""
        printer = ScalarPrinter({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})
        operands = OPERANDS[: self.arity]
        function: Callable[..., Any] = sympy.lambdify(
            operands, self.expression, modules=["scipy", "numpy"], printer=printer, docstring_limit=0
        )
        return function

    def formula(self, *names: str) -> str:
        """Write it with names for its operands."""
        symbols = {x: sympy.Symbol(n) for x, n in zip(OPERANDS, names, strict=False)}
        return str(self.expression.xreplace(symbols))


@cache
def operation(name: str, expression: Any, arity: int, algebraic: bool = False) -> Operation:
    """Return the one `Operation` of these parameters, so that its derivatives and code are made once."""
    return Operation(name, sympy.sympify(expression), arity, algebraic)


def _derivative(expression: Any, x: Any) -> Any:
    if expression.func in (sympy.sign, sympy.floor, sympy.ceiling, sympy.Heaviside):
        return sympy.S.Zero
    derivative = sympy.diff(expression, x)
    # derivatives of steps are 0 here, as in the frameworks: a step has no slope beside the jump
    return derivative.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)


def _of_one(name: str, function: Callable[[Any], Any]) -> Operation:
    return operation(name, function(A), 1)


def polygamma(n: int) -> Operation:
    """Return the n-th derivative of digamma."""
    return operation(f"special.polygamma({n})", sympy.polygamma(n, A), 1)


def _comparison(name: str, relation: Callable[[Any, Any], Any]) -> Operation:
    return operation(name, sympy.Piecewise((1, relation(A, B)), (0, True)), 2, True)


ADD = operation("add", A + B, 2, True)
SUBTRACT = operation("subtract", A - B, 2, True)
MULTIPLY = operation("multiply", A * B, 2, True)
DIVIDE = operation("divide", A / B, 2, True)
NEGATIVE = operation("negative", -A, 1, True)
POWER = operation("power", power(A, B), 2)
MAXIMUM = operation("maximum", sympy.Max(A, B), 2, True)
MINIMUM = operation("minimum", sympy.Min(A, B), 2, True)
WHERE = operation("where", sympy.Piecewise((B, sympy.Ne(A, 0)), (C, True)), 3, True)

NAMED = {
    op.name: op
    for op in (
        MAXIMUM,
        MINIMUM,
        WHERE,
        _of_one("abs", sympy.Abs),
        _of_one("sign", sympy.sign),
        _of_one("floor", sympy.floor),
        _of_one("ceil", sympy.ceiling),
        _of_one("sqrt", sympy.sqrt),
        _of_one("square", lambda a: a**2),
        _of_one("cbrt", cbrt),
        _of_one("exp", sympy.exp),
        _of_one("exp2", lambda a: 2**a),
        _of_one("expm1", expm1),
        _of_one("log", sympy.log),
        _of_one("log1p", log1p),
        _of_one("sin", sympy.sin),
        _of_one("cos", sympy.cos),
        _of_one("tan", sympy.tan),
        _of_one("arcsin", sympy.asin),
        _of_one("arccos", sympy.acos),
        _of_one("arctan", sympy.atan),
        _of_one("sinh", sympy.sinh),
        _of_one("cosh", sympy.cosh),
        _of_one("tanh", sympy.tanh),
        _of_one("arcsinh", sympy.asinh),
        _of_one("arccosh", sympy.acosh),
        _of_one("arctanh", sympy.atanh),
        _of_one("sinc", sinc),
        _of_one("special.erf", sympy.erf),
        _of_one("special.erfc", sympy.erfc),
        _of_one("special.gammaln", sympy.loggamma),
        _of_one("special.digamma", sympy.digamma),
        _of_one("special.expit", expit),
        _of_one("special.erfinv", special.erfinv),
        _of_one("special.ndtri", special.ndtri),
        _of_one("special.log_ndtr", special.log_ndtr),
        _of_one("special.erfcx", special.erfcx),
        _of_one("special.dawsn", special.dawsn),
        _of_one("special.gamma", special.gamma),
        _of_one("special.i0", lambda a: sympy.besseli(0, a)),
        _of_one("special.i1", lambda a: sympy.besseli(1, a)),
        _of_one("special.i0e", lambda a: special.ive(0, a)),
        _of_one("special.i1e", lambda a: special.ive(1, a)),
        _of_one("special.j0", lambda a: sympy.besselj(0, a)),
        _of_one("special.j1", lambda a: sympy.besselj(1, a)),
        _of_one("special.exp1", special.exp1),
        _of_one("special.expi", special.expi),
        _of_one("special.spence", special.spence),
        operation("special.beta", special.beta(A, B), 2),
        operation("special.betaln", special.betaln(A, B), 2),
        operation("special.zeta", special.zeta(A, B), 2),
        operation("special.gammainc", special.gammainc(A, B), 2),
        operation("special.gammaincc", special.gammaincc(A, B), 2),
        operation("special.betainc", special.betainc(A, B, C), 3),
        operation("arctan2", sympy.atan2(A, B), 2),
        operation("hypot", hypot(A, B), 2),
        operation("logaddexp", logaddexp(A, B), 2),
        _comparison("greater", sympy.Gt),
        _comparison("greater_equal", sympy.Ge),
        _comparison("less", sympy.Lt),
        _comparison("less_equal", sympy.Le),
        _comparison("equal", sympy.Eq),
        _comparison("not_equal", sympy.Ne),
    )
}
"""The elementary operations by the vocabulary's names; comparisons give 1 and 0."""
