"""Steps of ordinary and partial differential equations, and calibrations through them."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_HAIRER = "Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, 2nd ed., Springer, section "
_STIFF = "Hairer & Wanner (1996), Solving Ordinary Differential Equations II, 2nd ed., Springer, section "
_GEOMETRIC = "Hairer, Lubich & Wanner (2006), Geometric Numerical Integration, 2nd ed., Springer, section "
_LEVEQUE = "LeVeque (2007), Finite Difference Methods for Ordinary and Partial Differential Equations, SIAM, section "
_ALL = ["jacobian", "jvp", "vjp"]
_TWICE = ["gradient", "hvp"]


def _pendulum(state: Array) -> Array:
    return np.array([state[1], -9.81 * np.sin(state[0]) - 0.3 * state[1]])


def _pendulum_slope(state: Array) -> Array:
    return np.array([[0, 1], [-9.81 * np.cos(state[0]), -0.3]])


def _pendulum_jacobian(state: Array, step: Array) -> Any:
    k1, d1 = _pendulum(state), np.column_stack([_pendulum_slope(state), np.zeros(2)])
    stages, slopes = [k1], [d1]
    for share in (0.5, 0.5, 1.0):
        place = state + share * step * stages[-1]
        moved = np.eye(2, 3) + share * (step * slopes[-1] + np.outer(stages[-1], [0, 0, 1]))
        stages.append(_pendulum(place))
        slopes.append(_pendulum_slope(place) @ moved)
    weights = np.array([1, 2, 2, 1]) / 6
    velocity = np.tensordot(weights, np.array(stages), 1)
    slope = np.eye(2, 3) + step * np.tensordot(weights, np.array(slopes), 1) + np.outer(velocity, [0, 0, 1])
    return slope[:, :2], slope[:, 2]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.1, -0.7]), 0.2), "upside down": (np.array([3.1, 0.05]), 0.2)},
    operators=_ALL,
    tags=["simulation", "vector"],
    source=_HAIRER + "II.1",
    jacobian=_pendulum_jacobian,
)
def pendulum_step(xp: Any, state: Any, step: Any) -> Any:
    """Runge-Kutta step of a damped pendulum, in its length too."""

    def velocity(y: Any) -> Any:
        return xp.stack([y[1], -9.81 * xp.sin(y[0]) - 0.3 * y[1]], axis=0)

    k1 = velocity(state)
    k2 = velocity(state + 0.5 * step * k1)
    k3 = velocity(state + 0.5 * step * k2)
    k4 = velocity(state + step * k3)
    return state + step / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def _kepler_jacobian(state: Array) -> Any:
    x, unit, none = state[:2] + 0.05 * state[2:], np.eye(2), np.zeros((2, 2))
    distance = np.linalg.norm(x)
    tide = unit / distance**3 - 3 * np.outer(x, x) / distance**5
    drift, kick = np.block([[unit, 0.05 * unit], [none, unit]]), np.block([[unit, none], [-0.1 * tide, unit]])
    return drift @ kick @ drift


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.9, 0.3, -0.4, 1.1]),),
        "close encounter": (np.array([0.03, -0.02, 0.5, 0.6]),),
    },
    operators=_ALL,
    tags=["simulation", "vector"],
    source=_GEOMETRIC + "I.1.4",
    jacobian=_kepler_jacobian,
)
def kepler_leapfrog(xp: Any, state: Any) -> Any:
    """Symplectic step of an orbit: half a drift, a kick, half a drift; its Jacobian has determinant 1."""
    x, v = state[0:2], state[2:4]
    x = x + 0.05 * v
    v = v - 0.1 * x / xp.sum(x**2) ** 1.5
    return xp.concatenate([x + 0.05 * v, v], axis=0)


def _lorenz_jacobian(state: Array, parameters: Array) -> Any:
    (sigma, rho, beta), slope = parameters, np.eye(3, 6)
    for _ in range(4):
        x, y, z = state
        velocity = np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])
        by_state = np.array([[-sigma, sigma, 0], [rho - z, -1, -x], [y, x, -beta]])
        by_parameter = np.column_stack([np.zeros((3, 3)), np.diag([y - x, x, -z])])
        state, slope = state + 0.02 * velocity, slope + 0.02 * (by_state @ slope + by_parameter)
    return slope[:, :3], slope[:, 3:]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.2, -0.7, 20.0]), np.array([10.0, 28.0, 2.5]))},
    operators=_ALL,
    tags=["simulation", "vector", "parameters"],
    source="Lorenz (1963), J. Atmos. Sci. 20, 130-141",
    jacobian=_lorenz_jacobian,
)
def lorenz_path(xp: Any, state: Any, parameters: Any) -> Any:
    """Lorenz's convection after four Euler steps, in its start and its parameters."""
    sigma, rho, beta = parameters[0], parameters[1], parameters[2]
    for _ in range(4):
        x, y, z = state[0], state[1], state[2]
        state = state + 0.02 * xp.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], axis=0)
    return state


