"""Formulas of physics, chemistry and finance, in their natural units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erfc, ndtr, spherical_jn

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
    inputs=lambda rng: {
        "ordinary": (np.array([[0.0, 0.1, 0.0], [1.2, 0.0, -0.2], [0.4, 1.1, 0.3]]),),
        "nearly touching": (np.array([[0.0, 0.1, 0.0], [0.3, 0.0, -0.2], [0.4, 1.1, 0.3]]),),
    },
    operators=["gradient", "hvp"],
    tags=["physics", "scalar", "matrix"],
    source="Lennard-Jones (1931), Proc. Phys. Soc. 43, 461-482",
    gradient=_lennard_jones_gradient,
)
def lennard_jones(xp: Any, x: Any) -> Any:
    """Potential energy of three atoms."""
    squares = xp.stack([xp.sum((x[i] - x[j]) ** 2) for i, j in ((0, 1), (0, 2), (1, 2))], axis=0)
    return 4.0 * xp.sum(squares**-6 - squares**-3)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, 4.5, 1.9, 1.2), "nearly dissociated": (5.0, 4.5, 1.9, 1.2)},
    operators=["gradient", "hvp"],
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
    inputs=lambda rng: {
        "ordinary": (1.4, 1.1),
        "near the critical point": (1.02, 1.0),
        "nearly incompressible": (0.34, 1.1),
    },
    operators=["gradient", "hvp"],
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
    inputs=lambda rng: {"ordinary": (2.8, 1.3), "Rayleigh and Jeans": (1e-6, 1.3), "Wien": (25.0, 1.3)},
    operators=["gradient", "hvp"],
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
    inputs=lambda rng: {
        "ordinary": (np.array([0.9, 0.1, -0.3, 1.4]),),
        "near each other": (np.array([0.9, 0.1, 0.88, 0.13]),),
        "nearly antipodal": (np.array([0.9, 0.1, -0.85, 3.2]),),
    },
    operators=["gradient", "hvp"],
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
    inputs=lambda rng: {
        "ordinary": (42.0, 40.0, 0.1, 0.2, 0.5),
        "nearly expired": (42.0, 40.0, 0.1, 0.2, 0.005),
        "far out of the money": (20.0, 40.0, 0.1, 0.2, 0.5),
    },
    operators=["gradient"],
    domain={"spot": (0.0, np.inf), "strike": (0.0, np.inf), "sigma": (0.0, np.inf), "time": (0.0, np.inf)},
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
    inputs=lambda rng: {
        "ordinary": (np.array([0.6, -1.1]), np.array([0.4, 0.9])),
        "close encounter": (np.array([0.05, -0.02]), np.array([0.4, 0.9])),
    },
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
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
    operators=["gradient", "hvp"],
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


def _sphere_hit_jacobian(origin: Array, direction: Array, centre: Array, radius: Array) -> Any:
    offset, square = origin - centre, direction @ direction
    b = offset @ direction
    root = np.sqrt(b**2 - square * (offset @ offset - radius**2))
    distance = (-b - root) / square
    normal = (offset + distance * direction) / radius
    along = normal @ direction  # (offset + distance * direction)**2 = radius**2, differentiated
    by_origin, by_direction, by_radius = -normal / along, -distance * normal / along, 1 / along
    turn_origin = (np.eye(3) + np.outer(direction, by_origin)) / radius
    turn_direction = (distance * np.eye(3) + np.outer(direction, by_direction)) / radius
    turn_radius = (direction * by_radius - normal) / radius
    return (
        np.vstack([by_origin, turn_origin]),
        np.vstack([by_direction, turn_direction]),
        -np.vstack([by_origin, turn_origin]),
        np.append(by_radius, turn_radius),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, -0.3, -4.0]), np.array([0.1, 0.2, 1.0]), np.array([0.5, 0.4, 0.3]), 1.2),
        "grazing": (np.array([0.2, 1.53, -4.0]), np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.4, 0.3]), 1.23),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["physics", "vector"],
    source="Pharr, Jakob & Humphreys (2016), Physically Based Rendering, 3rd ed., Morgan Kaufmann, section 3.2",
    jacobian=_sphere_hit_jacobian,
)
def sphere_hit(xp: Any, origin: Any, direction: Any, centre: Any, radius: Any) -> Any:
    """Distance along a ray to a sphere, and the normal where it hits."""
    offset, square = origin - centre, xp.sum(direction**2)
    half = xp.sum(offset * direction)
    root = xp.sqrt(half**2 - square * (xp.sum(offset**2) - radius**2))
    distance = (-half - root) / square
    return xp.concatenate([xp.stack([distance], axis=0), (offset + distance * direction) / radius], axis=0)


def _refraction_jacobian(direction: Array, normal: Array, ratio: Array) -> Any:
    cosine = -direction @ normal
    root = np.sqrt(1 - ratio**2 * (1 - cosine**2))
    factor = ratio * cosine - root
    return (
        ratio * np.eye(3) - np.outer(normal, normal) * (ratio - ratio**2 * cosine / root),
        factor * np.eye(3) - np.outer(normal, direction) * (ratio - ratio**2 * cosine / root),
        direction + normal * (cosine + ratio * (1 - cosine**2) / root),
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.6, 0.0, -0.8]), np.array([0.0, 0.28, 0.96]), 0.75),
        "near the critical angle": (np.array([0.6, 0.0, -0.8]), np.array([0.0, 0.0, 1.0]), 1.6),
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["physics", "vector"],
    source="Glassner (1989), An Introduction to Ray Tracing, Academic Press, chapter 4",
    jacobian=_refraction_jacobian,
)
def refraction(xp: Any, direction: Any, normal: Any, ratio: Any) -> Any:
    """Refracted ray by Snell's law, for a ratio of refractive indices."""
    cosine = -xp.sum(direction * normal)
    root = xp.sqrt(1.0 - ratio**2 * (1.0 - cosine**2))
    return ratio * direction + (ratio * cosine - root) * normal


