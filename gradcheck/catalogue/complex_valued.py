"""Functions of complex numbers, and of real numbers by way of complex ones.

The gradient of a real function of z is df/dRe(z) + i df/dIm(z): twice the derivative by the conjugate of z.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.functions import Array

_WIRTINGER = "Kreutz-Delgado (2009), The Complex Gradient Operator and the CR-Calculus, arXiv:0906.4835"
_GILES = "Giles (2008), Collected Matrix Derivative Results for Forward and Reverse Mode AD, Springer LNCSE 64, 35-44"
_ABLOWITZ = "Ablowitz & Fokas (2003), Complex Variables, 2nd ed., Cambridge, section "
_OPPENHEIM = "Oppenheim & Schafer (2010), Discrete-Time Signal Processing, 3rd ed., Pearson, section "

_Z = np.array([0.6 - 1.1j, -0.4 + 0.7j, 1.2 + 0.3j])
_HERMITIAN = np.array([[1.0, 0.5 - 0.3j, 0.2j], [0.5 + 0.3j, -0.7, 0.4], [-0.2j, 0.4, 2.0]])
_SIGNAL = np.array([0.5, -1.0, 1.5, 2.0, -0.7])


def _power_spectrum_gradient(x: Array) -> Any:
    spectrum = np.fft.fft(x)
    weights = np.array([1.0, 2.0, -0.5, 0.0, 0.0]) / (1 + np.abs(spectrum) ** 2)
    return x.size * 2 * np.real(np.fft.ifft(weights * spectrum))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SIGNAL,)},
    operators=["gradient", "hessian", "hvp"],
    tags=["complex_valued", "scalar"],
    source=_OPPENHEIM + "10.5",
    gradient=_power_spectrum_gradient,
)
def power_spectrum_loss(xp: Any, x: Any) -> Any:
    """Logarithms of a power spectrum plus one, weighted."""
    spectrum = xp.fft.rfft(x)
    power = xp.real(spectrum) ** 2 + xp.imag(spectrum) ** 2
    return xp.sum(xp.asarray([1.0, 2.0, -0.5]) * xp.log1p(power))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_SIGNAL, np.array([0.25, 0.6, -0.4, 0.1, 1.3]))},
    operators=["gradient", "hessian", "hvp"],
    tags=["complex_valued", "scalar"],
    source=_OPPENHEIM + "8.6",
    gradient=lambda x, y: (
        np.real(np.fft.ifft(np.fft.fft([1.0, -2.0, 0.5, 3.0, 0.7]) * np.conj(np.fft.fft(y)))),
        np.real(np.fft.ifft(np.fft.fft([1.0, -2.0, 0.5, 3.0, 0.7]) * np.conj(np.fft.fft(x)))),
    ),
)
def convolution_theorem(xp: Any, x: Any, y: Any) -> Any:
    """Circular convolution of real signals by Fourier transforms, weighted."""
    product = xp.fft.ifft(xp.fft.fft(x) * xp.fft.fft(y))
    return xp.sum(xp.asarray([1.0, -2.0, 0.5, 3.0, 0.7]) * xp.real(product))


def _synthesis_gradient(z: Array) -> Any:
    slope = np.array([1.0, -2.0, 0.5, 3.0]) * 2 * np.fft.irfft(z)
    return np.fft.rfft(slope) / 4 * np.array([1, 2, 1])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source=_OPPENHEIM + "8.6",
    gradient=_synthesis_gradient,
)
def signal_from_spectrum(xp: Any, z: Any) -> Any:
    """Squares of a real signal of a half spectrum, weighted: two imaginary parts have no part in it."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5, 3.0]) * xp.fft.irfft(z) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source=_ABLOWITZ + "2.1",
    gradient=lambda z: np.conj(np.array([1.0, -2.0, 0.5]) * (3 * z**2 - (4 - 2j) * z + 0.5j)),
)
def holomorphic_polynomial(xp: Any, z: Any) -> Any:
    """Real parts of a cubic polynomial, weighted: the gradient is the derivative's conjugate."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.real(z**3 - (2 - 1j) * z**2 + 0.5j * z))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z, np.array([1.5 + 0.2j, -0.3 - 2.0j, 0.8 + 0.9j]))},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source=_ABLOWITZ + "5.7",
    gradient=lambda z, w: (
        np.conj(np.array([1.0, -2.0, 0.5]) * 2 * w / (z + w) ** 2),
        np.conj(np.array([1.0, -2.0, 0.5]) * -2 * z / (z + w) ** 2),
    ),
)
def reflection_coefficients(xp: Any, z: Any, w: Any) -> Any:
    """Real parts of (z - w) / (z + w), weighted: division of complex numbers."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.real((z - w) / (z + w)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,), "small": (1e-3 * _Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source=_WIRTINGER,
    gradient=lambda z: np.array([1.0, -2.0, 0.5]) * 2 * z - 3.0 * z / np.abs(z),
)
def moduli(xp: Any, z: Any) -> Any:
    """Squares of moduli, by the conjugate, less the moduli: nowhere holomorphic."""
    return xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.real(z * xp.conj(z))) - 3.0 * xp.sum(xp.abs(z))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_Z,),
        "near the cut": (np.array([-1.0 + 0.01j, -1.0 - 0.01j, 0.5j]),),
        "on the positive axis": (np.array([2.0 + 0j, 0.5 + 0j, 1.0 + 0j]),),
    },
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source="NIST DLMF, section 4.2",
    gradient=lambda z: np.conj(np.array([1.0, -2.0, 0.5]) / (2 * np.sqrt(z)) - 1j * np.array([0.5, 1.5, -1.0]) / z),
)
def principal_values(xp: Any, z: Any) -> Any:
    """Real parts of square roots and imaginary parts of logarithms, weighted."""
    roots = xp.sum(xp.asarray([1.0, -2.0, 0.5]) * xp.real(xp.sqrt(z)))
    return roots + xp.sum(xp.asarray([0.5, 1.5, -1.0]) * xp.imag(xp.log(z)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source="NIST DLMF, section 4.14",
    gradient=lambda z: np.conj(
        np.array([1.0, -2.0, 0.5]) * np.cos(z) - 1j * np.array([0.5, 1.5, -1.0]) / np.cosh(z) ** 2 - np.exp(1j * z)
    ),
)
def complex_trigonometry(xp: Any, z: Any) -> Any:
    """Real parts of sin and of i exp(i z), imaginary parts of tanh, weighted."""
    waves = xp.asarray([1.0, -2.0, 0.5]) * xp.real(xp.sin(z)) + xp.asarray([0.5, 1.5, -1.0]) * xp.imag(xp.tanh(z))
    return xp.sum(waves + xp.real(1j * xp.exp(1j * z)))


_MEASUREMENTS = np.array([[1.0, 0.5j, -0.3], [0.2 - 1j, 1.1, 0.4j], [-0.6, 0.8 + 0.1j, 1.0], [0.3j, -0.9, 0.7 - 0.5j]])


def _phase_retrieval_gradient(z: Array) -> Any:
    seen = _MEASUREMENTS @ z
    return _MEASUREMENTS.conj().T @ (4 * (np.abs(seen) ** 2 - np.array([1.0, 2.5, 0.4, 1.7])) * seen)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source="Candes, Li & Soltanolkotabi (2015), Phase Retrieval via Wirtinger Flow, arXiv:1407.1065",
    gradient=_phase_retrieval_gradient,
)
def phase_retrieval(xp: Any, z: Any) -> Any:
    """Squared errors of intensities, the objective of Wirtinger flow."""
    seen = xp.matmul(xp.asarray(_MEASUREMENTS), z)
    return xp.sum((xp.real(seen * xp.conj(seen)) - xp.asarray([1.0, 2.5, 0.4, 1.7])) ** 2)


