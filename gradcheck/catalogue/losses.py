"""Loss functions of predictions and targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax

import gradcheck
from gradcheck.functions import Array

_TORCH = "PyTorch documentation, torch.nn."
_BISHOP = "Bishop (2006), Pattern Recognition and Machine Learning, Springer, section "

_PREDICTION = np.array([0.8, -1.5, 2.2, 0.4])
_TARGET = np.array([1.0, 0.9, -0.7, 0.1])
_LABELS = np.array([1.0, 0.0, 0.0, 1.0])
_LOGITS = np.array([[1.2, -0.4, 0.3], [0.1, 2.0, -1.5]])
_ONE_HOT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source=_TORCH + "MSELoss",
    gradient=lambda p, t: ((p - t) / 2, (t - p) / 2),
)
def mean_squared_error(xp: Any, prediction: Any, target: Any) -> Any:
    """Mean squared error of four predictions."""
    return xp.mean((prediction - target) ** 2)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source=_TORCH + "L1Loss",
    gradient=lambda p, t: (
        np.array([1.0, 2.0, 3.0, 4.0]) * np.sign(p - t),
        -np.array([1.0, 2.0, 3.0, 4.0]) * np.sign(p - t),
    ),
)
def weighted_absolute_error(xp: Any, prediction: Any, target: Any) -> Any:
    """Sum of weighted absolute errors, none of them zero."""
    return xp.sum(xp.arange(1.0, 5.0) * xp.abs(prediction - target))


def _huber_gradient(p: Array, t: Array) -> Any:
    slope = np.clip(p - t, -1.5, 1.5)
    return slope, -slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source="Huber (1964), Ann. Math. Statist. 35, 73-101",
    gradient=_huber_gradient,
)
def huber(xp: Any, prediction: Any, target: Any) -> Any:
    """Huber's loss with threshold 1.5, on both sides of it."""
    error = xp.abs(prediction - target)
    return xp.sum(xp.where(error < 1.5, 0.5 * error**2, 1.5 * (error - 0.75)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source="Saleh & Saleh (2022), Statistical Properties of the log-cosh Loss Function, arXiv:2208.04564",
    gradient=lambda p, t: (np.tanh(p - t), np.tanh(t - p)),
)
def log_cosh(xp: Any, prediction: Any, target: Any) -> Any:
    """Sum of logarithms of hyperbolic cosines of errors."""
    return xp.sum(xp.log(xp.cosh(prediction - target)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _LABELS), "large": (8.0 * _PREDICTION, _LABELS)},
    argnums=0,
    tags=["losses", "scalar"],
    source=_TORCH + "BCEWithLogitsLoss",
    gradient=lambda z, y: ((expit(z) - y) / 4, None),
)
def binary_cross_entropy(xp: Any, logits: Any, labels: Any) -> Any:
    """Binary cross-entropy of logits, in the form that does not overflow."""
    return xp.mean(xp.maximum(logits, 0.0) - logits * labels + xp.log1p(xp.exp(-xp.abs(logits))))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_LOGITS, _ONE_HOT), "large": (800.0 + _LOGITS, _ONE_HOT)},
    argnums=0,
    tags=["losses", "scalar", "matrix"],
    source=_BISHOP + "4.3.4",
    gradient=lambda z, y: ((softmax(z, axis=1) - y) / 2, None),
)
def cross_entropy(xp: Any, logits: Any, targets: Any) -> Any:
    """Cross-entropy of softmax with one-hot targets."""
    return -xp.mean(xp.sum(targets * xp.special.log_softmax(logits, axis=1), axis=1))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.5, -1.2, 0.3]), np.array([[1.0, 0.5, -1.0], [0.2, 1.5, 0.4], [-0.6, 0.1, 2.0]]))
    },
    argnums=0,
    tags=["losses", "scalar"],
    source="Cortes & Vapnik (1995), Machine Learning 20, 273-297",
    gradient=lambda w, x: (w - np.array([1.0, -1.0, 1.0]) * (np.array([1.0, -1.0, 1.0]) * (x @ w) < 1) @ x, None),
)
def hinge(xp: Any, w: Any, x: Any) -> Any:
    """Hinge loss of a linear classifier with a quadratic penalty."""
    margins = xp.asarray([1.0, -1.0, 1.0]) * xp.matmul(x, w)
    return 0.5 * xp.sum(w**2) + xp.sum(xp.maximum(0.0, 1.0 - margins))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.2, 0.4, -2.0]),)},
    tags=["losses", "scalar"],
    source="Hastie, Tibshirani & Friedman (2009), Elements of Statistical Learning, Springer, section 10.6",
    gradient=lambda s: -2 * np.array([1.0, -1.0, -1.0, 1.0]) * np.maximum(0, 1 - np.array([1.0, -1.0, -1.0, 1.0]) * s),
)
def squared_hinge(xp: Any, scores: Any) -> Any:
    """Squared hinge loss of four scores."""
    return xp.sum(xp.maximum(0.0, 1.0 - xp.asarray([1.0, -1.0, -1.0, 1.0]) * scores) ** 2)