def _pinhole_jacobian(camera: Array, point: Array) -> Any:
    homogeneous = np.append(point, 1.0)
    u, v, depth = camera @ homogeneous
    flatten = np.array([[1 / depth, 0, -u / depth**2], [0, 1 / depth, -v / depth**2]])
    return flatten[:, :, None] * homogeneous, flatten @ camera[:, :3]


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[1.2, 0.1, 0.5, -0.3], [-0.2, 1.1, 0.4, 0.6], [0.05, -0.1, 0.9, 1.4]]),
            np.array([0.6, -0.9, 1.7]),
        )
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["physics", "vector", "matrix"],
    source="Hartley & Zisserman (2004), Multiple View Geometry, 2nd ed., Cambridge University Press, section 6.1",
    jacobian=_pinhole_jacobian,
)
def pinhole_camera(xp: Any, camera: Any, point: Any) -> Any:
    """Image of a point by a projection matrix, in homogeneous coordinates."""
    image = xp.matmul(camera, xp.concatenate([point, xp.ones((1,))], axis=0))
    return image[0:2] / image[2]


def _inertia_jacobian(masses: Array, places: Array) -> Any:
    arms = places - masses @ places / masses.sum()
    by_mass = [(arm @ arm) * np.eye(3) - np.outer(arm, arm) for arm in arms]
    by_place = np.zeros((3, 3, 3, 3))
    for body, (mass, arm) in enumerate(zip(masses, arms, strict=True)):
        for axis, unit in enumerate(np.eye(3)):
            by_place[:, :, body, axis] = mass * (2 * arm[axis] * np.eye(3) - np.outer(arm, unit) - np.outer(unit, arm))
    return np.stack(by_mass, axis=-1), by_place


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([1.5, 0.8, 2.2]),
            np.array([[0.4, -0.3, 0.6], [-0.7, 0.9, 0.1], [0.2, 0.5, -1.1]]),
        )
    },
    operators=["jacobian", "jvp", "vjp"],
    tags=["physics", "matrix"],
    source="Goldstein, Poole & Safko (2002), Classical Mechanics, 3rd ed., Addison-Wesley, section 5.3",
    jacobian=_inertia_jacobian,
)
def inertia_tensor(xp: Any, masses: Any, places: Any) -> Any:
    """Tensor of inertia of three bodies about their centre of mass."""
    weights = xp.expand_dims(masses, 1)
    arms = places - xp.sum(weights * places, axis=0) / xp.sum(masses)
    return xp.sum(weights * arms**2) * xp.eye(3) - xp.transpose(arms) @ (weights * arms)


_CELLS = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=float)
_WAVES = 2 * np.pi * np.array([w for w in _CELLS if w.any()])


