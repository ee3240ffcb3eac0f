"""Problems of any size whose value and gradient are timed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np

from gradcheck.cases import Case
from gradcheck.errors import UnknownNameError
from gradcheck.functions import Array, Function
from gradcheck.operators import Operator

ROWS = 32
"""The number of rows in a batch of the MLP problem."""


@dataclass(frozen=True)
class Problem:
    """A scalar function that exists in any size, with its closed-form gradient.

    Parameters
    ----------
    name : str
        How options and reports call it.
    title : str
        What it is, in a few words.
    formula : str
        The function, in the notation of a textbook.
    function : Function
        Portable, with its gradient written by hand.
    inputs : callable
        ``inputs(rng, size)`` returns the positional arguments. It comes as near below `size`
        differentiated elements as the problem's shape allows, and never below its smallest form.
    argnums : int, optional
        The argument to differentiate, where not all floating ones.
    """

    name: str
    title: str
    formula: str
    function: Function
    inputs: Callable[[np.random.Generator, int], tuple[Any, ...]]
    argnums: int | None = None

    def case(self, size: int) -> Case:
        """Return the problem as a case with about `size` differentiated elements; its inputs depend on both."""
        return Case(
            f"benchmark.{self.name}",
            self.function,
            lambda rng: self.inputs(np.random.default_rng([zlib.crc32(self.name.encode()), size]), size),
            operators=(Operator.VALUE, Operator.GRADIENT),
            argnums=self.argnums,
            tags=frozenset({"benchmark"}),
            module=__name__,
        )


def notebook(xp: Any, x: Any, y: Any, z: Any) -> Any:
    """Sum of (x + y) z over vectors of length n / 3."""
    return xp.sum((x + y) * z)


def notebook_gradient(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """Gradient of `notebook`: (z, z, x + y)."""
    return z, z, x + y


def rosenbrock(xp: Any, x: Any) -> Any:
    """Rosenbrock's chained valley in n >= 2 dimensions.

    References
    ----------
    Rosenbrock, H. H. (1960), An automatic method for finding the greatest or least value of a
    function, The Computer Journal 3(3), 175-184.
    """
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_gradient(x: Array) -> Array:
    """Gradient of `rosenbrock`."""
    gradient = np.zeros_like(x)
    rise = x[1:] - x[:-1] ** 2
    gradient[:-1] = -400.0 * x[:-1] * rise - 2.0 * (1.0 - x[:-1])
    gradient[1:] += 200.0 * rise
    return gradient


def mlp(xp: Any, parameters: Any, inputs: Any, targets: Any) -> Any:
    """Mean squared error of a perceptron with one hidden layer of tanh, as wide as its input."""
    hidden = xp.tanh(inputs @ parameters["w1"] + parameters["b1"])
    return xp.mean((hidden @ parameters["w2"] + parameters["b2"] - targets) ** 2)


def mlp_gradient(parameters: Mapping[str, Array], inputs: Array, targets: Array) -> dict[str, Array]:
    """Gradient of `mlp` with respect to its parameters, by backpropagation.

    References
    ----------
    Rumelhart, D. E., Hinton, G. E., Williams, R. J. (1986), Learning representations by
    back-propagating errors, Nature 323, 533-536.
    """
    hidden = np.tanh(inputs @ parameters["w1"] + parameters["b1"])
    residual = 2.0 / len(targets) * (hidden @ parameters["w2"] + parameters["b2"] - targets)
    delta = np.outer(residual, parameters["w2"]) * (1.0 - hidden**2)
    return {"w1": inputs.T @ delta, "b1": delta.sum(axis=0), "w2": hidden.T @ residual, "b2": residual.sum()}


def logdet(xp: Any, a: Any) -> Any:
    """Logarithm of |det A| of a square matrix."""
    return xp.linalg.slogdet(a)[1]


def logdet_gradient(a: Array) -> Array:
    """Gradient of `logdet`, the transposed inverse.

    References
    ----------
    Petersen, K. B., Pedersen, M. S. (2012), The Matrix Cookbook, equation 57.
    """
    return np.ascontiguousarray(np.linalg.inv(a).T)


def _notebook_inputs(rng: np.random.Generator, size: int) -> tuple[Array, ...]:
    return tuple(rng.normal(size=(3, max(1, size // 3))))


def _rosenbrock_inputs(rng: np.random.Generator, size: int) -> tuple[Array]:
    return (rng.uniform(-1.5, 1.5, size=max(2, size)),)


def _mlp_inputs(rng: np.random.Generator, size: int) -> tuple[dict[str, Array], Array, Array]:
    width = max(1, isqrt(size) - 1)  # weights, biases and readout are (width + 1)^2 numbers
    parameters = {
        "w1": rng.normal(size=(width, width)) / np.sqrt(width),
        "b1": rng.normal(size=width),
        "w2": rng.normal(size=width) / np.sqrt(width),
        "b2": rng.normal(size=()),
    }
    return {k: np.asarray(v) for k, v in parameters.items()}, rng.normal(size=(ROWS, width)), rng.normal(size=ROWS)


def _logdet_inputs(rng: np.random.Generator, size: int) -> tuple[Array]:
    n = max(1, isqrt(size))
    return (np.eye(n) + 0.3 * rng.normal(size=(n, n)) / np.sqrt(n),)  # well conditioned at every n


PROBLEMS: Mapping[str, Problem] = {
    problem.name: problem
    for problem in (
        Problem(
            "notebook",
            "The notebook function, elementwise",
            "f(x, y, z) = Σᵢ (xᵢ + yᵢ) zᵢ; x, y and z have n/3 elements each",
            Function.of(notebook, gradient=notebook_gradient),
            _notebook_inputs,
        ),
        Problem(
            "rosenbrock",
            "Rosenbrock's valley",
            "f(x) = Σᵢ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²; x has n elements",
            Function.of(rosenbrock, gradient=rosenbrock_gradient),
            _rosenbrock_inputs,
        ),
        Problem(
            "mlp",
            "Loss of a multilayer perceptron",
            f"f(W, b, w, c) = mean((tanh(X W + b) w + c - t)²) over {ROWS} rows; the n = (h + 1)² parameters, "
            "hidden width h",
            Function.of(mlp, gradient=mlp_gradient),
            _mlp_inputs,
            argnums=0,
        ),
        Problem(
            "logdet",
            "Logarithm of a determinant",
            "f(A) = log |det A|; A has √n by √n elements, well conditioned",
            Function.of(logdet, gradient=logdet_gradient),
            _logdet_inputs,
        ),
    )
}
"""The problems by name, in the order of the report."""


def select(names: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Return problems by name, each once and in the order of `PROBLEMS`; all of them without names.

    Raises
    ------
    UnknownNameError
        If there is no such problem.
    """
    wanted = list(names)
    for name in wanted:
        if name not in PROBLEMS:
            raise UnknownNameError("problem", name, PROBLEMS)
    return tuple(problem for problem in PROBLEMS.values() if not wanted or problem.name in wanted)
