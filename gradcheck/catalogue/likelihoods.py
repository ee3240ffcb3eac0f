"""Log likelihoods of statistical models, in their parameters."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy.special import expit, log_ndtr, softmax

import gradcheck
from gradcheck.functions import Array

_DATA = np.array([0.8, 2.1, 1.3])


def _mixture_gradient(logits: Array, means: Array) -> Any:
    weights = np.exp(logits) / np.sum(np.exp(logits))
    joint = weights[:, None] * np.exp(-0.5 * (_DATA - means[:, None]) ** 2)
    shares = joint / joint.sum(axis=0)
    return shares.sum(axis=1) - _DATA.size * weights, np.sum(shares * (_DATA - means[:, None]), axis=1)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.3]), np.array([0.5, 2.5]))},
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar", "broadcasting"],
    source="Bishop (2006), Pattern Recognition and Machine Learning, Springer, section 9.2",
    gradient=_mixture_gradient,
)
def gaussian_mixture(xp: Any, logits: Any, means: Any) -> Any:
    """Log likelihood of three numbers under two normal components, up to a constant."""
    distances = (xp.asarray(_DATA)[None, :] - means[:, None]) ** 2
    logs = xp.special.log_softmax(logits, axis=0)[:, None] - 0.5 * distances
    return xp.sum(xp.special.logsumexp(logs, axis=0))


_DESIGN = np.array([[1.0, 0.5], [1.0, -1.2], [1.0, 2.0], [1.0, 0.3]])
_OUTCOMES = np.array([1.0, 0.0, 1.0, 0.0])
_SIGNS = 2 * _OUTCOMES - 1
_TALLIES = np.array([2.0, 0.0, 1.0, 3.0])


def _mills(z: Array) -> Any:
    """Slope of the logarithm of the normal distribution function."""
    return np.exp(-(z**2) / 2 - log_ndtr(z)) / np.sqrt(2 * np.pi)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),)},
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar"],
    source="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., Chapman & Hall, chapter 4",
    gradient=lambda beta: _DESIGN.T @ (_OUTCOMES - expit(_DESIGN @ beta)),
)
def logistic_regression(xp: Any, beta: Any) -> Any:
    """Log likelihood of four outcomes."""
    eta = xp.matmul(xp.asarray(_DESIGN), beta)
    return xp.sum(xp.asarray(_OUTCOMES) * eta - xp.log1p(xp.exp(eta)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),), "far tail": (np.array([-9.0, 6.5]),)},
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar"],
    source="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., Chapman & Hall, chapter 4",
    gradient=lambda beta: _DESIGN.T @ (_SIGNS * _mills(_SIGNS * (_DESIGN @ beta))),
)
def probit_regression(xp: Any, beta: Any) -> Any:
    """Log likelihood of four outcomes, by the logarithm of the normal distribution function."""
    return xp.sum(xp.special.log_ndtr(xp.asarray(_SIGNS) * xp.matmul(xp.asarray(_DESIGN), beta)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -0.7]),), "large rates": (np.array([5.0, 2.5]),)},
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar"],
    source="McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., Chapman & Hall, chapter 6",
    gradient=lambda beta: _DESIGN.T @ (_TALLIES - np.exp(_DESIGN @ beta)),
)
def poisson_regression(xp: Any, beta: Any) -> Any:
    """Log likelihood of four counts with a log link, up to a constant."""
    eta = xp.matmul(xp.asarray(_DESIGN), beta)
    return xp.dot(xp.asarray(_TALLIES), eta) - xp.sum(xp.exp(eta))


def _ordinal_gradient(slope: Array, cuts: Array) -> Any:
    eta = slope * np.array([-1.2, 0.4, 0.9, 2.0])
    low, high = expit(cuts[0] - eta), expit(cuts[1] - eta)
    middle = (high - low)[1:3]
    steep_low, steep_high = low * (1 - low), high * (1 - high)
    first = np.array([1 - low[0], *(-steep_low[1:3] / middle), 0])
    last = np.array([0, *(steep_high[1:3] / middle), -high[3]])
    return -(first + last) @ np.array([-1.2, 0.4, 0.9, 2.0]), np.array([np.sum(first), np.sum(last)])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (0.8, np.array([-0.5, 1.3])),
        "narrow middle": (0.8, np.array([0.5, 0.52])),
        "saturated": (14.0, np.array([-0.5, 1.3])),
    },
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar"],
    source="McCullagh (1980), J. R. Stat. Soc. B 42, 109-142",
    gradient=_ordinal_gradient,
)
def ordinal_regression(xp: Any, slope: Any, cuts: Any) -> Any:
    """Log likelihood of four ordered answers, by differences of logistic functions."""
    eta = slope * xp.asarray([-1.2, 0.4, 0.9, 2.0])
    low, high = xp.special.expit(cuts[0] - eta), xp.special.expit(cuts[1] - eta)
    outer = xp.log(low[0]) + xp.log(xp.special.expit(eta[3] - cuts[1]))
    return outer + xp.sum(xp.log(high[1:3] - low[1:3]))


def _censored_normal_gradient(mean: Array, deviation: Array) -> Any:
    z, tail = (_DATA - mean) / deviation, (mean - 2.5) / deviation
    return (
        (np.sum(z) + 2 * _mills(tail)) / deviation,
        (np.sum(z**2 - 1) - 2 * tail * _mills(tail)) / deviation,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, 0.9), "far tail": (-4.0, 0.5)},
    operators=["gradient", "hvp"],
    domain={"deviation": (0, np.inf)},
    tags=["probability", "likelihoods", "scalar"],
    source="Tobin (1958), Econometrica 26, 24-36",
    gradient=_censored_normal_gradient,
)
def censored_normal_log_likelihood(xp: Any, mean: Any, deviation: Any) -> Any:
    """Log likelihood of three numbers and of two more that are only known to exceed 2.5, up to a constant."""
    z = (xp.asarray(_DATA) - mean) / deviation
    seen = xp.sum(-0.5 * z**2 - xp.log(deviation))
    return seen + 2.0 * xp.special.log_ndtr((mean - 2.5) / deviation)


_TIMES = np.array([0.8, 2.1, 1.3, 3.0, 3.0])
_EVENTS = np.array([1.0, 1.0, 1.0, 0.0, 0.0])


def _censored_weibull_gradient(shape: Array, scale: Array) -> Any:
    hazard, logs = (_TIMES / scale) ** shape, np.log(_TIMES / scale)
    return np.sum(_EVENTS * (1 / shape + logs) - hazard * logs), shape / scale * np.sum(hazard - _EVENTS)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (1.6, 2.2), "steep": (12.0, 2.8)},
    operators=["gradient", "hvp"],
    domain={"shape": (0, np.inf), "scale": (0, np.inf)},
    tags=["probability", "likelihoods", "scalar"],
    source="Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., Wiley, chapter 3",
    gradient=_censored_weibull_gradient,
)
def censored_weibull_log_likelihood(xp: Any, shape: Any, scale: Any) -> Any:
    """Log likelihood of three failures and two survivors."""
    times, events = xp.asarray(_TIMES), xp.asarray(_EVENTS)
    log_hazard = xp.log(shape / scale) + (shape - 1.0) * xp.log(times / scale)
    return xp.sum(events * log_hazard - (times / scale) ** shape)


_PATIENTS = np.array([[0.5, -1.0], [1.2, 0.3], [-0.7, 0.8], [0.1, 1.5], [0.9, -0.4]])


def _cox_gradient(beta: Array) -> Any:
    total = np.zeros(2)
    for failed in (0, 1, 3):
        risk = np.exp(_PATIENTS[failed:] @ beta)
        total += _PATIENTS[failed] - risk @ _PATIENTS[failed:] / np.sum(risk)
    return total


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.6, -0.4]),), "far apart": (np.array([25.0, -18.0]),)},
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar"],
    source="Cox (1972), J. R. Stat. Soc. B 34, 187-220",
    gradient=_cox_gradient,
)
def cox_partial_likelihood(xp: Any, beta: Any) -> Any:
    """Log partial likelihood of three failures among five patients in the order of their times."""
    eta = xp.matmul(xp.asarray(_PATIENTS), beta)
    total = 0.0
    for failed in (0, 1, 3):
        total = total + eta[failed] - xp.special.logsumexp(eta[failed:])
    return total


_SYMBOLS = (0, 2, 1, 1)


def _hidden_markov_gradient(transitions: Array, emissions: Array) -> Any:
    a, b = softmax(transitions, axis=1), softmax(emissions, axis=1)
    moves, shown, total = np.zeros((2, 2)), np.zeros((2, 3)), 0.0
    for path in product(range(2), repeat=4):
        steps = list(pairwise(path))
        weight = np.prod([a[step] for step in steps]) * np.prod([b[s] for s in zip(path, _SYMBOLS, strict=True)])
        total += weight
        for step in steps:
            moves[step] += weight
        for state, symbol in zip(path, _SYMBOLS, strict=True):
            shown[state, symbol] += weight
    moves, shown = moves / total, shown / total
    return moves - moves.sum(axis=1, keepdims=True) * a, shown - shown.sum(axis=1, keepdims=True) * b


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.7, -0.2], [0.1, 0.9]]), np.array([[0.4, -0.5, 0.2], [-0.3, 0.8, 0.1]])),
        "nearly deterministic": (np.array([[9.0, -6.0], [-8.0, 7.0]]), np.array([[9.0, -5.0, 4.0], [-9.0, 8.0, 1.0]])),
    },
    operators=["gradient", "hvp"],
    tags=["probability", "likelihoods", "scalar", "matrix"],
    source="Rabiner (1989), Proc. IEEE 77, 257-286",
    gradient=_hidden_markov_gradient,
)
def hidden_markov_log_likelihood(xp: Any, transitions: Any, emissions: Any) -> Any:
    """Log likelihood of four symbols of two hidden states, by the forward recursion."""
    moves, shown = xp.special.log_softmax(transitions, axis=1), xp.special.log_softmax(emissions, axis=1)
    forward = shown[:, _SYMBOLS[0]] - np.log(2.0)
    for symbol in _SYMBOLS[1:]:
        forward = xp.special.logsumexp(forward[:, None] + moves, axis=0) + shown[:, symbol]
    return xp.special.logsumexp(forward)


def _of_covariance(y: Array, covariance: Array, *slopes: Array) -> Any:
    """Gradient of a centred normal log density in the observations and what its covariance depends on."""
    precision = np.linalg.inv(covariance)
    weights = precision @ y
    return -weights, *(np.sum((np.outer(weights, weights) - precision) * slope) / 2 for slope in slopes)


def _local_level_gradient(y: Array, drift: Array, noise: Array) -> Any:
    steps = np.minimum.outer(np.arange(4.0), np.arange(4.0))
    return _of_covariance(y, 1 + drift * steps + noise * np.eye(4), steps, np.eye(4))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -0.3, 1.1, 0.8]), 0.4, 0.7),
        "precise": (np.array([0.5, -0.3, 1.1, 0.8]), 0.4, 0.001),
    },
    operators=["gradient"],
    domain={"drift": (0, np.inf), "noise": (0, np.inf)},
    tags=["probability", "likelihoods", "scalar"],
    source="Durbin & Koopman (2012), Time Series Analysis by State Space Methods, 2nd ed., Oxford, chapter 2",
    gradient=_local_level_gradient,
)
def kalman_log_likelihood(xp: Any, y: Any, drift: Any, noise: Any) -> Any:
    """Log likelihood of a local level model, by Kalman's filter."""
    level, variance, total = 0.0, 1.0, 0.0
    for k in range(4):
        spread, surprise = variance + noise, y[k] - level
        total = total - 0.5 * (xp.log(2.0 * xp.pi * spread) + surprise**2 / spread)
        gain = variance / spread
        level, variance = level + gain * surprise, (1.0 - gain) * variance + drift
    return total


