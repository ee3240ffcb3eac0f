"""The circuits by which backpropagation is taught."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_SOURCE = "Stanford CS231n, Convolutional Neural Networks for Visual Recognition, notes on backpropagation"


@gradcheck.case(
    inputs=lambda rng: {"classic": (-2.0, 5.0, -4.0)},
    operators=["value", "gradient"],
    tags=["notebook", "scalar"],
    source=_SOURCE,
    gradient=lambda x, y, z: (z, z, x + y),
)
def notebook(xp: Any, x: Any, y: Any, z: Any) -> Any:
    """A sum into a product: -12 at (-2, 5, -4), with the gradient (-4, -4, 3)."""
    return (x + y) * z


@gradcheck.case(
    inputs=lambda rng: {"classic": (3.0, -4.0, 2.0, -1.0)},
    tags=["notebook", "scalar"],
    source=_SOURCE,
    gradient=lambda x, y, z, w: (2 * y, 2 * x, 2.0 * (z > w), 2.0 * (w > z)),
)
def max_gate(xp: Any, x: Any, y: Any, z: Any, w: Any) -> Any:
    """Multiply, maximum, add and double gates: -20 at (3, -4, 2, -1)."""
    return 2.0 * (x * y + xp.maximum(z, w))


def _neuron_gradient(w: Array, x: Array) -> Any:
    output = 1 / (1 + np.exp(-(w[:2] @ x + w[2])))
    slope = output * (1 - output)
    return slope * np.append(x, 1.0), slope * w[:2]


def _neuron_hessian(w: Array, x: Array) -> Any:
    v, u = w[:2], np.append(x, 1.0)
    output, rest = 1 / (1 + np.exp(-(w @ u))), 1 / (1 + np.exp(w @ u))
    slope, bend = output * rest, output * rest * (rest - output)
    mixed = bend * np.outer(u, v) + slope * np.eye(3, 2)
    return (bend * np.outer(u, u), mixed), (mixed.T, bend * np.outer(v, v))


@gradcheck.case(
    inputs=lambda rng: {"classic": (np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0]))},
    operators=["gradient", "hessian", "hvp"],
    tags=["notebook", "scalar"],
    source=_SOURCE,
    gradient=_neuron_gradient,
    hessian=_neuron_hessian,
)
def sigmoid_neuron(xp: Any, w: Any, x: Any) -> Any:
    """A neuron with two inputs and a bias: 0.73 at w = (2, -3, -3), x = (-1, -2)."""
    return 1.0 / (1.0 + xp.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))


def _staged_gradient(x: Array, y: Array) -> Any:
    sx, sy = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-y))
    numerator, denominator = x + sy, sx + (x + y) ** 2
    down = numerator / denominator**2
    return (
        1 / denominator - down * (sx * (1 - sx) + 2 * (x + y)),
        sy * (1 - sy) / denominator - down * 2 * (x + y),
    )


@gradcheck.case(
    inputs=lambda rng: {"classic": (3.0, -4.0)},
    tags=["notebook", "scalar"],
    source=_SOURCE,
    gradient=_staged_gradient,
)
def staged_computation(xp: Any, x: Any, y: Any) -> Any:
    """A quotient whose parts share their inputs, backpropagated in stages."""
    return (x + 1.0 / (1.0 + xp.exp(-y))) / (1.0 / (1.0 + xp.exp(-x)) + (x + y) ** 2)