_RATES = (0.04, 1e4, 3e7)


def _robertson(y: Array) -> Array:
    slow, back, fast = _RATES
    first, second, third = slow * y[0], back * y[1] * y[2], fast * y[1] ** 2
    return np.array([second - first, first - second - third, third])


def _robertson_slope(y: Array) -> Array:
    slow, back, fast = _RATES
    return np.array(
        [
            [-slow, back * y[2], back * y[1]],
            [slow, -back * y[2] - 2 * fast * y[1], -back * y[1]],
            [0, 2 * fast * y[1], 0],
        ]
    )


def _stiff_step_jacobian(start: Array, step: Array) -> Any:
    y = start
    for _ in range(20):
        y = y - np.linalg.solve(np.eye(3) - step * _robertson_slope(y), y - start - step * _robertson(y))
    matrix = np.eye(3) - step * _robertson_slope(y)
    return np.linalg.inv(matrix), np.linalg.solve(matrix, _robertson(y))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, 2e-5, 0.1]), 0.3)},
    operators=_ALL,
    domain={"concentrations": (0.0, 1.0), "step": (0.0, np.inf)},
    tags=["simulation", "vector"],
    source=_STIFF + "IV.1",
    jacobian=_stiff_step_jacobian,
)
def stiff_step(xp: Any, concentrations: Any, step: Any) -> Any:
    """Implicit Euler step of Robertson's reactions, with rates from 0.04 to 3e7, by four Newton iterations."""
    slow, back, fast = _RATES
    y = concentrations
    for _ in range(4):
        first, second, third = slow * y[0], back * y[1] * y[2], fast * y[1] ** 2
        zero = xp.zeros_like(first)
        velocity = xp.stack([second - first, first - second - third, third], axis=0)
        slope = xp.stack(
            [
                xp.stack([slow + zero, -back * y[2], -back * y[1]], axis=0),
                xp.stack([-slow + zero, back * y[2] + 2.0 * fast * y[1], back * y[1]], axis=0),
                xp.stack([zero, -2.0 * fast * y[1], zero], axis=0),
            ],
            axis=0,
        )
        residual = y - concentrations - step * velocity
        y = y - xp.linalg.solve(xp.eye(3) + step * slope, residual)
    return y


def _heat_explicit_jacobian(u: Array, conductivity: Array) -> Any:
    gradient = np.diff(np.eye(5), axis=0)
    divergence = np.zeros((5, 4))
    divergence[1:-1] = np.diff(np.eye(4), axis=0)
    return (
        np.eye(5) + 0.2 * divergence @ np.diag(conductivity) @ gradient,
        0.2 * divergence @ np.diag(gradient @ u),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.3, 0.9]), np.array([0.6, 1.1, 0.4, 1.5]))},
    operators=_ALL,
    tags=["simulation", "vector", "parameters"],
    source=_LEVEQUE + "2.15",
    jacobian=_heat_explicit_jacobian,
)
def heat_explicit(xp: Any, u: Any, conductivity: Any) -> Any:
    """Explicit step of heat in a rod of varying conductivity with fixed ends."""
    return u + 0.2 * xp.pad(xp.diff(conductivity * xp.diff(u)), (1, 1))


_LAPLACIAN = np.diff(np.pad(np.eye(5), ((1, 1), (0, 0))), n=2, axis=0)


