"""Formulas of physics, chemistry and finance, in their natural units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtr

import gradcheck
from gradcheck.functions import Array


def _lennard_jones_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        offset = x[i] - x[j]
        inverse = 1 / (offset @ offset) ** 3
        force = -24 * (2 * inverse**2 - inverse) * offset / (offset @ offset)
        gradient[i] += force
        gradient[j] -= force
    return gradient


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.0, 0.1, 0.0], [1.2, 0.0, -0.2], [0.4, 1.1, 0.3]]),)},
    tags=["physics", "scalar", "matrix"],
    source="Lennard-Jones (1931), Proc. Phys. Soc. 43, 461-482",
    gradient=_lennard_jones_gradient,
)
def lennard_jones(xp: Any, x: Any) -> Any:
    """Potential energy of three atoms."""
    squares = xp.stack([xp.sum((x[i] - x[j]) ** 2) for i, j in ((0, 1), (0, 2), (1, 2))], axis=0)
    return 4.0 * xp.sum(squares**-6 - squares**-3)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, 4.5, 1.9, 1.2)},
    tags=["physics", "scalar"],
    source="Morse (1929), Phys. Rev. 34, 57-64",
    gradient=lambda r, d, a, c: (
        2 * d * a * (1 - np.exp(-a * (r - c))) * np.exp(-a * (r - c)),
        (1 - np.exp(-a * (r - c))) ** 2,
        2 * d * (r - c) * (1 - np.exp(-a * (r - c))) * np.exp(-a * (r - c)),
        -2 * d * a * (1 - np.exp(-a * (r - c))) * np.exp(-a * (r - c)),
    ),
)
def morse_potential(xp: Any, r: Any, depth: Any, stiffness: Any, centre: Any) -> Any:
    """Morse's potential of a diatomic molecule."""
    return depth * (1.0 - xp.exp(-stiffness * (r - centre))) ** 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.4, 1.1)},
    tags=["physics", "scalar"],
    source="van der Waals (1873), Over de continuiteit van den gas- en vloeistoftoestand, thesis, Leiden",
    gradient=lambda v, t: (-24 * t / (3 * v - 1) ** 2 + 6 / v**3, 8 / (3 * v - 1)),
)
def van_der_waals(xp: Any, volume: Any, temperature: Any) -> Any:
    """Reduced pressure of a real gas."""
    return 8.0 * temperature / (3.0 * volume - 1.0) - 3.0 / volume**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.5, 4.0]), 2.0, 1.3)},
    tags=["physics", "scalar", "broadcasting"],
    source="Michaelis & Menten (1913), Biochem. Z. 49, 333-369",
    gradient=lambda s, v, k: (
        np.array([1.0, -2.0, 3.0]) * v * k / (k + s) ** 2,
        np.sum(np.array([1.0, -2.0, 3.0]) * s / (k + s)),
        -np.sum(np.array([1.0, -2.0, 3.0]) * v * s / (k + s) ** 2),
    ),
)
def michaelis_menten(xp: Any, substrate: Any, limit: Any, constant: Any) -> Any:
    """Rates of an enzyme, weighted."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * limit * substrate / (constant + substrate))


def _planck_gradient(frequency: Array, temperature: Array) -> Any:
    x = frequency / temperature
    slope = frequency**3 * np.exp(x) / np.expm1(x) ** 2
    return 3 * frequency**2 / np.expm1(x) - slope / temperature, slope * frequency / temperature**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.8, 1.3)},
    tags=["physics", "scalar"],
    source="Planck (1901), Ann. Phys. 309, 553-563",
    gradient=_planck_gradient,
)
def planck_radiance(xp: Any, frequency: Any, temperature: Any) -> Any:
    """Spectral radiance of a black body."""
    return frequency**3 / xp.expm1(frequency / temperature)


def _haversine_gradient(p: Array) -> Any:
    lat1, lon1, lat2, lon2 = p
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    square, turn = np.sin((lon2 - lon1) / 2) ** 2, np.cos(lat1) * np.cos(lat2) * np.sin(lon2 - lon1) / 2
    inner = np.array(
        [
            -np.sin(lat2 - lat1) / 2 - np.sin(lat1) * np.cos(lat2) * square,
            -turn,
            np.sin(lat2 - lat1) / 2 - np.cos(lat1) * np.sin(lat2) * square,
            turn,
        ]
    )
    return inner / np.sqrt(h * (1 - h))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, 0.1, -0.3, 1.4]),)},
    tags=["physics", "scalar"],
    source="Sinnott (1984), Virtues of the Haversine, Sky and Telescope 68, 159",
    gradient=_haversine_gradient,
)
def great_circle_distance(xp: Any, p: Any) -> Any:
    """Angle between two points of the sphere, each a latitude and a longitude."""
    h = xp.sin((p[2] - p[0]) / 2.0) ** 2 + xp.cos(p[0]) * xp.cos(p[2]) * xp.sin((p[3] - p[1]) / 2.0) ** 2
    return 2.0 * xp.arcsin(xp.sqrt(h))


def _black_scholes_gradient(spot: Array, strike: Array, rate: Array, sigma: Array, time: Array) -> Any:
    d1 = (np.log(spot / strike) + (rate + sigma**2 / 2) * time) / (sigma * np.sqrt(time))
    d2 = d1 - sigma * np.sqrt(time)
    density, discount = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi), np.exp(-rate * time)
    return (
        ndtr(d1),
        -discount * ndtr(d2),
        strike * time * discount * ndtr(d2),
        spot * density * np.sqrt(time),
        spot * density * sigma / (2 * np.sqrt(time)) + rate * strike * discount * ndtr(d2),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (42.0, 40.0, 0.1, 0.2, 0.5)},
    operators=["gradient", "hessian", "hvp"],
    tags=["physics", "scalar"],
    source="Black & Scholes (1973), J. Polit. Econ. 81, 637-654",
    gradient=_black_scholes_gradient,
)
def black_scholes(xp: Any, spot: Any, strike: Any, rate: Any, sigma: Any, time: Any) -> Any:
    """Price of a European call; its gradient holds delta, rho, vega and theta."""
    width = sigma * xp.sqrt(time)
    d1 = (xp.log(spot / strike) + (rate + sigma**2 / 2.0) * time) / width
    return spot * xp.special.ndtr(d1) - strike * xp.exp(-rate * time) * xp.special.ndtr(d1 - width)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -1.1]), np.array([0.4, 0.9]))},
    tags=["physics", "scalar"],
    source="Goldstein, Poole & Safko (2002), Classical Mechanics, 3rd ed., Addison-Wesley, section 3.2",
    gradient=lambda x, p: (x / (x @ x) ** 1.5, p),
)
def kepler_energy(xp: Any, x: Any, p: Any) -> Any:
    """Energy of a body in the field of a fixed centre."""
    return 0.5 * xp.sum(p**2) - 1.0 / xp.sqrt(xp.sum(x**2))


def _double_pendulum_gradient(q: Array, w: Array) -> Any:
    c, s = np.cos(q[0] - q[1]), np.sin(q[0] - q[1])
    return (
        np.array([-w[0] * w[1] * s - 2 * 9.8 * np.sin(q[0]), w[0] * w[1] * s - 9.8 * np.sin(q[1])]),
        np.array([2 * w[0] + w[1] * c, w[1] + w[0] * c]),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, -1.2]), np.array([1.5, 0.4]))},
    operators=["gradient", "hessian", "hvp"],
    tags=["physics", "scalar"],
    source="Landau & Lifshitz (1976), Mechanics, 3rd ed., Butterworth-Heinemann, section 5, problem 1",
    gradient=_double_pendulum_gradient,
)
def double_pendulum(xp: Any, angles: Any, velocities: Any) -> Any:
    """Lagrangian of a double pendulum with unit masses and rods."""
    kinetic = velocities[0] ** 2 + 0.5 * velocities[1] ** 2
    coupling = velocities[0] * velocities[1] * xp.cos(angles[0] - angles[1])
    return kinetic + coupling + 9.8 * (2.0 * xp.cos(angles[0]) + xp.cos(angles[1]))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2.0, 0.4, 1.3]),)},
    tags=["physics", "scalar"],
    source="Landau & Lifshitz (1976), Mechanics, 3rd ed., Butterworth-Heinemann, section 25",
    gradient=lambda p: np.array(
        [
            math.exp(-p[1] * 1.5) * math.cos(1.5 * p[2]),
            -1.5 * p[0] * math.exp(-p[1] * 1.5) * math.cos(1.5 * p[2]),
            -1.5 * p[0] * math.exp(-p[1] * 1.5) * math.sin(1.5 * p[2]),
        ]
    ),
)
def damped_oscillation(xp: Any, p: Any) -> Any:
    """Displacement of a damped oscillator after 1.5 units of time."""
    return p[0] * xp.exp(-1.5 * p[1]) * xp.cos(1.5 * p[2])