def _focal_gradient(logits: Array) -> Any:
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    p = expit(signs * logits)
    return signs * (1 - p) ** 2 * (2 * p * np.log(p) - (1 - p))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION,)},
    tags=["losses", "scalar"],
    source="Lin, Goyal, Girshick, He & Dollár (2017), Focal Loss for Dense Object Detection, arXiv:1708.02002",
    gradient=_focal_gradient,
)
def focal_loss(xp: Any, logits: Any) -> Any:
    """Focal loss with gamma = 2."""
    p = xp.special.expit(xp.asarray([1.0, -1.0, 1.0, -1.0]) * logits)
    return -xp.sum((1.0 - p) ** 2 * xp.log(p))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.2, 0.5, 0.3]), np.array([0.4, 0.25, 0.35]))},
    operators=["gradient", "hessian", "hvp"],
    tags=["losses", "scalar"],
    source="Kullback & Leibler (1951), Ann. Math. Statist. 22, 79-86",
    gradient=lambda p, q: (np.log(p / q) + 1, -p / q),
)
def kullback_leibler(xp: Any, p: Any, q: Any) -> Any:
    """Divergence of two discrete distributions."""
    return xp.sum(xp.special.xlogy(p, p) - xp.special.xlogy(p, q))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, np.array([2.0, 0.0, 7.0, 1.0]))},
    argnums=0,
    tags=["losses", "scalar"],
    source=_TORCH + "PoissonNLLLoss",
    gradient=lambda rate, count: (np.exp(rate) - count, None),
)
def poisson_loss(xp: Any, log_rate: Any, count: Any) -> Any:
    """Negative log likelihood of counts, up to a constant."""
    return xp.sum(xp.exp(log_rate) - count * log_rate)


def _cosine_gradient(x: Array, y: Array) -> Any:
    a, b = np.linalg.norm(x), np.linalg.norm(y)
    cosine = x @ y / (a * b)
    return cosine * x / a**2 - y / (a * b), cosine * y / b**2 - x / (a * b)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source=_TORCH + "CosineEmbeddingLoss",
    gradient=_cosine_gradient,
)
def cosine_distance(xp: Any, x: Any, y: Any) -> Any:
    """One less the cosine of an angle."""
    return 1.0 - xp.sum(x * y) / (xp.sqrt(xp.sum(x**2)) * xp.sqrt(xp.sum(y**2)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0]), np.array([0.9, -0.3]), np.array([1.1, -1.4]))},
    tags=["losses", "scalar"],
    source="Schroff, Kalenichenko & Philbin (2015), FaceNet, arXiv:1503.03832",
    gradient=lambda a, p, n: (2 * (n - p), 2 * (p - a), 2 * (a - n)),
)
def triplet_loss(xp: Any, anchor: Any, positive: Any, negative: Any) -> Any:
    """Triplet loss with margin 0.2 of squared distances, active."""
    near, far = xp.sum((anchor - positive) ** 2), xp.sum((anchor - negative) ** 2)
    return xp.maximum(near - far + 0.2, 0.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source="Koenker & Bassett (1978), Econometrica 46, 33-50",
    gradient=lambda q, y: (
        np.array([1.0, 2.0, 3.0, 4.0]) * np.where(y > q, -0.9, 0.1),
        np.array([1.0, 2.0, 3.0, 4.0]) * np.where(y > q, 0.9, -0.1),
    ),
)
def quantile_loss(xp: Any, quantile: Any, target: Any) -> Any:
    """Weighted check loss of the 0.9 quantile."""
    error = target - quantile
    return xp.sum(xp.arange(1.0, 5.0) * xp.maximum(0.9 * error, -0.1 * error))


def _dice_gradient(p: Array, t: Array) -> Any:
    top, bottom = 2 * np.sum(p * t) + 1, np.sum(p) + np.sum(t) + 1
    return top / bottom**2 - 2 * t / bottom, None


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.8, 0.3], [0.1, 0.6]]), np.array([[1.0, 0.0], [0.0, 1.0]]))},
    argnums=0,
    tags=["losses", "scalar", "matrix"],
    source="Sudre, Li, Vercauteren, Ourselin & Cardoso (2017), Generalised Dice overlap, arXiv:1707.03237",
    gradient=_dice_gradient,
)
def dice_loss(xp: Any, mask: Any, truth: Any) -> Any:
    """Soft Dice loss with smoothing 1."""
    return 1.0 - (2.0 * xp.sum(mask * truth) + 1.0) / (xp.sum(mask) + xp.sum(truth) + 1.0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, np.array([0.5, 1.2, 0.3, 2.0]))},
    tags=["losses", "scalar"],
    source="Nix & Weigend (1994), IEEE International Conference on Neural Networks 1, 55-60",
    gradient=lambda m, v: ((m - _TARGET) / v, 0.5 * (1 / v - (m - _TARGET) ** 2 / v**2)),
)
def gaussian_loss(xp: Any, mean: Any, variance: Any) -> Any:
    """Negative log likelihood of fixed targets under predicted means and variances, up to a constant."""
    return 0.5 * xp.sum(xp.log(variance) + (xp.asarray(_TARGET) - mean) ** 2 / variance)
