"""The names that a portable function can use, with NumPy's and SciPy's meaning and signatures.

``linalg.*`` is `numpy.linalg`, ``special.*`` is `scipy.special`, everything else is `numpy`.
Arrays support Python's operators (arithmetic, ``@``, comparisons, indexing but for negative
steps and lists), ``shape``, ``ndim``, ``dtype`` and ``T``; everything else is written with ``xp``'s functions.
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

REDUCTIONS = ("sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "cumprod", "median", "argmax", "argmin")

SHAPES = (
    "reshape", "ravel", "transpose", "swapaxes", "moveaxis", "concatenate", "stack", "expand_dims", "squeeze",
    "broadcast_to", "flip", "roll", "tile", "repeat", "pad", "take", "take_along_axis", "sort", "argsort",
    "diff", "diag", "diagonal", "trace", "tril", "triu",
)  # fmt: skip

LINEAR_ALGEBRA = (
    "matmul", "dot", "inner", "outer", "tensordot", "einsum", "kron", "cross",
    "linalg.solve", "linalg.inv", "linalg.det", "linalg.slogdet", "linalg.cholesky", "linalg.norm",
    "linalg.matrix_power",
)  # fmt: skip

SPECIAL = (
    "special.erf", "special.erfc", "special.gammaln", "special.digamma", "special.expit", "special.logit",
    "special.logsumexp", "special.softmax", "special.log_softmax", "special.xlogy", "special.ndtr",
)  # fmt: skip

FUNCTIONS = CREATION + ELEMENTWISE + REDUCTIONS + SHAPES + LINEAR_ALGEBRA + SPECIAL
"""Every function of the vocabulary, by its dotted name."""
