"""Divergences and distances between distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg import sqrtm
from scipy.special import digamma as psi
from scipy.special import expit, polygamma, softmax

import gradcheck
from gradcheck.functions import Array

_COVER = "Cover & Thomas (2006), Elements of Information Theory, 2nd ed., Wiley, "
_PARDO = "Pardo (2006), Statistical Inference Based on Divergence Measures, Chapman & Hall, chapter 1"


def _of_logits(weights: Array, slopes: Array) -> Any:
    """Gradient in the logits from the slopes in the probabilities, which are their softmax."""
    return weights * (slopes - weights @ slopes)


# -- between families -------------------------------------------------------------------------


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (0.5, 1.3, -0.4, 0.8),
        "nearly equal": (0.5, 1.301, 0.502, 1.3),
        "far apart": (40.0, 0.05, -30.0, 6.0),
    },
    operators=["gradient", "hvp"],
    domain={"first_deviation": (0, np.inf), "second_deviation": (0, np.inf)},
    tags=["probability", "divergences", "scalar"],
    source="Kullback & Leibler (1951), Ann. Math. Stat. 22, 79-86",
    gradient=lambda m, s, n, t: (
        (m - n) / t**2,
        s / t**2 - 1 / s,
        (n - m) / t**2,
        1 / t - (s**2 + (m - n) ** 2) / t**3,
    ),
)
def kl_of_normals(xp: Any, first_mean: Any, first_deviation: Any, second_mean: Any, second_deviation: Any) -> Any:
    """Kullback and Leibler's divergence of two normal distributions."""
    ratio = (first_deviation / second_deviation) ** 2
    return 0.5 * (ratio - 1.0 - xp.log(ratio) + ((first_mean - second_mean) / second_deviation) ** 2)


def _multivariate_gradient(m: Array, first: Array, n: Array, second: Array) -> Any:
    precision = np.linalg.inv(second @ second.T)
    shift = precision @ (n - m)
    return (
        -shift,
        precision @ first - np.linalg.inv(first).T,
        shift,
        (precision - precision @ first @ first.T @ precision - np.outer(shift, shift)) @ second,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([0.5, -1.2]),
            np.array([[1.5, 0.4], [-0.6, 0.9]]),
            np.array([0.3, 0.1]),
            np.array([[0.8, -0.3], [0.2, 1.1]]),
        ),
        "nearly equal": (
            np.array([0.5, -1.2]),
            np.array([[1.5, 0.4], [-0.6, 0.9]]),
            np.array([0.51, -1.2]),
            np.array([[1.5, 0.41], [-0.6, 0.9]]),
        ),
    },
    operators=["gradient"],
    tags=["probability", "divergences", "scalar", "matrix"],
    source=_PARDO,
    gradient=_multivariate_gradient,
)
def kl_of_multivariate_normals(
    xp: Any, first_mean: Any, first_factor: Any, second_mean: Any, second_factor: Any
) -> Any:
    """Kullback and Leibler's divergence of two plane normal distributions, by factors of their covariances."""
    mixed = xp.linalg.solve(second_factor, first_factor)
    shift = xp.linalg.solve(second_factor, xp.reshape(second_mean - first_mean, (2, 1)))
    logs = xp.linalg.slogdet(second_factor)[1] - xp.linalg.slogdet(first_factor)[1]
    return 0.5 * (xp.sum(mixed**2) + xp.sum(shift**2) - 2.0) + logs


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 1.7, 1.4, 0.6), "nearly equal": (2.5, 1.7, 2.52, 1.69)},
    operators=["gradient", "hvp"],
    domain=dict.fromkeys(["first_shape", "first_rate", "second_shape", "second_rate"], (0, np.inf)),
    tags=["probability", "divergences", "scalar"],
    source=_PARDO,
    gradient=lambda a, b, c, d: (
        (a - c) * polygamma(1, a) + d / b - 1,
        c / b - a * d / b**2,
        psi(c) - psi(a) + np.log(b / d),
        a / b - c / d,
    ),
)
def kl_of_gammas(xp: Any, first_shape: Any, first_rate: Any, second_shape: Any, second_rate: Any) -> Any:
    """Kullback and Leibler's divergence of two gamma distributions, through a digamma function."""
    logs = xp.special.gammaln(second_shape) - xp.special.gammaln(first_shape)
    turn = (first_shape - second_shape) * xp.special.digamma(first_shape)
    scale = second_shape * xp.log(first_rate / second_rate) + first_shape * (second_rate / first_rate - 1.0)
    return turn + logs + scale


