"""Vector-valued functions, for the Jacobian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import softmax as shares_of

import gradcheck
from gradcheck.functions import Array

_ARFKEN = "Arfken, Weber & Harris (2013), Mathematical Methods for Physicists, 7th ed., Academic Press, section "
_STROGATZ = "Strogatz (2015), Nonlinear Dynamics and Chaos, 2nd ed., Westview, section "
_ALL = ["jacobian", "jvp", "vjp"]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 0.7]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source=_ARFKEN + "3.10",
    jacobian=lambda p: np.array([[np.cos(p[1]), -p[0] * np.sin(p[1])], [np.sin(p[1]), p[0] * np.cos(p[1])]]),
)
def polar(xp: Any, p: Any) -> Any:
    """Cartesian from polar coordinates."""
    return xp.stack([p[0] * xp.cos(p[1]), p[0] * xp.sin(p[1])], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (-1.2, 0.9)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source=_ARFKEN + "3.10",
    jacobian=lambda x, y: (
        np.array([x / np.hypot(x, y), -y / (x**2 + y**2)]),
        np.array([y / np.hypot(x, y), x / (x**2 + y**2)]),
    ),
)
def polar_inverse(xp: Any, x: Any, y: Any) -> Any:
    """Polar from Cartesian coordinates, given as two numbers."""
    return xp.stack([xp.sqrt(x**2 + y**2), xp.arctan2(y, x)], axis=0)


def _spherical_jacobian(p: Array) -> Any:
    r, s, c, u, v = p[0], np.sin(p[1]), np.cos(p[1]), np.sin(p[2]), np.cos(p[2])
    return np.array([[s * v, r * c * v, -r * s * u], [s * u, r * c * u, r * s * v], [c, -r * s, 0]])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, 0.8, -2.1]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source=_ARFKEN + "3.10",
    jacobian=_spherical_jacobian,
)
def spherical(xp: Any, p: Any) -> Any:
    """Cartesian from spherical coordinates."""
    r, polar_angle, azimuth = p[0], p[1], p[2]
    across = r * xp.sin(polar_angle)
    return xp.stack([across * xp.cos(azimuth), across * xp.sin(azimuth), r * xp.cos(polar_angle)], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, -0.8]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source=_ARFKEN + "3.10",
    jacobian=lambda p: np.array([[p[0], -p[1]], [p[1], p[0]]]),
)
def parabolic(xp: Any, p: Any) -> Any:
    """Cartesian from parabolic coordinates."""
    return xp.stack([0.5 * (p[0] ** 2 - p[1] ** 2), p[0] * p[1]], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.3]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Bridle (1990), Neurocomputing, NATO ASI Series F 68, 227-236",
    jacobian=lambda x: np.diag(shares_of(x)) - np.outer(shares_of(x), shares_of(x)),
)
def softmax(xp: Any, x: Any) -> Any:
    """Softmax."""
    return xp.special.softmax(x, axis=0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.0, 2.0]),
            np.array([[0.2, -0.7, 0.4], [1.3, 0.6, -0.5]]),
            np.array([0.1, -0.3]),
        )
    },
    operators=_ALL,
    tags=["vectors", "vector", "matrix"],
    source="Goodfellow, Bengio & Courville (2016), Deep Learning, MIT Press, section 6.5",
    jacobian=lambda x, weight, bias: (weight, np.einsum("ij,k->ijk", np.eye(2), x), np.eye(2)),
)
def linear_map(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """A linear layer of one sample."""
    return xp.matmul(weight, x) + bias


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.6, np.array([1.5, -0.4]))},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Craig (2005), Introduction to Robotics, 3rd ed., Pearson, section 2.3",
    jacobian=lambda t, x: (
        np.array([-x[0] * np.sin(t) - x[1] * np.cos(t), x[0] * np.cos(t) - x[1] * np.sin(t)]),
        np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]),
    ),
)
def rotation(xp: Any, turn: Any, x: Any) -> Any:
    """A vector turned in the plane."""
    c, s = xp.cos(turn), xp.sin(turn)
    return xp.stack([c * x[0] - s * x[1], s * x[0] + c * x[1]], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -0.4, 1.1]), np.array([1.5, -0.3, 0.8]))},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Rodrigues (1840), J. Math. Pures Appl. 5, 380-440",
)
def axis_angle_rotation(xp: Any, axis: Any, x: Any) -> Any:
    """A vector turned about an axis by its length (Rodrigues' formula)."""
    angle = xp.sqrt(xp.sum(axis**2))
    unit = axis / angle
    along = xp.sum(unit * x) * (1.0 - xp.cos(angle))
    return x * xp.cos(angle) + xp.cross(unit, x) * xp.sin(angle) + unit * along


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, 0.3, -0.4, 0.2]),)},
    operators=_ALL,
    tags=["vectors", "matrix"],
    source="Kuipers (1999), Quaternions and Rotation Sequences, Princeton University Press, section 5.14",
)
def quaternion_matrix(xp: Any, q: Any) -> Any:
    """Rotation matrix of a quaternion, which it normalises."""
    w, x, y, z = (q[i] / xp.sqrt(xp.sum(q**2)) for i in range(4))
    rows = [
        xp.stack([1.0 - 2.0 * (y**2 + z**2), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)], axis=0),
        xp.stack([2.0 * (x * y + w * z), 1.0 - 2.0 * (x**2 + z**2), 2.0 * (y * z - w * x)], axis=0),
        xp.stack([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x**2 + y**2)], axis=0),
    ]
    return xp.stack(rows, axis=0)


