"""The names that a portable function can use, with NumPy's and SciPy's meaning and signatures.

``linalg.*`` is `numpy.linalg` (``expm`` and ``solve_triangular`` are `scipy.linalg`'s), ``fft.*`` is `numpy.fft`,
``special.*`` is `scipy.special`, everything else is `numpy`.
Arrays support Python's operators (arithmetic, ``@``, comparisons, indexing but for negative
steps and lists), ``shape``, ``ndim``, ``dtype`` and ``T``; everything else is written with ``xp``'s functions.

Some functions are one only as far as the following goes; beyond it, systems differ:

- ``linalg.eigh``, ``linalg.eigvalsh`` and ``linalg.cholesky`` are of symmetric matrices. Which triangle a system
  reads, or whether it symmetrises, is its own affair, and the derivative shows it: write ``(a + a.T) / 2``.
- Eigenvectors, singular vectors and the factors of ``linalg.qr`` have free signs (phases): use what does not
  depend on them, such as squares, products and projectors.
- ``linalg.pinv`` and ``linalg.lstsq`` are of matrices of full rank; of lstsq's results there is the first one.
- ``linalg.qr`` has only the reduced form. ``quantile`` interpolates linearly; its ``q`` is a Python number or a list.
- The order of ``special.polygamma`` is a Python integer; ``special.zeta`` has both of its arguments.
"""

from __future__ import annotations

CONSTANTS = ("pi", "e", "inf", "nan", "newaxis")

CREATION = ("asarray", "zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "eye", "arange", "linspace")

ELEMENTWISE = (
    "abs", "sign", "negative", "positive", "add", "subtract", "multiply", "divide", "power", "sqrt", "cbrt",
    "square", "reciprocal", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "sin", "cos",
    "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
    "hypot", "maximum", "minimum", "clip", "where", "floor", "ceil", "sinc", "real", "imag", "conj",
    "greater", "greater_equal", "less", "less_equal", "equal", "not_equal",
    "logical_and", "logical_or", "logical_not",
)  # fmt: skip

REDUCTIONS = (
    "sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "cumprod", "median", "quantile", "argmax", "argmin",
)  # fmt: skip

SHAPES = (
    "reshape", "ravel", "transpose", "swapaxes", "moveaxis", "concatenate", "stack", "expand_dims", "squeeze",
    "broadcast_to", "flip", "roll", "tile", "repeat", "pad", "take", "take_along_axis", "sort", "argsort",
    "diff", "diag", "diagonal", "trace", "tril", "triu",
)  # fmt: skip

LINEAR_ALGEBRA = (
    "matmul", "dot", "vdot", "inner", "outer", "tensordot", "einsum", "kron", "cross",
    "linalg.solve", "linalg.inv", "linalg.det", "linalg.slogdet", "linalg.cholesky", "linalg.norm",
    "linalg.matrix_power", "linalg.eigh", "linalg.eigvalsh", "linalg.svd", "linalg.qr", "linalg.pinv",
    "linalg.lstsq", "linalg.expm", "linalg.solve_triangular",
)  # fmt: skip

FOURIER = ("fft.fft", "fft.ifft", "fft.rfft", "fft.irfft")

SPECIAL = (
    "special.erf", "special.erfc", "special.gammaln", "special.digamma", "special.expit", "special.logit",
    "special.logsumexp", "special.softmax", "special.log_softmax", "special.xlogy", "special.ndtr",
    "special.erfinv", "special.ndtri", "special.log_ndtr", "special.erfcx", "special.dawsn", "special.entr",
    "special.rel_entr", "special.kl_div", "special.xlog1py", "special.gamma", "special.polygamma", "special.beta",
    "special.betaln", "special.gammainc", "special.gammaincc", "special.betainc", "special.zeta", "special.i0",
    "special.i0e", "special.i1", "special.i1e", "special.j0", "special.j1", "special.exp1", "special.expi",
    "special.spence",
)  # fmt: skip

FUNCTIONS = CREATION + ELEMENTWISE + REDUCTIONS + SHAPES + LINEAR_ALGEBRA + FOURIER + SPECIAL
"""Every function of the vocabulary, by its dotted name."""