def _betas_gradient(a: Array, b: Array, c: Array, d: Array) -> Any:
    shared = (c + d - a - b) * polygamma(1, a + b)
    return (
        (a - c) * polygamma(1, a) + shared,
        (b - d) * polygamma(1, b) + shared,
        psi(c) - psi(c + d) - psi(a) + psi(a + b),
        psi(d) - psi(c + d) - psi(b) + psi(a + b),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (2.5, 1.7, 1.4, 0.6), "at the edge of the support": (0.05, 0.08, 1.4, 0.6)},
    operators=["gradient"],
    domain=dict.fromkeys(["a", "b", "c", "d"], (0, np.inf)),
    tags=["probability", "divergences", "scalar"],
    source=_PARDO,
    gradient=_betas_gradient,
)
def kl_of_betas(xp: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Kullback and Leibler's divergence of two beta distributions."""
    logs = xp.special.betaln(c, d) - xp.special.betaln(a, b)
    sides = (a - c) * xp.special.digamma(a) + (b - d) * xp.special.digamma(b)
    return logs + sides + (c + d - a - b) * xp.special.digamma(a + b)


def _dirichlets_gradient(a: Array, b: Array) -> Any:
    slope = (a - b) * polygamma(1, a) - np.sum(a - b) * polygamma(1, np.sum(a))
    return slope, psi(b) - psi(np.sum(b)) - psi(a) + psi(np.sum(a))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, 0.8, 3.0]), np.array([0.6, 2.1, 1.2])),
        "concentrated": (np.array([60.0, 25.0, 90.0]), np.array([55.0, 30.0, 80.0])),
    },
    operators=["gradient", "hvp"],
    domain={"first": (0, np.inf), "second": (0, np.inf)},
    tags=["probability", "divergences", "scalar"],
    source=_PARDO,
    gradient=_dirichlets_gradient,
)
def kl_of_dirichlets(xp: Any, first: Any, second: Any) -> Any:
    """Kullback and Leibler's divergence of two Dirichlet distributions."""

    def constant(a: Any) -> Any:
        return xp.special.gammaln(xp.sum(a)) - xp.sum(xp.special.gammaln(a))

    means = xp.special.digamma(first) - xp.special.digamma(xp.sum(first))
    return constant(first) - constant(second) + xp.sum((first - second) * means)


# -- between probabilities --------------------------------------------------------------------

_LOGITS = {
    "ordinary": (np.array([0.5, -0.3, 1.1]), np.array([-0.4, 0.2, 0.3])),
    "nearly equal": (np.array([0.5, -0.3, 1.1]), np.array([0.51, -0.32, 1.1])),
    "far apart": (np.array([3.0, -2.0, 1.0]), np.array([-1.5, 2.5, 0.5])),
}


def _categoricals_gradient(first: Array, second: Array) -> Any:
    p, q = softmax(first), softmax(second)
    return _of_logits(p, np.log(p / q)), q - p


@gradcheck.case(
    inputs=lambda rng: _LOGITS,
    operators=["gradient", "hvp"],
    tags=["probability", "divergences", "scalar"],
    source=_COVER + "section 2.3",
    gradient=_categoricals_gradient,
)
def kl_of_categoricals(xp: Any, first: Any, second: Any) -> Any:
    """Kullback and Leibler's divergence of two softmaxes, by their logarithms."""
    p, q = xp.special.log_softmax(first, axis=0), xp.special.log_softmax(second, axis=0)
    return xp.sum(xp.exp(p) * (p - q))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, 1.3, 0.2]), np.array([0.9, 0.4, 0.7])),
        "near zero": (np.array([0.001, 1.3, 0.2]), np.array([0.9, 0.4, 0.002])),
    },
    operators=["gradient", "hvp"],
    domain={"first": (0, np.inf), "second": (0, np.inf)},
    tags=["probability", "divergences", "scalar"],
    source="Lee & Seung (2001), Advances in Neural Information Processing Systems 13",
    gradient=lambda p, q: (np.log(p / q), 1 - p / q),
)
def generalised_kl(xp: Any, first: Any, second: Any) -> Any:
    """Kullback and Leibler's divergence of two positive vectors that need not sum to 1."""
    return xp.sum(xp.special.kl_div(first, second))


def _jensen_shannon_gradient(first: Array, second: Array) -> Any:
    p, q = softmax(first), softmax(second)
    middle = (p + q) / 2
    return _of_logits(p, np.log(p / middle)) / 2, _of_logits(q, np.log(q / middle)) / 2