_PLACES = np.array([0.0, 0.7, 1.5, 2.6])


def _gaussian_process_gradient(y: Array, length: Array, amplitude: Array, noise: Array) -> Any:
    squares = np.subtract.outer(_PLACES, _PLACES) ** 2
    kernel = np.exp(2 * amplitude - squares * np.exp(-2 * length) / 2)
    nugget = np.exp(2 * noise) * np.eye(4)
    return _of_covariance(y, kernel + nugget, kernel * squares * np.exp(-2 * length), 2 * kernel, 2 * nugget)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -0.3, 1.1, 0.8]), 0.2, 0.1, -0.9),
        "nearly singular": (np.array([0.5, 0.3, 0.2, 0.4]), 1.6, 0.1, -3.0),
    },
    operators=["gradient"],
    tags=["probability", "likelihoods", "scalar", "matrix"],
    source="Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, MIT Press, section 5.4",
    gradient=_gaussian_process_gradient,
)
def gaussian_process_log_likelihood(xp: Any, y: Any, length: Any, amplitude: Any, noise: Any) -> Any:
    """Log marginal likelihood of four values, in the logarithms of the kernel's parameters, by Cholesky."""
    places = xp.asarray(_PLACES)
    squares = (places[:, None] - places) ** 2
    kernel = xp.exp(2.0 * amplitude - 0.5 * squares * xp.exp(-2.0 * length)) + xp.exp(2.0 * noise) * xp.eye(4)
    factor = xp.linalg.cholesky(kernel)
    whitened = xp.linalg.solve_triangular(factor, xp.reshape(y, (4, 1)), lower=True)
    logs = xp.sum(xp.log(xp.diagonal(factor)))
    return -0.5 * xp.sum(whitened**2) - logs - 2.0 * np.log(2.0 * np.pi)