def _ewald_gradient(r: Array) -> Any:
    offsets = r + _CELLS
    distances = np.linalg.norm(offsets, axis=1)
    slopes = -erfc(2 * distances) / distances**2 - 4 / np.sqrt(np.pi) * np.exp(-4 * distances**2) / distances
    squares = np.sum(_WAVES**2, axis=1)
    waves = 4 * np.pi / squares * np.exp(-squares / 16) * np.sin(_WAVES @ r)
    return -(slopes / distances) @ offsets + waves @ _WAVES


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.32, -0.18, 0.41]),), "in contact": (np.array([0.03, -0.02, 0.01]),)},
    operators=["gradient"],
    tags=["physics", "scalar"],
    source="Ewald (1921), Ann. Phys. 369, 253-287",
    gradient=_ewald_gradient,
)
def ewald_sum(xp: Any, r: Any) -> Any:
    """Energy of two opposite charges in a periodic cube, in real and reciprocal space, but for a constant."""
    distances = xp.sqrt(xp.sum((r + xp.asarray(_CELLS)) ** 2, axis=1))
    waves, squares = xp.asarray(_WAVES), xp.asarray(np.sum(_WAVES**2, axis=1))
    far = 4.0 * xp.pi * xp.sum(xp.exp(-squares / 16.0) / squares * xp.cos(xp.matmul(waves, r)))
    return -xp.sum(xp.special.erfc(2.0 * distances) / distances) - far


_ANGLES = ((1, 2), (1, 3), (2, 3))


def _stillinger_weber_gradient(x: Array) -> Any:
    gradient = np.zeros_like(x)
    for j, k in _ANGLES:
        u, v = x[j] - x[0], x[k] - x[0]
        a, b = np.linalg.norm(u), np.linalg.norm(v)
        if max(a, b) >= 1.8:
            continue
        damping, cosine = np.exp(1.2 / (a - 1.8) + 1.2 / (b - 1.8)), u @ v / (a * b)
        bend = cosine + 1 / 3
        for atom, one, other, p, q in ((j, u, v, a, b), (k, v, u, b, a)):
            turn = other / (p * q) - cosine * one / p**2
            slope = damping * (2 * bend * turn - bend**2 * 1.2 / (p - 1.8) ** 2 * one / p)
            gradient[atom] += slope
            gradient[0] -= slope
    return gradient


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.0, 0.1, 0.0], [1.0, 0.2, -0.2], [-0.4, 1.0, 0.3], [0.1, -0.7, 0.8]]),),
        "one atom beyond the cutoff": (
            np.array([[0.0, 0.1, 0.0], [1.0, 0.2, -0.2], [-0.4, 1.0, 0.3], [0.1, -2.7, 0.8]]),
        ),
        "one atom at the cutoff": (np.array([[0.0, 0.0, 0.0], [1.0, 0.2, -0.2], [-0.4, 1.0, 0.3], [0.0, -1.8, 0.0]]),),
    },
    operators=["gradient"],
    tags=["physics", "scalar", "matrix"],
    source="Stillinger & Weber (1985), Phys. Rev. B 31, 5262-5271",
    gradient=_stillinger_weber_gradient,
)
def stillinger_weber(xp: Any, x: Any) -> Any:
    """Angles of three atoms about a fourth, with a cutoff at which all derivatives vanish."""
    energy = 0.0
    for j, k in _ANGLES:
        u, v = x[j] - x[0], x[k] - x[0]
        a, b = xp.sqrt(xp.sum(u**2)), xp.sqrt(xp.sum(v**2))
        damping = _fading(xp, a) * _fading(xp, b)
        energy = energy + damping * (xp.sum(u * v) / (a * b) + 1.0 / 3.0) ** 2
    return energy


def _fading(xp: Any, distance: Any) -> Any:
    """Stillinger and Weber's exp(1.2 / (r - 1.8)) inside the cutoff, 0 outside."""
    inside = distance < 1.8
    gap = xp.where(inside, distance - 1.8, -xp.ones_like(distance))
    return xp.where(inside, xp.exp(1.2 / gap), xp.zeros_like(distance))


_CHARGES = np.array([1.0, -2.0, 2.0])


def _debye_hueckel_gradient(concentrations: Array, size: Array) -> Any:
    root = np.sqrt(0.5 * _CHARGES**2 @ concentrations)
    screen = 1 + 3.29 * size * root
    return -1.18 * _CHARGES**2 / (4 * root * screen**2), 1.18 * 3.29 * root**2 / screen**2


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.05, 0.02, 0.03]), 0.4),
        "dilute": (np.array([1e-9, 2e-9, 5e-10]), 0.4),
    },
    operators=["gradient", "hvp"],
    domain={"concentrations": (0.0, np.inf)},
    tags=["physics", "scalar"],
    source="Debye & Hueckel (1923), Phys. Z. 24, 185-206",
    gradient=_debye_hueckel_gradient,
)
def debye_hueckel(xp: Any, concentrations: Any, size: Any) -> Any:
    """Logarithm of an activity coefficient in water, by the root of the ionic strength."""
    root = xp.sqrt(0.5 * xp.sum(xp.asarray(_CHARGES**2) * concentrations))
    return -1.18 * root / (1.0 + 3.29 * size * root)