@gradcheck.case(
    inputs=lambda rng: _LOGITS,
    operators=["gradient"],
    tags=["probability", "divergences", "scalar"],
    source="Lin (1991), IEEE Trans. Inf. Theory 37, 145-151",
    gradient=_jensen_shannon_gradient,
)
def jensen_shannon(xp: Any, first: Any, second: Any) -> Any:
    """Jensen and Shannon's divergence of two softmaxes, by relative entropies."""
    p, q = xp.special.softmax(first, axis=0), xp.special.softmax(second, axis=0)
    middle = (p + q) / 2.0
    return 0.5 * xp.sum(xp.special.rel_entr(p, middle) + xp.special.rel_entr(q, middle))


def _renyi_gradient(first: Array, second: Array, order: Array) -> Any:
    p, q = softmax(first), softmax(second)
    tilted = p**order * q ** (1 - order)
    total = np.sum(tilted)
    tilted = tilted / total
    return (
        order / (order - 1) * (tilted - p),
        q - tilted,
        tilted @ np.log(p / q) / (order - 1) - np.log(total) / (order - 1) ** 2,
    )


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (*_LOGITS["ordinary"], 2.5),
        "order below 1": (*_LOGITS["far apart"], 0.4),
        "nearly Kullback and Leibler's": (*_LOGITS["ordinary"], 1.01),
    },
    operators=["gradient", "hvp"],
    domain={"order": (0, np.inf)},
    tags=["probability", "divergences", "scalar"],
    source="van Erven & Harremoës (2014), IEEE Trans. Inf. Theory 60, 3797-3820",
    gradient=_renyi_gradient,
)
def renyi_divergence(xp: Any, first: Any, second: Any, order: Any) -> Any:
    """Rényi's divergence of two softmaxes, in its order too."""
    p, q = xp.special.log_softmax(first, axis=0), xp.special.log_softmax(second, axis=0)
    return xp.special.logsumexp(order * p + (1.0 - order) * q) / (order - 1.0)


def _hellinger_gradient(first: Array, second: Array) -> Any:
    p, q = softmax(first), softmax(second)
    distance = np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2)
    affinities = np.sqrt(p * q)
    overlap = np.sum(affinities)
    return (p * overlap - affinities) / (4 * distance), (q * overlap - affinities) / (4 * distance)


@gradcheck.case(
    inputs=lambda rng: _LOGITS,
    operators=["gradient"],
    tags=["probability", "divergences", "scalar"],
    source="Le Cam & Yang (2000), Asymptotics in Statistics, 2nd ed., Springer, chapter 3",
    gradient=_hellinger_gradient,
)
def hellinger_distance(xp: Any, first: Any, second: Any) -> Any:
    """Hellinger's distance of two softmaxes, a norm that has a cusp where they are equal."""
    p, q = xp.special.softmax(first, axis=0), xp.special.softmax(second, axis=0)
    return xp.linalg.norm(xp.sqrt(p) - xp.sqrt(q)) / math.sqrt(2.0)


def _total_variation_gradient(first: Array, second: Array) -> Any:
    p, q = softmax(first), softmax(second)
    return _of_logits(p, np.sign(p - q)) / 2, _of_logits(q, np.sign(q - p)) / 2


@gradcheck.case(
    inputs=lambda rng: {point: _LOGITS[point] for point in ("ordinary", "nearly equal")},
    operators=["gradient", "hvp"],
    tags=["probability", "divergences", "scalar"],
    source=_COVER + "section 11.6",
    gradient=_total_variation_gradient,
)
def total_variation(xp: Any, first: Any, second: Any) -> Any:
    """Total variation of two softmaxes, away from its ties."""
    return 0.5 * xp.sum(xp.abs(xp.special.softmax(first, axis=0) - xp.special.softmax(second, axis=0)))


# -- between normal distributions, geometrically ----------------------------------------------

_FACTORS = {
    "ordinary": (np.array([[1.5, 0.4], [-0.6, 0.9]]), np.array([[0.8, -0.3], [0.2, 1.1]])),
    "nearly equal": (np.array([[1.5, 0.4], [-0.6, 0.9]]), np.array([[1.5, 0.41], [-0.6, 0.92]])),
}


def _bhattacharyya_gradient(first: Array, second: Array) -> Any:
    middle = np.linalg.inv((first @ first.T + second @ second.T) / 2)
    return (middle @ first - np.linalg.inv(first).T) / 2, (middle @ second - np.linalg.inv(second).T) / 2