def _crank_nicolson_jacobian(u: Array, number: Array) -> Any:
    left, right = np.eye(5) - number / 2 * _LAPLACIAN, np.eye(5) + number / 2 * _LAPLACIAN
    later = np.linalg.solve(left, right @ u)
    return np.linalg.solve(left, right), np.linalg.solve(left, _LAPLACIAN @ (u + later) / 2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 2.0, 0.3, 0.9]), 0.8),
        "long step": (np.array([0.5, -1.2, 2.0, 0.3, 0.9]), 200.0),
    },
    operators=_ALL,
    domain={"number": (0.0, np.inf)},
    tags=["simulation", "vector"],
    source="Crank & Nicolson (1947), Math. Proc. Camb. Philos. Soc. 43, 50-67",
    jacobian=_crank_nicolson_jacobian,
)
def heat_crank_nicolson(xp: Any, u: Any, number: Any) -> Any:
    """Implicit step of heat in a rod with cold ends, by a linear solve, in the diffusion number too."""
    change = 0.5 * number * xp.asarray(_LAPLACIAN)
    return xp.linalg.solve(xp.eye(5) - change, xp.matmul(xp.eye(5) + change, u))


def _burgers_jacobian(u: Array, ratio: Array) -> Any:
    shift = np.roll(np.eye(6), 1, axis=0)
    upwind = np.where((u > 0)[:, None], np.eye(6) - shift, shift.T - np.eye(6))
    return np.eye(6) - ratio * (np.diag(upwind @ u) + np.diag(u) @ upwind), -u * (upwind @ u)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, 1.2, -0.8, -0.3, 0.9, 0.4]), 0.3)},
    operators=_ALL,
    tags=["simulation", "vector"],
    source=_LEVEQUE + "10.4",
    jacobian=_burgers_jacobian,
)
def burgers_upwind(xp: Any, u: Any, ratio: Any) -> Any:
    """Upwind step of Burgers' equation on a ring, away from where the wind turns."""
    backward, forward = u - xp.roll(u, 1), xp.roll(u, -1) - u
    return u - ratio * u * xp.where(u > 0.0, backward, forward)


def _wave_jacobian(before: Array, now: Array, speed: Array) -> Any:
    states, slopes = [before, now], [np.eye(5, 11), np.eye(5, 11, 5)]
    for _ in range(3):
        bend = _LAPLACIAN @ states[-1]
        states.append(2 * states[-1] - states[-2] + speed**2 * bend)
        slope = 2 * slopes[-1] - slopes[-2] + speed**2 * _LAPLACIAN @ slopes[-1]
        slope[:, 10] += 2 * speed * bend
        slopes.append(slope)
    return slopes[-1][:, :5], slopes[-1][:, 5:10], slopes[-1][:, 10]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.2, 2.0, 0.3, 0.9]), np.array([0.6, -0.9, 1.7, 0.1, 1.2]), 0.7)},
    operators=_ALL,
    tags=["simulation", "vector"],
    source="Courant, Friedrichs & Lewy (1928), Math. Ann. 100, 32-74",
    jacobian=_wave_jacobian,
)
def wave_leapfrog(xp: Any, before: Any, now: Any, speed: Any) -> Any:
    """Three leapfrog steps of a string with fixed ends, in its speed too."""
    for _ in range(3):
        bend = xp.diff(xp.pad(now, (1, 1)), n=2)
        before, now = now, 2.0 * now - before + speed**2 * bend
    return now


def _gray_scott_jacobian(u: Array, v: Array, feed: Array, kill: Array) -> Any:
    ring = np.roll(np.eye(4), 1, 0) + np.roll(np.eye(4), -1, 0) - 2 * np.eye(4)
    none = np.zeros(4)
    return (
        np.stack([np.eye(4) + 0.16 * ring - np.diag(v**2 + feed), np.diag(v**2)]),
        np.stack([-2 * np.diag(u * v), np.eye(4) + 0.08 * ring + np.diag(2 * u * v - feed - kill)]),
        np.stack([1 - u, -v]),
        np.stack([none, -v]),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.9, 0.4, 0.6, 0.8]), np.array([0.1, 0.5, 0.3, 0.2]), 0.04, 0.06)},
    operators=_ALL,
    tags=["simulation", "matrix", "parameters"],
    source="Pearson (1993), Complex Patterns in a Simple System, Science 261, 189-192",
    jacobian=_gray_scott_jacobian,
)
def gray_scott_step(xp: Any, u: Any, v: Any, feed: Any, kill: Any) -> Any:
    """Step of the reaction and diffusion of two species on a ring."""

    def spread(w: Any) -> Any:
        return xp.roll(w, 1) + xp.roll(w, -1) - 2.0 * w

    reaction = u * v**2
    later = u + 0.16 * spread(u) - reaction + feed * (1.0 - u)
    return xp.stack([later, v + 0.08 * spread(v) + reaction - (feed + kill) * v], axis=0)