def _neo_hookean_gradient(deformation: Array) -> Any:
    inverse = np.linalg.inv(deformation).T
    return 0.7 * (deformation - inverse) + 1.9 * np.log(np.linalg.det(deformation)) * inverse


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[1.2, 0.1, -0.2], [0.3, 0.9, 0.15], [-0.1, 0.25, 1.1]]),),
        "strongly compressed": (np.array([[0.05, 0.01, -0.02], [0.3, 0.9, 0.15], [-0.1, 0.25, 1.1]]),),
    },
    operators=["gradient", "hvp"],
    tags=["physics", "scalar", "matrix"],
    source="Bonet & Wood (2008), Nonlinear Continuum Mechanics, 2nd ed., Cambridge University Press, section 6.4",
    gradient=_neo_hookean_gradient,
)
def neo_hookean_energy(xp: Any, deformation: Any) -> Any:
    """Energy of a compressible elastic body; its gradient is the first Piola-Kirchhoff stress."""
    volume = xp.log(xp.linalg.det(deformation))
    return 0.35 * (xp.sum(deformation**2) - 3.0) - 0.7 * volume + 0.95 * volume**2


def _ising_gradient(coupling: Array, field: Array) -> Any:
    even, odd = np.exp(coupling) * np.cosh(field), np.exp(coupling) * np.sinh(field)
    root = np.sqrt(odd**2 + np.exp(-2 * coupling))
    both = np.array([even + root, even - root])
    bend = (odd**2 - np.exp(-2 * coupling)) / root
    by_coupling, by_field = (
        np.array([even + bend, even - bend]),
        np.array([odd + odd * even / root, odd - odd * even / root]),
    )
    shares = 6 * both**5 / np.sum(both**6)
    return shares @ by_coupling, shares @ by_field


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.6, 0.25), "cold": (9.0, 0.25), "antiferromagnetic": (-0.8, 0.25)},
    operators=["gradient", "hvp"],
    tags=["physics", "scalar"],
    double_only=["cold"],
    source="Baxter (1982), Exactly Solved Models in Statistical Mechanics, Academic Press, section 2.1",
    gradient=_ising_gradient,
)
def ising_ring(xp: Any, coupling: Any, field: Any) -> Any:
    """Logarithm of the partition function of six spins in a ring, by the power of a transfer matrix."""
    mixed = xp.exp(-coupling)
    up, down = xp.exp(coupling + field), xp.exp(coupling - field)
    matrix = xp.stack([xp.stack([up, mixed], axis=0), xp.stack([mixed, down], axis=0)], axis=0)
    return xp.log(xp.trace(xp.linalg.matrix_power(matrix, 6)))


_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(12)


def _comoving_gradient(redshift: Array, matter: Array) -> Any:
    def speed(z: Array) -> Any:
        return np.sqrt(matter * (1 + z) ** 3 + 1 - matter)

    z = redshift * (_NODES + 1) / 2
    by_matter = -0.5 * ((1 + z) ** 3 - 1) / speed(z) ** 3
    return 1 / speed(redshift), redshift / 2 * _NODE_WEIGHTS @ by_matter


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.8, 0.3), "nearby": (1e-6, 0.3)},
    operators=["gradient", "hvp"],
    domain={"redshift": (0.0, np.inf), "matter": (0.0, 1.0)},
    tags=["physics", "scalar"],
    source="Hogg (1999), Distance Measures in Cosmology, arXiv:astro-ph/9905116, section 4",
    gradient=_comoving_gradient,
)
def comoving_distance(xp: Any, redshift: Any, matter: Any) -> Any:
    """Distance of a galaxy in a flat universe, by Gauss-Legendre quadrature over its redshift."""
    z = redshift * xp.asarray((_NODES + 1) / 2)
    speed = xp.sqrt(matter * (1.0 + z) ** 3 + 1.0 - matter)
    return 0.5 * redshift * xp.sum(xp.asarray(_NODE_WEIGHTS) / speed)