@gradcheck.case(
    inputs=lambda rng: _FACTORS,
    operators=["gradient", "hvp"],
    tags=["probability", "divergences", "scalar", "matrix"],
    source="Kailath (1967), IEEE Trans. Commun. Technol. 15, 52-60",
    gradient=_bhattacharyya_gradient,
)
def bhattacharyya_distance(xp: Any, first: Any, second: Any) -> Any:
    """Bhattacharyya's distance of two centred plane normal distributions."""
    middle = (first @ xp.transpose(first) + second @ xp.transpose(second)) / 2.0
    logs = xp.linalg.slogdet(first)[1] + xp.linalg.slogdet(second)[1]
    return 0.5 * (xp.linalg.slogdet(middle)[1] - logs)


def _wasserstein_gradient(first: Array, second: Array) -> Any:
    def transport(a: Array, b: Array) -> Any:
        root = np.real(sqrtm(a))
        back = np.linalg.inv(root)
        return back @ np.real(sqrtm(root @ b @ root)) @ back

    a, b = first @ first.T, second @ second.T
    return 2 * (np.eye(2) - transport(a, b)) @ first, 2 * (np.eye(2) - transport(b, a)) @ second


@gradcheck.case(
    inputs=lambda rng: _FACTORS,
    operators=["gradient"],
    tags=["probability", "divergences", "scalar", "matrix"],
    source="Dowson & Landau (1982), J. Multivar. Anal. 12, 450-455",
    gradient=_wasserstein_gradient,
)
def wasserstein_2_of_normals(xp: Any, first: Any, second: Any) -> Any:
    """Squared transport distance of two centred plane normal distributions, by the closed root of a 2 x 2 matrix."""
    a, b = first @ xp.transpose(first), second @ xp.transpose(second)
    volume = xp.abs(xp.linalg.det(first) * xp.linalg.det(second))
    return xp.trace(a) + xp.trace(b) - 2.0 * xp.sqrt(xp.trace(a @ b) + 2.0 * volume)


def _rao_gradient(m: Array, s: Array, n: Array, t: Array) -> Any:
    shift = ((m - n) ** 2 / 2 + (s - t) ** 2) / (2 * s * t)
    slope = np.sqrt(2) / np.sqrt(shift * (shift + 2)) / (2 * s * t)
    return (
        slope * (m - n),
        slope * (2 * (s - t) - 2 * t * shift),
        slope * (n - m),
        slope * (2 * (t - s) - 2 * s * shift),
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.5, 1.3, -0.4, 0.8), "nearly equal": (0.5, 1.3, 0.52, 1.31)},
    operators=["gradient", "hvp"],
    domain={"first_deviation": (0, np.inf), "second_deviation": (0, np.inf)},
    tags=["probability", "divergences", "scalar"],
    source="Atkinson & Mitchell (1981), Sankhya A 43, 345-365",
    gradient=_rao_gradient,
)
def rao_distance(xp: Any, first_mean: Any, first_deviation: Any, second_mean: Any, second_deviation: Any) -> Any:
    """Rao's geodesic distance of two normal distributions, by an inverse hyperbolic cosine."""
    squares = 0.5 * (first_mean - second_mean) ** 2 + (first_deviation - second_deviation) ** 2
    return math.sqrt(2.0) * xp.arccosh(1.0 + squares / (2.0 * first_deviation * second_deviation))


# -- between samples, and bounds --------------------------------------------------------------

_SAMPLES = (np.array([0.4, -1.2, 2.3]), np.array([1.1, -0.3, 0.6, 2.9]))


def _discrepancy_gradient(x: Array, y: Array, bandwidth: Array) -> Any:
    def slopes(a: Array, b: Array) -> Any:
        offsets = np.subtract.outer(a, b)
        kernel = np.exp(-(offsets**2) / (2 * bandwidth**2))
        return -offsets / bandwidth**2 * kernel, np.mean(kernel * offsets**2) / bandwidth**3

    (xx, within), (yy, among), (xy, across) = slopes(x, x), slopes(y, y), slopes(x, y)
    return (
        2 * np.sum(xx, axis=1) / x.size**2 - 2 * np.sum(xy, axis=1) / (x.size * y.size),
        2 * np.sum(yy, axis=1) / y.size**2 + 2 * np.sum(xy, axis=0) / (x.size * y.size),
        within + among - 2 * across,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (*_SAMPLES, 0.9), "narrow": (*_SAMPLES, 0.08)},
    operators=["gradient"],
    domain={"bandwidth": (0, np.inf)},
    tags=["probability", "divergences", "scalar", "broadcasting"],
    source="Gretton et al. (2012), J. Mach. Learn. Res. 13, 723-773",
    gradient=_discrepancy_gradient,
)
def maximum_mean_discrepancy(xp: Any, x: Any, y: Any, bandwidth: Any) -> Any:
    """Squared maximum mean discrepancy of two samples under a Gaussian kernel."""

    def mean_kernel(a: Any, b: Any) -> Any:
        return xp.mean(xp.exp(-0.5 * ((a[:, None] - b) / bandwidth) ** 2))

    return mean_kernel(x, x) + mean_kernel(y, y) - 2.0 * mean_kernel(x, y)