@gradcheck.case(
    inputs=lambda rng: {"start": (np.array([-1.2, 1.0]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Moré, Garbow & Hillstrom (1981), ACM Trans. Math. Softw. 7, 17-41, problem 1",
    jacobian=lambda x: np.array([[-20 * x[0], 10], [-1, 0]]),
)
def rosenbrock_residuals(xp: Any, x: Any) -> Any:
    """The two residuals of Rosenbrock's function."""
    return xp.stack([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -2.0, 12.0]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Lorenz (1963), J. Atmos. Sci. 20, 130-141",
    jacobian=lambda s: np.array([[-10, 10, 0], [28 - s[2], -1, -s[0]], [s[1], s[0], -8 / 3]]),
)
def lorenz(xp: Any, state: Any) -> Any:
    """Velocity of Lorenz's convection, sigma = 10, r = 28, b = 8/3."""
    x, y, z = state[0], state[1], state[2]
    return xp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([3.0, 1.5]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Lotka (1925), Elements of Physical Biology, Williams & Wilkins",
    jacobian=lambda s: np.array([[1.1 - 0.4 * s[1], -0.4 * s[0]], [0.1 * s[1], 0.1 * s[0] - 0.4]]),
)
def lotka_volterra(xp: Any, state: Any) -> Any:
    """Growth of prey and predators."""
    prey, predators = state[0], state[1]
    return xp.stack([1.1 * prey - 0.4 * prey * predators, 0.1 * prey * predators - 0.4 * predators], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.4, -0.6]), 2.5)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source=_STROGATZ + "7.5",
    jacobian=lambda s, mu: (
        np.array([[0, 1], [-2 * mu * s[0] * s[1] - 1, mu * (1 - s[0] ** 2)]]),
        np.array([0, (1 - s[0] ** 2) * s[1]]),
    ),
)
def van_der_pol(xp: Any, state: Any, mu: Any) -> Any:
    """Velocity of Van der Pol's oscillator."""
    return xp.stack([state[1], mu * (1.0 - state[0] ** 2) * state[1] - state[0]], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, 0.15, 0.05]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Kermack & McKendrick (1927), Proc. R. Soc. Lond. A 115, 700-721",
    jacobian=lambda s: np.array([[-0.5 * s[1], -0.5 * s[0], 0], [0.5 * s[1], 0.5 * s[0] - 0.2, 0], [0, 0.2, 0]]),
)
def epidemic(xp: Any, state: Any) -> Any:
    """Velocity of the SIR epidemic."""
    infection, recovery = 0.5 * state[0] * state[1], 0.2 * state[1]
    return xp.stack([-infection, infection - recovery, recovery], axis=0)