def _implied_volatility_gradient(price: Array, spot: Array, strike: Array) -> Any:
    sigma, d1, vega = np.asarray(0.3), np.asarray(0.0), np.asarray(1.0)
    for _ in range(30):
        d1 = (np.log(spot / strike) + sigma**2 / 2) / sigma
        vega = spot * np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi)
        sigma = sigma - (spot * ndtr(d1) - strike * ndtr(d1 - sigma) - price) / vega
    return 1 / vega, -ndtr(d1) / vega, ndtr(d1 - sigma) / vega


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (5.0, 42.0, 40.0), "out of the money": (0.2, 30.0, 40.0)},
    operators=["gradient"],
    domain={"price": (0.0, np.inf)},
    tags=["physics", "scalar"],
    source="Manaster & Koehler (1982), The Calculation of Implied Variances, J. Finance 37, 227-230",
    gradient=_implied_volatility_gradient,
)
def implied_volatility(xp: Any, price: Any, spot: Any, strike: Any) -> Any:
    """Volatility at which a call has its price, by Newton's iteration from Manaster and Koehler's start."""
    moneyness = xp.log(spot / strike)
    sigma = xp.sqrt(2.0 * xp.abs(moneyness))
    for _ in range(7):
        d1 = moneyness / sigma + 0.5 * sigma
        vega = spot * xp.exp(-0.5 * d1**2) / float(np.sqrt(2 * np.pi))
        sigma = sigma - (spot * xp.special.ndtr(d1) - strike * xp.special.ndtr(d1 - sigma) - price) / vega
    return sigma


_MATURITIES = np.array([0.25, 1.0, 5.0, 20.0])


def _nelson_siegel_jacobian(levels: Array, decay: Array) -> Any:
    x = _MATURITIES / decay
    mean = -np.expm1(-x) / x
    slope = (np.exp(-x) - mean) / x
    by_decay = -(x / decay) * (levels[1] * slope + levels[2] * (slope + np.exp(-x)))
    return np.column_stack([np.ones(4), mean, mean - np.exp(-x)]), by_decay


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([4.2, -1.3, 0.8]), 1.7),
        "slow decay": (np.array([4.2, -1.3, 0.8]), 2000.0),
    },
    operators=["jacobian", "jvp", "vjp"],
    domain={"decay": (0.0, np.inf)},
    tags=["physics", "vector", "parameters"],
    source="Nelson & Siegel (1987), Parsimonious Modeling of Yield Curves, J. Business 60, 473-489",
    jacobian=_nelson_siegel_jacobian,
)
def nelson_siegel(xp: Any, levels: Any, decay: Any) -> Any:
    """Yields at four maturities."""
    x = xp.asarray(_MATURITIES) / decay
    mean = -xp.expm1(-x) / x
    return levels[0] + levels[1] * mean + levels[2] * (mean - xp.exp(-x))


def _slit_gradient(x: Array) -> Any:
    return np.array([1.0, -2.0, 3.0]) * 2 * np.sinc(x) * -np.pi * spherical_jn(1, np.pi * x)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.4, -0.7, 1.3]),),
        "in the middle": (np.array([0.0, -0.7, 1.3]),),
        "near the middle": (np.array([1e-5, -0.7, 1.3]),),
    },
    operators=["gradient", "hvp"],
    tags=["physics", "scalar"],
    source="Born & Wolf (1999), Principles of Optics, 7th ed., Cambridge University Press, section 8.5",
    gradient=_slit_gradient,
)
def slit_diffraction(xp: Any, x: Any) -> Any:
    """Brightness of a slit's image at three places, weighted; its curvature in the middle is -2 pi**2 / 3."""
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.sinc(x) ** 2)


def _periodic_gradient(x: Array) -> Any:
    offsets = x[:, None] - x
    offsets -= 2.0 * np.floor(offsets / 2.0 + 0.5)
    distances = np.sqrt(np.sum(offsets**2, axis=2) + np.eye(len(x)))
    slopes = -np.exp(-distances) * (1 + distances) / distances**3
    np.fill_diagonal(slopes, 0.0)
    return np.sum(slopes[:, :, None] * offsets, axis=1)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.1, 0.2, -0.3], [1.3, 0.9, 0.4], [0.5, -0.5, 1.6]]),),
        "several cells away": (np.array([[0.1, 0.2, -0.3], [5.3, -7.1, 0.4], [0.5, -0.5, 11.6]]),),
    },
    operators=["gradient", "hvp"],
    tags=["physics", "scalar", "matrix", "broadcasting"],
    source="Frenkel & Smit (2002), Understanding Molecular Simulation, 2nd ed., Academic Press, section 3.2",
    gradient=_periodic_gradient,
)
def minimum_image(xp: Any, x: Any) -> Any:
    """Screened repulsion of three ions in a periodic box, all pairs at once, with each ion's own distance masked."""
    offsets = xp.expand_dims(x, 1) - xp.expand_dims(x, 0)
    offsets = offsets - 2.0 * xp.floor(offsets / 2.0 + 0.5)
    distances = xp.sqrt(xp.sum(offsets**2, axis=2) + xp.eye(3))
    return 0.5 * xp.sum((1.0 - xp.eye(3)) * xp.exp(-distances) / distances)