def _energy_gradient(x: Array, y: Array) -> Any:
    across = np.sign(np.subtract.outer(x, y))
    within, among = np.sign(np.subtract.outer(x, x)), np.sign(np.subtract.outer(y, y))
    return (
        2 * np.mean(across, axis=1) / x.size - 2 * np.sum(within, axis=1) / x.size**2,
        -2 * np.mean(across, axis=0) / y.size - 2 * np.sum(among, axis=1) / y.size**2,
    )


@gradcheck.case(
    inputs=lambda rng: {"ordinary": _SAMPLES},
    tags=["probability", "divergences", "scalar", "broadcasting"],
    source="Székely & Rizzo (2013), J. Stat. Plan. Inference 143, 1249-1272",
    gradient=_energy_gradient,
)
def energy_distance(xp: Any, x: Any, y: Any) -> Any:
    """Energy distance of two samples, whose self-distances are all kinks."""

    def mean_distance(a: Any, b: Any) -> Any:
        return xp.mean(xp.abs(a[:, None] - b))

    return 2.0 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)


def _transport_gradient(x: Array, y: Array) -> Any:
    offsets = np.sort(x) - np.sort(y)
    ranks = (np.argsort(np.argsort(x)), np.argsort(np.argsort(y)))
    return 2 * offsets[ranks[0]] / 4, -2 * offsets[ranks[1]] / 4


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.4, -1.2, 2.3, 0.9]), np.array([1.1, -0.3, 0.6, 2.9]))},
    operators=["gradient", "hvp"],
    tags=["probability", "divergences", "scalar"],
    source="Peyré & Cuturi (2019), Found. Trends Mach. Learn. 11, 355-607, section 2.6",
    gradient=_transport_gradient,
)
def transport_of_samples(xp: Any, x: Any, y: Any) -> Any:
    """Squared transport distance of two samples of a line, by sorting both."""
    return xp.mean((xp.sort(x) - xp.sort(y)) ** 2)


_NOISE = np.array([-1.3, -0.2, 0.6, 1.1])


def _bound_gradient(mean: Array, spread: Array) -> Any:
    z = mean + np.exp(spread) * _NOISE
    slopes = 3 * (1 - expit(z)) - 2 * expit(z) - z
    return np.mean(slopes), np.mean(slopes * np.exp(spread) * _NOISE) + 1


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.4, -0.3), "far away": (-25.0, 1.2)},
    operators=["gradient"],
    tags=["probability", "divergences", "scalar"],
    source="Kingma & Welling (2014), ICLR, arXiv:1312.6114",
    gradient=_bound_gradient,
)
def evidence_lower_bound(xp: Any, mean: Any, spread: Any) -> Any:
    """Evidence lower bound of three successes and two failures, by reparametrised draws, up to a constant."""
    z = mean + xp.exp(spread) * xp.asarray(_NOISE)
    zeros = xp.zeros_like(z)
    return xp.mean(-3.0 * xp.logaddexp(zeros, -z) - 2.0 * xp.logaddexp(zeros, z) - 0.5 * z**2) + spread


def _importance_gradient(mean: Array, spread: Array) -> Any:
    z = mean + np.exp(spread) * _NOISE
    logs = 3 * np.log(expit(z)) + 2 * np.log(expit(-z)) - z**2 / 2 + _NOISE**2 / 2
    weights = softmax(logs)
    slopes = 3 * (1 - expit(z)) - 2 * expit(z) - z
    return weights @ slopes, weights @ (slopes * np.exp(spread) * _NOISE) + 1


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.4, -0.3), "one weight dominates": (-25.0, 1.2)},
    operators=["gradient", "hvp"],
    tags=["probability", "divergences", "scalar"],
    source="Burda, Grosse & Salakhutdinov (2016), ICLR, arXiv:1509.00519",
    gradient=_importance_gradient,
)
def importance_weighted_bound(xp: Any, mean: Any, spread: Any) -> Any:
    """Importance weighted bound of three successes and two failures, up to a constant."""
    noise = xp.asarray(_NOISE)
    z = mean + xp.exp(spread) * noise
    zeros = xp.zeros_like(z)
    joint = -3.0 * xp.logaddexp(zeros, -z) - 2.0 * xp.logaddexp(zeros, z) - 0.5 * z**2
    return xp.special.logsumexp(joint + spread + 0.5 * noise**2) - math.log(4.0)