def _robot_arm_jacobian(joints: Array) -> Any:
    a, b = joints[0], joints[0] + joints[1]
    return np.array(
        [
            [-1.5 * np.sin(a) - 0.8 * np.sin(b), -0.8 * np.sin(b)],
            [1.5 * np.cos(a) + 0.8 * np.cos(b), 0.8 * np.cos(b)],
        ]
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.1]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Craig (2005), Introduction to Robotics, 3rd ed., Pearson, section 5.7",
    jacobian=_robot_arm_jacobian,
)
def robot_arm(xp: Any, joints: Any) -> Any:
    """Position of the hand of a planar arm with two links."""
    a, b = joints[0], joints[0] + joints[1]
    return xp.stack([1.5 * xp.cos(a) + 0.8 * xp.cos(b), 1.5 * xp.sin(a) + 0.8 * xp.sin(b)], axis=0)


def _stereographic_jacobian(p: Array) -> Any:
    square = 1 + p @ p
    return np.vstack([2 * np.eye(2) / square - 4 * np.outer(p, p) / square**2, 4 * p / square**2])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, -0.4]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Snyder (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, 154-163",
    jacobian=_stereographic_jacobian,
)
def stereographic(xp: Any, p: Any) -> Any:
    """The point of the sphere over a point of the plane."""
    square = xp.sum(p**2)
    return xp.concatenate([2.0 * p, xp.reshape(square - 1.0, (1,))], axis=0) / (1.0 + square)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.9]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Snyder (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, 38-47",
    jacobian=lambda p: np.array([[1, 0], [0, 1 / np.cos(p[1])]]),
)
def mercator(xp: Any, p: Any) -> Any:
    """Mercator's projection of longitude and latitude."""
    return xp.stack([p[0], xp.log(xp.tan(math.pi / 4.0 + p[1] / 2.0))], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.4, 0.3]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Hénon (1976), Commun. Math. Phys. 50, 69-77",
    jacobian=lambda x: np.array([[-2.8 * x[0], 1], [0.3, 0]]),
)
def henon_map(xp: Any, x: Any) -> Any:
    """Hénon's map, a = 1.4, b = 0.3."""
    return xp.stack([1.0 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, -0.6]),)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="Ahlfors (1979), Complex Analysis, 3rd ed., McGraw-Hill, section 2.1",
    jacobian=lambda z: np.array(
        [
            [3 * (z[0] ** 2 - z[1] ** 2), -6 * z[0] * z[1]],
            [6 * z[0] * z[1], 3 * (z[0] ** 2 - z[1] ** 2)],
        ]
    ),
)
def complex_cube(xp: Any, z: Any) -> Any:
    """The cube of a complex number, as a map of the plane."""
    x, y = z[0], z[1]
    return xp.stack([x**3 - 3.0 * x * y**2, 3.0 * x**2 * y - y**3], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.5, -1.2], [2.0, 0.3]]), np.array([1.5, -0.7]))},
    operators=_ALL,
    tags=["vectors", "matrix", "broadcasting"],
    source="NumPy User Guide, Broadcasting",
    jacobian=lambda x, y: (
        np.einsum("ik,jl,kl->ijkl", np.eye(2), np.eye(2), 2 * x * y),
        np.einsum("jk,ij->ijk", np.eye(2), x**2),
    ),
)
def scaled_squares(xp: Any, x: Any, y: Any) -> Any:
    """Squares of a matrix scaled by a row, elementwise."""
    return x**2 * y


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3,)},
    operators=_ALL,
    tags=["vectors", "vector"],
    source="do Carmo (2016), Differential Geometry of Curves and Surfaces, 2nd ed., Dover, section 1.2",
    jacobian=lambda t: np.array([-2 * np.sin(t), 2 * np.cos(t), 0.5]),
)
def helix(xp: Any, t: Any) -> Any:
    """A helix, from one number."""
    return xp.stack([2.0 * xp.cos(t), 2.0 * xp.sin(t), 0.5 * t], axis=0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[2.0, -0.5], [0.4, 1.5]]),)},
    operators=_ALL,
    tags=["vectors", "matrix"],
    source="Petersen & Pedersen (2012), The Matrix Cookbook, section 2.2",
    jacobian=lambda a: -np.einsum("ik,lj->ijkl", np.linalg.inv(a), np.linalg.inv(a)),
)
def inverse_matrix(xp: Any, a: Any) -> Any:
    """Inverse of a matrix."""
    return xp.linalg.inv(a)
