"""The edge points of expressions and portable functions, which every framework runs in its own functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck.conventions import kernels  # noqa: F401 - it declares its points
from gradcheck.conventions.edges import edges, expression, portable

__all__ = ["edges"]

_DLMF = "NIST Digital Library of Mathematical Functions, section "
_CLARKE = "Clarke (1983), Optimization and Nonsmooth Analysis, section "
_HIGHAM = "Higham (2002), Accuracy and Stability of Numerical Algorithms, section "
_NUMPY = "NumPy Reference, numpy."
_TORCH = "PyTorch documentation, torch.nn."
_TRAP = "JAX documentation, Gradients contain NaN where using where"
_COMPLEX = "PyTorch documentation, Autograd for Complex Numbers"


# -- kinks of one number ------------------------------------------------------------------------

_KINK = "a kink: any number between the slopes is a subgradient"
expression("abs(x)", "kink", _KINK, _CLARKE + "2.1", x=0)
expression("maximum(x, 0)", "kink", _KINK, _CLARKE + "2.3", x=0)
expression("minimum(x, 1)", "kink", _KINK, _CLARKE + "2.3", x=1)
expression("clip(x, -1, 1)", "kink", _KINK, _NUMPY + "clip", x=-1)
expression("clip(x, -1, 1)", "kink", _KINK, _NUMPY + "clip", x=1)
expression("where(x > 0, x, 0)", "kink", "a kink, written as a choice of branches", _CLARKE + "2.1", x=0)
expression(
    "maximum(1 - x, 0)", "kink", "the hinge loss at its kink", "Rosasco et al. (2004), Neural Computation 16", x=1
)
expression("abs(x) ** 0.5", "kink", "a cusp: the slopes are infinite, with both signs", _CLARKE + "2.1", x=0)
expression("sqrt(x ** 2)", "kink", "abs(x) by way of an infinite slope", _TRAP, x=0)

# -- composed kinks ----------------------------------------------------------------------------

_SMOOTH = "smooth, though its parts have kinks here"
_COMPOSED = "Bolte & Pauwels (2021), Conservative set valued fields, Math. Programming 188, section 1"
expression("maximum(x, 0) - maximum(-x, 0)", "composed", _SMOOTH, _COMPOSED, x=0)
expression("x * abs(x)", "composed", _SMOOTH, _COMPOSED, x=0)
expression("maximum(x, 0) ** 2", "composed", _SMOOTH, _COMPOSED, x=0)
expression("maximum(x, -x)", "composed", "abs(x) as a maximum", _COMPOSED, x=0)
expression("maximum(x, y) + minimum(x, y)", "composed", _SMOOTH, _COMPOSED, x=1, y=1)
expression(
    "where(abs(x) <= 1, x ** 2 / 2, abs(x) - 0.5)",
    "composed",
    "the Huber loss where its pieces meet smoothly",
    "Huber (1964), Ann. Math. Statist. 35, 73-101",
    x=1,
)

# -- ties ---------------------------------------------------------------------------------------

_TIE = "a tie: shares of one in all"
expression("maximum(x, y)", "tie", _TIE, _CLARKE + "2.3", x=1, y=1)
expression("minimum(x, y)", "tie", _TIE, _CLARKE + "2.3", x=1, y=1)
expression("max(x)", "tie", _TIE, _CLARKE + "2.3", x=[2, 1, 2])
expression("min(x)", "tie", _TIE, _CLARKE + "2.3", x=[1, 2, 1, 1])
expression("sort(x)[0]", "tie", _TIE, _NUMPY + "sort", x=[1, 1, 2])
expression("median(x)", "tie", _TIE, _NUMPY + "median", x=[1, 1, 2])
expression("median(x)", "tie", "an even count with a tie in the middle", _NUMPY + "median", x=[1, 2, 2, 3])
expression("max(abs(x))", "tie", "the maximum norm at a tie", _CLARKE + "2.3", x=[-2, 2])
expression("logaddexp(x, y)", "tie", "smooth at the tie", _NUMPY + "logaddexp", x=1, y=1)
expression("logsumexp(x)", "tie", "smooth at the tie", "SciPy Reference, scipy.special.logsumexp", x=[3, 3])

# -- steps --------------------------------------------------------------------------------------

_STEP = "a jump; the gradient on either side is 0"
expression("sign(x)", "step", _STEP, _NUMPY + "sign", x=0)
expression("floor(x)", "step", _STEP, _NUMPY + "floor", x=2)
expression("ceil(x)", "step", _STEP, _NUMPY + "ceil", x=2)
expression("x - floor(x)", "step", "x modulo 1: a jump; the gradient on either side is 1", _NUMPY + "mod", x=2)
expression("where(x > 0, 1, 0) * x", "step", "a ramp made with a step", _CLARKE + "2.1", x=0)

# -- norms, spreads and roots at zero -----------------------------------------------------------

_CONE = "the tip of a cone: any vector of length up to 1 is a subgradient"
expression("norm(x)", "zero", _CONE, _CLARKE + "2.1", x=[0, 0])
expression("sqrt(sum(x ** 2))", "zero", _CONE, _TRAP, x=[0, 0])
expression("norm(x, 1)", "zero", "the 1-norm with a zero element", _NUMPY + "linalg.norm", x=[0, 2])
expression("hypot(x, y)", "zero", _CONE, _NUMPY + "hypot", x=0, y=0)
expression("std(x)", "zero", "the spread of equal numbers: the tip of a cone", _NUMPY + "std", x=[2, 2, 2])
expression("var(x)", "zero", "smooth, with slope 0", _NUMPY + "var", x=[2, 2, 2])
expression("sqrt(x)", "zero", "the slope is infinite", _DLMF + "4.2", x=0)
expression("cbrt(x)", "zero", "the slope is infinite", _NUMPY + "cbrt", x=0)
expression("sinc(x)", "zero", "smooth, with slope 0; the formula divides by 0", _NUMPY + "sinc", x=0)
expression("arctan2(y, x)", "zero", "no derivative in any sense", _NUMPY + "arctan2", y=0, x=0)
expression("arctan2(y, x)", "zero", "a jump by 2 pi in y", _NUMPY + "arctan2", y=0, x=-1)
expression("sum(cumprod(x))", "zero", "smooth; a rule that divides by x fails", _NUMPY + "cumprod", x=[2, 0, 3])
expression("sum(cumprod(x))", "zero", "smooth; a rule that divides by x fails", _NUMPY + "cumprod", x=[0, 2, 0])
expression("prod(x)", "zero", "smooth; a rule that divides by x fails", _NUMPY + "prod", x=[2, 0, 3])
expression("prod(x)", "zero", "smooth, with slope 0", _NUMPY + "prod", x=[0, 2, 0])
expression("det(a)", "zero", "smooth; a rule that inverts the matrix fails", _DLMF + "1.2", a=[[1, 2], [2, 4]])
expression("det(a)", "zero", "smooth, with slope 0", _DLMF + "1.2", a=[[0, 0], [0, 0]])
expression("slogdet(a)[1]", "zero", "minus infinity: no derivative", _NUMPY + "linalg.slogdet", a=[[1, 2], [2, 4]])

# -- powers and logarithms ----------------------------------------------------------------------

expression("x ** 0", "power", "1 for every x", _DLMF + "4.2", x=0)
expression("x ** y", "power", "1 for y = 0 and x > 0, 0 for x = 0 and y > 0", _DLMF + "4.2", x=0, y=0)
expression("x ** y", "power", "smooth in x; 0 in y", _DLMF + "4.2", x=0, y=2)
expression("x ** y", "power", "slope 1 in x; 0 in y", _DLMF + "4.2", x=0, y=1)
expression("x ** y", "power", "real for whole y only", _DLMF + "4.2", x=-2, y=3)
expression("0 ** x", "power", "0 for every x > 0", _DLMF + "4.2", x=2)
expression("x ** 1.5", "power", "smooth from the right, with slope 0", _DLMF + "4.2", x=0)
expression("x * log(x)", "power", "0 times minus infinity", _DLMF + "4.2", x=0)
expression("xlogy(x, y)", "power", "0 by definition", "SciPy Reference, scipy.special.xlogy", x=0, y=0)
expression("xlogy(x, y)", "power", "smooth", "SciPy Reference, scipy.special.xlogy", x=0, y=2)

# -- branches that are not taken ----------------------------------------------------------------

_MASKED = "the branch that is not taken has an infinite or undefined slope"
expression("where(x > 0, sqrt(x), 0)", "where", _MASKED, _TRAP, x=-1)
expression("where(x > 0, sqrt(x), 0)", "where", _MASKED, _TRAP, x=0)
expression("sqrt(where(x > 0, x, 0))", "where", "the mask stops the infinite slope", _TRAP, x=-1)
expression("where(x == 0, 1, sin(x) / x)", "where", _MASKED, _TRAP, x=0)
expression("where(x > 0, x * log(x), 0)", "where", _MASKED, _TRAP, x=-1)

# -- saturation and edges of domains ------------------------------------------------------------

_LOST = "1 - f(x)**2 and the like cancel"
expression("tanh(x)", "saturation", _LOST, _HIGHAM + "1.7", x=20)
expression("expit(x)", "saturation", _LOST, _HIGHAM + "1.7", x=40)
expression("expm1(x)", "saturation", "f(x) + 1 cancels", _HIGHAM + "1.14", x=-40)
expression("erf(x)", "saturation", "a small slope at a value of 1", _DLMF + "7.2", x=6)
expression("log(1 + exp(x))", "saturation", "the exponential overflows; the slope is 1", _HIGHAM + "27.8", x=1000)
expression("logaddexp(x, 0)", "saturation", "the same without overflow", _NUMPY + "logaddexp", x=1000)
expression("log(expit(x))", "saturation", "the logistic function underflows; the slope is 1", _HIGHAM + "27.8", x=-800)
expression("(1 - cos(x)) / x ** 2", "saturation", "1 - cos(x) cancels", _HIGHAM + "1.7", x=1e-9)
expression("arcsin(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.24", x=1)
expression("arccosh(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.38", x=1)
expression("log1p(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.2", x=-1)
expression("1 / x", "domain", "a pole", _DLMF + "4.2", x=0)

# -- complex numbers -----------------------------------------------------------------------------

portable("abs(z)", "complex", "the tip of a cone", _COMPLEX, lambda xp, z: xp.abs(z), z=0j)
portable("abs(z)", "complex", "g = df/dRe + i df/dIm = z / abs(z)", _COMPLEX, lambda xp, z: xp.abs(z), z=3 + 4j)
portable("real(z ** 2)", "complex", "g = 2 conj(z)", _COMPLEX, lambda xp, z: xp.real(z * z), z=1 + 2j)
portable(
    "real(z conj(z))", "complex", "g = 2 z: not holomorphic", _COMPLEX, lambda xp, z: xp.real(z * xp.conj(z)), z=1 + 2j
)
portable("imag(z)", "complex", "g = i", _COMPLEX, lambda xp, z: xp.imag(z), z=1 + 2j)

# -- subnormal, huge and infinite numbers --------------------------------------------------------

_SPREADS = "the squares underflow or overflow, the function does not"
expression("hypot(x, y)", "range", _SPREADS, _NUMPY + "hypot", x=1e-200, y=1e-200)
expression("hypot(x, y)", "range", _SPREADS, _NUMPY + "hypot", x=1e200, y=1e200)
expression("norm(x)", "range", _SPREADS, _NUMPY + "linalg.norm", x=[1e200, 1e200])
expression("norm(x)", "range", _SPREADS, _NUMPY + "linalg.norm", x=[1e-200, 1e-200])
expression("sqrt(x)", "range", "the slope is 1.6e159", _DLMF + "4.2", x=1e-320)
expression("log(x)", "range", "the slope is 1e300", _DLMF + "4.2", x=1e-300)
expression("1 / x", "range", "the slope overflows", _DLMF + "4.2", x=1e-160)
expression("x ** 2", "range", "the value underflows, the slope does not", _DLMF + "4.2", x=1e-200)
expression("exp(x)", "range", "subnormal: the value is its own slope", _DLMF + "4.2", x=-740)
expression("expit(x)", "range", "subnormal", _HIGHAM + "27.8", x=-740)
expression("arctan2(y, x)", "range", _SPREADS, _NUMPY + "arctan2", y=1e200, x=1e200)
expression("tanh(x)", "range", "constant: the slope is 0", _DLMF + "4.31", x=np.inf)
expression("arctan(x)", "range", "constant: the slope is 0", _DLMF + "4.23", x=np.inf)
expression("exp(x)", "range", "constant: the slope is 0", _DLMF + "4.2", x=-np.inf)
expression("expit(x)", "range", "constant: the slope is 0", _HIGHAM + "27.8", x=np.inf)
expression("logaddexp(x, y)", "range", "minus infinity is the empty sum", _NUMPY + "logaddexp", x=-np.inf, y=1)
expression("maximum(x, y)", "range", "minus infinity is no candidate", _NUMPY + "maximum", x=-np.inf, y=1)
portable(
    "softmax(x)[1]", "range", "a masked score: minus infinity has weight 0", "SciPy Reference, scipy.special.softmax",
    lambda xp, x: xp.special.softmax(x)[1], x=[-np.inf, 0.5, 1],
)  # fmt: skip

# -- repeated eigenvalues and singular values ----------------------------------------------------

_KATO = "Kato (1995), Perturbation Theory for Linear Operators, section II.6"


def _symmetric(xp: Any, a: Any) -> Any:
    return 0.5 * (a + xp.transpose(a))


_EYE = [[1, 0], [0, 1]]
portable(
    "largest eigenvalue of a", "spectrum", "a double eigenvalue: a kink", _KATO,
    lambda xp, a: xp.linalg.eigvalsh(_symmetric(xp, a))[1], a=_EYE,
)  # fmt: skip
portable(
    "sum of the eigenvalues of a", "spectrum", "the trace: smooth", _KATO,
    lambda xp, a: xp.sum(xp.linalg.eigvalsh(_symmetric(xp, a))), a=_EYE,
)  # fmt: skip
portable(
    "sum of squared eigenvalues of a", "spectrum", "trace(a a): smooth", _KATO,
    lambda xp, a: xp.sum(xp.linalg.eigvalsh(_symmetric(xp, a)) ** 2), a=_EYE,
)  # fmt: skip


def _rebuilt(xp: Any, a: Any) -> Any:
    values, vectors = xp.linalg.eigh(_symmetric(xp, a))
    return xp.sum(xp.asarray([[1.0, 2.0], [3.0, 5.0]]) * (vectors @ (values[:, None] * xp.transpose(vectors))))


portable(
    "weighted sum of v w v^T", "spectrum", "a itself: smooth; the rule divides by the gap", _KATO, _rebuilt, a=_EYE
)
portable(
    "nuclear norm of a", "spectrum", "two zero singular values: the tip of a cone",
    "Watson (1992), Linear Algebra and its Applications 170, 33-45",
    lambda xp, a: xp.sum(xp.linalg.svd(a, full_matrices=False, compute_uv=False)), a=[[0, 0], [0, 0]],
)  # fmt: skip
portable(
    "spectral norm of a", "spectrum", "a double singular value: a kink",
    "Watson (1992), Linear Algebra and its Applications 170, 33-45",
    lambda xp, a: xp.linalg.svd(a, full_matrices=False, compute_uv=False)[0], a=_EYE,
)  # fmt: skip
portable(
    "sum of squared singular values of a", "spectrum", "the squared Frobenius norm: smooth", _KATO,
    lambda xp, a: xp.sum(xp.linalg.svd(a, full_matrices=False, compute_uv=False) ** 2), a=[[2, 0], [0, 2]],
)  # fmt: skip

# -- empty arrays and arrays of one element ------------------------------------------------------

_EMPTY = "nothing is added or multiplied"
_ONE = "one element: constant"
expression("y * sum(x)", "empty", _EMPTY, _NUMPY + "sum", y=2, x=[])
expression("y * prod(x)", "empty", _EMPTY, _NUMPY + "prod", y=2, x=[])
expression("y + norm(x)", "empty", "the norm of nothing is 0", _NUMPY + "linalg.norm", y=2, x=[])
expression("var(x)", "empty", _ONE, _NUMPY + "var", x=[3])
expression("std(x)", "empty", "one element: the tip of a cone", _NUMPY + "std", x=[3])
expression("logsumexp(x)", "empty", "one element: itself", "SciPy Reference, scipy.special.logsumexp", x=[3])
expression("softmax(x)[0]", "empty", _ONE, "SciPy Reference, scipy.special.softmax", x=[3])
expression("median(x)", "empty", "one element: itself", _NUMPY + "median", x=[3])
expression("max(x)", "empty", "one element: itself", _NUMPY + "max", x=[3])
expression("cumprod(x)[0]", "empty", "one element: itself, and 0", _NUMPY + "cumprod", x=[0])
expression("det(a)", "empty", "one element: itself, and 0", _DLMF + "1.2", a=[[0]])

# -- more edges of domains -----------------------------------------------------------------------

expression("arccos(x)", "domain", "the slope is infinite at the edge", _DLMF + "4.24", x=-1)
expression("arctanh(x)", "domain", "a pole", _DLMF + "4.38", x=1)
expression("log(x)", "domain", "a pole", _DLMF + "4.2", x=0)
expression("gammaln(x)", "domain", "a pole", _DLMF + "5.2", x=0)
expression("digamma(x)", "domain", "a pole", _DLMF + "5.2", x=-1)
expression("logit(x)", "domain", "a pole", "SciPy Reference, scipy.special.logit", x=0)
expression("tan(x)", "domain", "beside a pole: the slope is 2.7e32", _DLMF + "4.14", x=np.pi / 2)
expression("log(norm(x))", "domain", "a pole", _DLMF + "4.2", x=[0, 0])