_SLOPES = np.diff(np.pad(np.eye(4), ((1, 1), (0, 0))), axis=0)


def _poisson_gradient(stiffness: Array, load: Array) -> Any:
    u = np.linalg.solve(_SLOPES.T @ np.diag(stiffness) @ _SLOPES, load)
    return -0.5 * (_SLOPES @ u) ** 2, u


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.6, 1.1, 0.4, 1.5, 0.9]), np.array([0.5, -1.2, 2.0, 0.3])),
        "high contrast": (np.array([1e3, 1.1, 1e-3, 1.5, 20.0]), np.array([0.5, -1.2, 2.0, 0.3])),
    },
    operators=["gradient"],
    domain={"stiffness": (0.0, np.inf)},
    tags=["simulation", "scalar", "parameters"],
    source=_LEVEQUE + "2.15",
    gradient=_poisson_gradient,
)
def poisson_energy(xp: Any, stiffness: Any, load: Any) -> Any:
    """Energy of a bar under a load, by a solve of Poisson's equation."""
    slopes = xp.asarray(_SLOPES)
    matrix = xp.transpose(slopes) @ (xp.expand_dims(stiffness, 1) * slopes)
    return 0.5 * xp.dot(load, xp.linalg.solve(matrix, load))


_INFECTED = np.array([0.03, 0.05, 0.08, 0.11])


def _sir_gradient(parameters: Array) -> Any:
    infection, recovery, infected = parameters
    susceptible, loss = 1 - infected, np.zeros(3)
    ds, di = np.array([0.0, 0, -1]), np.array([0.0, 0, 1])
    for seen in _INFECTED:
        new, dnew = infection * susceptible * infected, infection * (susceptible * di + infected * ds)
        dnew[0] += susceptible * infected
        ds, di = ds - dnew, di + dnew - recovery * di - np.array([0, infected, 0])
        susceptible, infected = susceptible - new, infected + new - recovery * infected
        loss += 2 * (infected - seen) * di
    return loss


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.7, 0.2, 0.04]),)},
    operators=_TWICE,
    tags=["simulation", "scalar", "parameters"],
    source="Kermack & McKendrick (1927), Proc. R. Soc. A 115, 700-721",
    gradient=_sir_gradient,
)
def sir_calibration(xp: Any, parameters: Any) -> Any:
    """Squared misfit of an epidemic's four days to counts, in infection, recovery and the first share infected."""
    infection, recovery, infected = parameters[0], parameters[1], parameters[2]
    susceptible, loss = 1.0 - infected, 0.0
    for seen in _INFECTED:
        new = infection * susceptible * infected
        susceptible, infected = susceptible - new, infected + new - recovery * infected
        loss = loss + (infected - float(seen)) ** 2
    return loss


def _arrhenius_gradient(prefactors: Array, energies: Array, temperature: Array) -> Any:
    gas, time = 8.314462618, 2.0
    k = prefactors * np.exp(-energies / (gas * temperature))
    first, second = np.exp(-k * time)
    gap = k[1] - k[0]
    share = k[0] / gap
    slope = np.array(
        [
            k[1] / gap**2 * (first - second) - share * time * first,
            -share / gap * (first - second) + share * time * second,
        ]
    )
    return (
        slope * k / prefactors,
        -slope * k / (gas * temperature),
        slope @ (k * energies) / (gas * temperature**2),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([2e13, 5e12]), np.array([8.4e4, 8.2e4]), 330.0)},
    operators=_TWICE,
    domain={"prefactors": (0.0, np.inf), "temperature": (1.0, np.inf)},
    tags=["simulation", "scalar", "parameters"],
    source="Atkins & de Paula (2010), Physical Chemistry, 9th ed., Oxford University Press, section 21.7",
    gradient=_arrhenius_gradient,
)
def arrhenius_chain(xp: Any, prefactors: Any, energies: Any, temperature: Any) -> Any:
    """Intermediate product of two reactions in a row, with gradients that differ by 13 orders of magnitude."""
    rates = prefactors * xp.exp(-energies / (8.314462618 * temperature))
    left = xp.exp(-2.0 * rates)
    return rates[0] / (rates[1] - rates[0]) * (left[0] - left[1])