def _complex_least_squares_gradient(a: Array, z: Array) -> Any:
    residual = a @ z - np.array([0.5 - 1j, 1.2j])
    return 2 * np.outer(residual, z.conj()), 2 * a.conj().T @ residual


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[1.0, 0.5j, -0.3], [0.2 - 1j, 1.1, 0.4j]]), _Z)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar", "matrix"],
    source=_WIRTINGER,
    gradient=_complex_least_squares_gradient,
)
def complex_least_squares(xp: Any, a: Any, z: Any) -> Any:
    """Squared length of a complex residual."""
    residual = xp.matmul(a, z) - xp.asarray([0.5 - 1j, 1.2j])
    return xp.real(xp.vdot(residual, residual))


def _complex_solve_gradient(a: Array, b: Array) -> Any:
    z = np.linalg.solve(a, b)
    back = np.linalg.solve(a.conj().T, np.array([1.0, -2.0]) * 2 * z)
    return -np.outer(back, z.conj()), back


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[1.0 + 0.5j, -0.3j], [0.2 - 1j, 1.5 + 0j]]), np.array([0.7 - 0.2j, 1.1j]))
    },
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar", "matrix"],
    source=_GILES,
    gradient=_complex_solve_gradient,
)
def complex_solve(xp: Any, a: Any, b: Any) -> Any:
    """Squared moduli of the solution of a complex system, weighted."""
    z = xp.linalg.solve(a, b)
    return xp.sum(xp.asarray([1.0, -2.0]) * xp.real(z * xp.conj(z)))