_RETURNS = (0.3, -1.2, 0.8, 2.1, -0.4)


def _garch_gradient(base: Array, shock: Array, memory: Array) -> Any:
    rest = 1 - shock - memory
    variance, slopes = base / rest, np.array([1 / rest, base / rest**2, base / rest**2])
    total = np.zeros(3)
    for value in _RETURNS:
        total += slopes * (value**2 / variance - 1) / (2 * variance)
        slopes = np.array([1, value**2, variance]) + memory * slopes
        variance = base + shock * value**2 + memory * variance
    return tuple(total)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.3, 0.2, 0.5), "nearly integrated": (0.05, 0.1, 0.85)},
    operators=["gradient", "hvp"],
    domain={"base": (0, np.inf), "shock": (0, 1), "memory": (0, 1)},
    tags=["probability", "likelihoods", "scalar"],
    source="Bollerslev (1986), J. Econom. 31, 307-327",
    gradient=_garch_gradient,
)
def garch_log_likelihood(xp: Any, base: Any, shock: Any, memory: Any) -> Any:
    """Log likelihood of five returns whose variance follows a recursion, up to a constant."""
    variance, total = base / (1.0 - shock - memory), 0.0
    for value in _RETURNS:
        total = total - 0.5 * (xp.log(variance) + value**2 / variance)
        variance = base + shock * value**2 + memory * variance
    return total