def _exponential_ratio(x: Array) -> Any:
    """The value and slope of x / (exp(x) - 1)."""
    if abs(x) < 1e-3:
        return 1 - x / 2 + x**2 / 12 - x**4 / 720, -0.5 + x / 6 - x**3 / 180
    value = x / np.expm1(x)
    return value, (1 - value * np.exp(x)) / np.expm1(x)


def _gate_jacobian(voltage: Array, gate: Array) -> Any:
    ratio, slope = _exponential_ratio((10 - voltage) / 10)
    opening, closing = 0.1 * ratio, 0.125 * np.exp(-voltage / 80)
    d_opening, total = -0.01 * slope, opening + closing
    d_total = d_opening - closing / 80
    steady, decay = opening / total, np.exp(-0.5 * total)
    d_steady = (d_opening - steady * d_total) / total
    return d_steady * (1 - decay) - 0.5 * d_total * (gate - steady) * decay, decay


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (-12.0, 0.35),
        "at the removable singularity": (10.0, 0.35),
        "near the removable singularity": (10.0001, 0.35),
        "depolarised": (90.0, 0.35),
    },
    operators=["gradient"],
    tags=["simulation", "scalar"],
    source="Hodgkin & Huxley (1952), J. Physiol. 117, 500-544",
    gradient=_gate_jacobian,
)
def hodgkin_huxley_gate(xp: Any, voltage: Any, gate: Any) -> Any:
    """Exponential step of a potassium gate, whose opening rate x / (exp(x) - 1) is masked twice at x = 0."""
    x = (10.0 - voltage) / 10.0
    small = xp.abs(x) < 1e-3
    safe = xp.where(small, xp.ones_like(x), x)
    ratio = xp.where(small, 1.0 - x / 2.0 + x**2 / 12.0 - x**4 / 720.0, safe / xp.expm1(safe))
    opening, closing = 0.1 * ratio, 0.125 * xp.exp(-voltage / 80.0)
    steady = opening / (opening + closing)
    return steady + (gate - steady) * xp.exp(-0.5 * (opening + closing))


def _kepler_equation_gradient(mean: Array, eccentricity: Array) -> Any:
    anomaly = mean
    for _ in range(50):
        anomaly = anomaly - (anomaly - eccentricity * np.sin(anomaly) - mean) / (1 - eccentricity * np.cos(anomaly))
    return 1 / (1 - eccentricity * np.cos(anomaly)), np.sin(anomaly) / (1 - eccentricity * np.cos(anomaly))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3, 0.4), "nearly parabolic": (0.3, 0.95), "circular": (1.3, 0.0)},
    operators=_TWICE,
    tags=["simulation", "scalar"],
    source="Murray & Dermott (1999), Solar System Dynamics, Cambridge University Press, section 2.4",
    gradient=_kepler_equation_gradient,
)
def kepler_equation(xp: Any, mean: Any, eccentricity: Any) -> Any:
    """Eccentric anomaly by six Newton iterations; the closed form differentiates the equation instead."""
    anomaly = mean + 0.85 * eccentricity
    for _ in range(6):
        residual = anomaly - eccentricity * xp.sin(anomaly) - mean
        anomaly = anomaly - residual / (1.0 - eccentricity * xp.cos(anomaly))
    return anomaly


_COUPLING = np.array([[0.1, -0.15, 0.05], [0.12, 0.05, -0.1], [-0.08, 0.1, 0.15]])


def _equilibrium_jacobian(field: Array, coupling: Array) -> Any:
    z = np.zeros(3)
    for _ in range(200):
        z = np.tanh(coupling @ z + field)
    slope = np.diag(1 - z**2)
    inverse = np.linalg.solve(np.eye(3) - slope @ coupling, slope)
    return inverse, np.einsum("ij,k->ijk", inverse, z)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -0.9, 0.2]), _COUPLING)},
    operators=_ALL,
    tags=["simulation", "vector", "matrix", "parameters"],
    source="Bai, Kolter & Koltun (2019), Deep Equilibrium Models, arXiv:1909.01377",
    jacobian=_equilibrium_jacobian,
)
def equilibrium(xp: Any, field: Any, coupling: Any) -> Any:
    """Fixed point of a hyperbolic tangent by iteration; the closed form is the implicit function theorem's."""
    z = xp.zeros_like(field)
    for _ in range(28):
        z = xp.tanh(xp.matmul(coupling, z) + field)
    return z