def _expectation_gradient(state: Array) -> Any:
    norm = np.vdot(state, state).real
    energy = np.vdot(state, _HERMITIAN @ state).real / norm
    return 2 * (_HERMITIAN @ state - energy * state) / norm


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_Z,)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar"],
    source="Nielsen & Chuang (2010), Quantum Computation and Quantum Information, Cambridge, section 2.2.5",
    gradient=_expectation_gradient,
)
def quantum_expectation(xp: Any, state: Any) -> Any:
    """Expectation of an observable in a state of any norm."""
    image = xp.matmul(xp.asarray(_HERMITIAN), state)
    return xp.real(xp.vdot(state, image)) / xp.real(xp.vdot(state, state))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.7, -1.1, 0.4)},
    operators=["gradient", "hessian", "hvp"],
    tags=["complex_valued", "scalar"],
    source="Mitarai, Negoro, Kitagawa & Fujii (2018), Quantum Circuit Learning, arXiv:1803.00745",
    gradient=lambda a, b, c: (
        -np.sin(a) * np.cos(b),
        -np.cos(a) * np.sin(b),
        0.5 * np.cos(c),
    ),
)
def quantum_circuit(xp: Any, a: Any, b: Any, c: Any) -> Any:
    """Expectation of Z after rotations of a qubit about y and x, and half a sine by a phase."""
    up, down = xp.cos(a / 2), xp.sin(a / 2)
    turned_up = xp.cos(b / 2) * up - 1j * xp.sin(b / 2) * down
    turned_down = xp.cos(b / 2) * down - 1j * xp.sin(b / 2) * up
    populations = xp.real(turned_up * xp.conj(turned_up)) - xp.real(turned_down * xp.conj(turned_down))
    return populations + 0.5 * xp.imag(xp.exp(1j * c))


_TIMES = np.array([0.3, 0.8, 1.7])


def _damped_wave_gradient(size: Array, rate: Array, offset: Array) -> Any:
    wave = size * np.exp((1j * rate - 0.2) * _TIMES) + offset
    slope = np.array([1.0, -2.0, 3.0]) * 2 * wave
    turning = np.exp((1j * rate - 0.2) * _TIMES)
    return (
        np.sum(np.real(np.conj(slope) * turning)),
        np.sum(np.real(np.conj(slope) * size * 1j * _TIMES * turning)),
        np.sum(slope),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.3, 2.1, 0.4 - 0.6j)},
    operators=["gradient", "jvp", "vjp"],
    tags=["complex_valued", "scalar", "broadcasting"],
    source=_WIRTINGER,
    gradient=_damped_wave_gradient,
)
def damped_wave(xp: Any, size: Any, rate: Any, offset: Any) -> Any:
    """Squared moduli of a damped wave of real size and rate with a complex offset, weighted."""
    wave = size * xp.exp((1j * rate - 0.2) * xp.asarray(_TIMES)) + offset
    return xp.sum(xp.asarray([1.0, -2.0, 3.0]) * xp.real(wave * xp.conj(wave)))