_BURSTS = np.array([0.4, 0.9, 1.1, 2.5, 3.2])
_WAITS = np.maximum(np.subtract.outer(_BURSTS, _BURSTS), 0)
_EARLIER = np.tri(5, k=-1)


def _hawkes_gradient(base: Array, jump: Array, decay: Array) -> Any:
    echoes = _EARLIER * np.exp(-decay * _WAITS)
    rates = base + jump * np.sum(echoes, axis=1)
    ends = np.exp(-decay * (4 - _BURSTS))
    faded = np.sum(1 - ends) / decay
    return (
        np.sum(1 / rates) - 4,
        np.sum(np.sum(echoes, axis=1) / rates) - faded,
        jump * (faded / decay - np.sum((4 - _BURSTS) * ends) / decay - np.sum(np.sum(_WAITS * echoes, axis=1) / rates)),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.5, 0.8, 1.6), "nearly Poisson": (0.9, 0.002, 12.0)},
    operators=["gradient", "hvp"],
    domain={"base": (0, np.inf), "jump": (0, np.inf), "decay": (0, np.inf)},
    tags=["probability", "likelihoods", "scalar", "broadcasting"],
    source="Ozaki (1979), Ann. Inst. Stat. Math. 31, 145-155",
    gradient=_hawkes_gradient,
)
def hawkes_log_likelihood(xp: Any, base: Any, jump: Any, decay: Any) -> Any:
    """Log likelihood of five events that excite one another, in a window of length 4."""
    echoes = xp.tril(xp.exp(-decay * xp.asarray(_WAITS)), -1)
    rates = base + jump * xp.sum(echoes, axis=1)
    faded = -xp.expm1(-decay * (4.0 - xp.asarray(_BURSTS))) / decay
    return xp.sum(xp.log(rates)) - 4.0 * base - jump * xp.sum(faded)
