"""Loss functions of predictions and targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, expit, softmax

import gradcheck
from gradcheck.functions import Array

_TORCH = "PyTorch documentation, torch.nn."
_BISHOP = "Bishop (2006), Pattern Recognition and Machine Learning, Springer, section "

_PREDICTION = np.array([0.8, -1.5, 2.2, 0.4])
_TARGET = np.array([1.0, 0.9, -0.7, 0.1])
_LABELS = np.array([1.0, 0.0, 0.0, 1.0])
_LOGITS = np.array([[1.2, -0.4, 0.3], [0.1, 2.0, -1.5]])
_ONE_HOT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
_MASK, _TRUTH = np.array([[0.8, 0.3], [0.1, 0.6]]), np.array([[1.0, 0.0], [0.0, 1.0]])

_SMOOTH = ["gradient", "hvp"]


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    operators=_SMOOTH,
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
    operators=_SMOOTH,
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
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Saleh & Saleh (2022), Statistical Properties of the log-cosh Loss Function, arXiv:2208.04564",
    gradient=lambda p, t: (np.tanh(p - t), np.tanh(t - p)),
)
def log_cosh(xp: Any, prediction: Any, target: Any) -> Any:
    """Sum of logarithms of hyperbolic cosines of errors."""
    return xp.sum(xp.log(xp.cosh(prediction - target)))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_PREDICTION, _LABELS),
        "large": (8.0 * _PREDICTION, _LABELS),
        "saturated": (300.0 * _PREDICTION, _LABELS),
    },
    operators=_SMOOTH,
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
    operators=_SMOOTH,
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
    operators=_SMOOTH,
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
    operators=_SMOOTH,
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
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Kullback & Leibler (1951), Ann. Math. Statist. 22, 79-86",
    gradient=lambda p, q: (np.log(p / q) + 1, -p / q),
)
def kullback_leibler(xp: Any, p: Any, q: Any) -> Any:
    """Divergence of two discrete distributions."""
    return xp.sum(xp.special.xlogy(p, p) - xp.special.xlogy(p, q))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, np.array([2.0, 0.0, 7.0, 1.0]))},
    operators=_SMOOTH,
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
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source=_TORCH + "CosineEmbeddingLoss",
    gradient=_cosine_gradient,
)
def cosine_distance(xp: Any, x: Any, y: Any) -> Any:
    """One less the cosine of an angle."""
    return 1.0 - xp.sum(x * y) / (xp.sqrt(xp.sum(x**2)) * xp.sqrt(xp.sum(y**2)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.5, -1.0]), np.array([0.9, -0.3]), np.array([1.1, -1.4]))},
    operators=_SMOOTH,
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
    inputs=lambda rng: {"ordinary": (_MASK, _TRUTH)},
    operators=_SMOOTH,
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
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Nix & Weigend (1994), IEEE International Conference on Neural Networks 1, 55-60",
    gradient=lambda m, v: ((m - _TARGET) / v, 0.5 * (1 / v - (m - _TARGET) ** 2 / v**2)),
)
def gaussian_loss(xp: Any, mean: Any, variance: Any) -> Any:
    """Negative log likelihood of fixed targets under predicted means and variances, up to a constant."""
    return 0.5 * xp.sum(xp.log(variance) + (xp.asarray(_TARGET) - mean) ** 2 / variance)


def _smoothed(targets: Array) -> Any:
    return 0.9 * targets + 0.1 / 3


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_LOGITS, _ONE_HOT),
        "confident": (20.0 * _LOGITS, _ONE_HOT),
        "offset": (800.0 + _LOGITS, _ONE_HOT),
    },
    operators=_SMOOTH,
    argnums=0,
    tags=["losses", "scalar", "matrix"],
    source="Szegedy, Vanhoucke, Ioffe, Shlens & Wojna (2016), Rethinking the Inception Architecture, arXiv:1512.00567",
    gradient=lambda z, y: ((softmax(z, axis=1) - _smoothed(y)) / 2, None),
)
def label_smoothing(xp: Any, logits: Any, targets: Any) -> Any:
    """Cross-entropy with a tenth of each target spread over all classes."""
    soft = 0.9 * targets + 0.1 / 3.0
    return xp.mean(xp.special.logsumexp(logits, axis=1) - xp.sum(soft * logits, axis=1))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_PREDICTION, np.array([0.5, 2.0, 1.5, 3.0])),
        "saturated": (np.array([-800.0, 800.0, 40.0, 0.4]), np.array([0.5, 2.0, 1.5, 3.0])),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar", "parameters"],
    source=_TORCH + "BCEWithLogitsLoss",
    gradient=lambda z, w: (
        _LABELS * -w * expit(-z) + (1 - _LABELS) * expit(z),
        _LABELS * np.logaddexp(0, -z),
    ),
)
def binary_cross_entropy_with_weights(xp: Any, logits: Any, positive_weight: Any) -> Any:
    """Binary cross-entropy of logits whose positive terms are weighted."""
    labels = xp.asarray(_LABELS)
    positive = labels * positive_weight * xp.logaddexp(0.0, -logits)
    return xp.sum(positive + (1.0 - labels) * xp.logaddexp(0.0, logits))


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.7, 0.2, 0.9, 0.4]), np.array([1.0, 0.0, 0.3, 0.8])),
        "near the edges": (np.array([0.02, 0.03, 0.98, 0.96]), np.array([1.0, 0.0, 0.3, 0.8])),
    },
    operators=_SMOOTH,
    domain={"p": (0.0, 1.0)},
    tags=["losses", "scalar"],
    source=_TORCH + "BCELoss",
    gradient=lambda p, y: ((p - y) / (p * (1 - p)), np.log1p(-p) - np.log(p)),
)
def binary_cross_entropy_of_probabilities(xp: Any, p: Any, y: Any) -> Any:
    """Binary cross-entropy of probabilities with soft targets that are differentiated too."""
    return -xp.sum(y * xp.log(p) + (1.0 - y) * xp.log1p(-p))


_CLASSES = np.array([2, 0, 1, 2])


def _class_weighted_gradient(log_p: Array, weights: Array) -> Any:
    rows = np.arange(4)
    chosen = weights[_CLASSES]
    in_p, in_weights = np.zeros_like(log_p), np.zeros_like(weights)
    in_p[rows, _CLASSES] = -chosen / chosen.sum()
    mean = np.sum(-chosen * log_p[rows, _CLASSES]) / chosen.sum()
    np.add.at(in_weights, _CLASSES, (-log_p[rows, _CLASSES] - mean) / chosen.sum())
    return in_p, in_weights


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[-1.2, -0.4, -2.3], [-0.1, -2.0, -1.5], [-0.6, -1.1, -0.9], [-3.0, -0.2, -1.7]]),
            np.array([0.5, 2.0, 1.5]),
        )
    },
    operators=["gradient", "hvp"],
    tags=["losses", "scalar", "matrix", "parameters"],
    source=_TORCH + "NLLLoss",
    gradient=_class_weighted_gradient,
)
def negative_log_likelihood(xp: Any, log_p: Any, weights: Any) -> Any:
    """Mean of gathered log-probabilities, weighted by the weights of their classes."""
    classes = xp.asarray(_CLASSES, dtype=int)
    chosen = xp.take(weights, classes, axis=0)
    gathered = xp.take_along_axis(log_p, xp.expand_dims(classes, 1), axis=1)
    return -xp.sum(chosen * gathered[:, 0]) / xp.sum(chosen)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([-1.2, -0.9, -1.1]), np.array([-0.5, -1.6, -2.3])),
        "far apart": (np.array([-40.0, -0.5, -30.0]), np.array([-0.1, -35.0, -3.0])),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source=_TORCH + "KLDivLoss",
    gradient=lambda log_q, log_p: (-np.exp(log_p), np.exp(log_p) * (log_p - log_q + 1)),
)
def kullback_leibler_of_logarithms(xp: Any, log_q: Any, log_p: Any) -> Any:
    """Divergence of two distributions given by their logarithms."""
    return xp.sum(xp.exp(log_p) * (log_p - log_q))


_SIGNS = np.array([1.0, -1.0, -1.0, 1.0])


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, 0.3, 2.2, -1.4]), 1.1)},
    tags=["losses", "scalar"],
    source=_TORCH + "HingeEmbeddingLoss",
    gradient=lambda x, margin: (
        np.where(_SIGNS > 0, 1.0, -1.0 * (x < margin)),
        np.sum((_SIGNS < 0) & (x < margin)),
    ),
)
def hinge_embedding(xp: Any, x: Any, margin: Any) -> Any:
    """Distances of similar pairs, and what dissimilar pairs lack of a margin."""
    return xp.sum(xp.where(xp.asarray(_SIGNS) > 0.0, x, xp.maximum(0.0, margin - x)))


def _margin_ranking_gradient(first: Array, second: Array) -> Any:
    active = -_SIGNS * np.arange(1.0, 5.0) * (0.5 - _SIGNS * (first - second) > 0)
    return active, -active


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET)},
    tags=["losses", "scalar"],
    source=_TORCH + "MarginRankingLoss",
    gradient=_margin_ranking_gradient,
)
def margin_ranking(xp: Any, first: Any, second: Any) -> Any:
    """What pairs lack of being ranked with margin 0.5, weighted."""
    return xp.sum(xp.arange(1.0, 5.0) * xp.maximum(0.0, 0.5 - xp.asarray(_SIGNS) * (first - second)))


def _multi_margin_gradient(scores: Array) -> Any:
    own = np.array([[2], [1]])
    lack = np.maximum(1 - np.take_along_axis(scores, own, 1) + scores, 0)
    slope = 2 * lack / scores.shape[1]
    np.put_along_axis(slope, own, 0.0, 1)
    np.put_along_axis(slope, own, -slope.sum(axis=1, keepdims=True), 1)
    return slope


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_LOGITS,)},
    operators=_SMOOTH,
    tags=["losses", "scalar", "matrix"],
    source=_TORCH + "MultiMarginLoss",
    gradient=_multi_margin_gradient,
)
def multi_margin(xp: Any, scores: Any) -> Any:
    """Squared lack of margin of the right class over each other one."""
    own = xp.take_along_axis(scores, xp.asarray([[2], [1]], dtype=int), axis=1)
    lack = xp.maximum(1.0 - own + scores, 0.0) ** 2
    return xp.sum((xp.sum(lack, axis=1) - 1.0) / 3.0)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_PREDICTION,),
        "saturated": (np.array([-800.0, 800.0, -40.0, 0.4]),),
        "near zero": (np.array([0.02, -0.03, 0.05, -0.01]),),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source=_TORCH + "SoftMarginLoss",
    gradient=lambda x: -_SIGNS * expit(-_SIGNS * x) / 4,
)
def soft_margin(xp: Any, x: Any) -> Any:
    """Logistic loss of scores with labels 1 and -1."""
    return xp.mean(xp.logaddexp(0.0, -xp.asarray(_SIGNS) * x))


def _cosine_embedding_gradient(x: Array, y: Array) -> Any:
    a, b = np.linalg.norm(x, axis=1, keepdims=True), np.linalg.norm(y, axis=1, keepdims=True)
    cosine = np.sum(x * y, axis=1, keepdims=True) / (a * b)
    up = np.array([[-1.0], [1.0], [1.0]]) * ((np.arange(3) < 1)[:, None] | (cosine > 0.1))
    return up * (y / (a * b) - cosine * x / a**2), up * (x / (a * b) - cosine * y / b**2)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [1.2, 0.3], [0.4, 2.0]]),
            np.array([[0.7, 0.9], [0.8, -0.1], [1.5, -0.6]]),
        )
    },
    operators=_SMOOTH,
    tags=["losses", "scalar", "matrix"],
    source=_TORCH + "CosineEmbeddingLoss",
    gradient=_cosine_embedding_gradient,
)
def cosine_embedding(xp: Any, x: Any, y: Any) -> Any:
    """A similar pair of rows and two dissimilar ones, one of which is beyond the margin."""
    norms = xp.sqrt(xp.sum(x**2, axis=1) * xp.sum(y**2, axis=1))
    cosine = xp.sum(x * y, axis=1) / norms
    return xp.sum(xp.where(xp.asarray([1.0, -1.0, -1.0]) > 0.0, 1.0 - cosine, xp.maximum(0.0, cosine - 0.1)))


_PARTNERS = np.array([[0.0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])


def _nt_xent_gradient(z: Array, temperature: Array) -> Any:
    norms = np.linalg.norm(z, axis=1, keepdims=True)
    unit = z / norms
    scores = unit @ unit.T / temperature
    rival = softmax(np.where(np.eye(4) > 0, -np.inf, scores), axis=1)
    back = (rival - _PARTNERS) / 4
    up = (back + back.T) @ unit / temperature
    in_z = (up - unit * np.sum(up * unit, axis=1, keepdims=True)) / norms
    return in_z, -np.sum(back * scores) / temperature


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([[0.5, -1.0], [1.2, 0.3], [0.7, -0.6], [0.4, 2.0]]), 0.5),
        "cold": (np.array([[0.5, -1.0], [1.2, 0.3], [0.7, -0.6], [0.4, 2.0]]), 0.07),
    },
    operators=["gradient"],
    tags=["losses", "scalar", "matrix", "parameters"],
    source="Chen, Kornblith, Norouzi & Hinton (2020), A Simple Framework for Contrastive Learning, arXiv:2002.05709",
    gradient=_nt_xent_gradient,
)
def nt_xent(xp: Any, z: Any, temperature: Any) -> Any:
    """Contrastive loss of four normalised embeddings, none of which is its own rival."""
    unit = z / xp.sqrt(xp.sum(z**2, axis=1, keepdims=True))
    scores = unit @ xp.transpose(unit) / temperature
    rivals = xp.where(xp.eye(4) > 0.0, -1e9, scores)
    return xp.mean(xp.special.logsumexp(rivals, axis=1) - xp.sum(xp.asarray(_PARTNERS) * scores, axis=1))


def _tversky_gradient(mask: Array, weights: Array) -> Any:
    hit, false, missed = np.sum(mask * _TRUTH), np.sum(mask * (1 - _TRUTH)), np.sum((1 - mask) * _TRUTH)
    bottom = hit + weights @ np.array([false, missed])
    slope = _TRUTH * (bottom - hit * (1 - weights[1])) - hit * weights[0] * (1 - _TRUTH)
    return -slope / bottom**2, hit * np.array([false, missed]) / bottom**2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_MASK, np.array([0.3, 0.7])), "jaccard": (_MASK, np.array([1.0, 1.0]))},
    operators=_SMOOTH,
    tags=["losses", "scalar", "matrix", "parameters"],
    source="Salehi, Erdogmus & Gholipour (2017), Tversky loss function, arXiv:1706.05721",
    gradient=_tversky_gradient,
)
def tversky_loss(xp: Any, mask: Any, weights: Any) -> Any:
    """Soft overlap whose false and missed parts are weighted; weights of 1 give Jaccard's index."""
    truth = xp.asarray(_TRUTH)
    hit = xp.sum(mask * truth)
    return 1.0 - hit / (hit + weights[0] * xp.sum(mask * (1.0 - truth)) + weights[1] * xp.sum((1.0 - mask) * truth))


def _generalised_iou_gradient(box: Array, other: Array) -> Any:
    (left, top, right, bottom), (l2, t2, r2, b2) = box, other
    width, height = min(right, r2) - max(left, l2), min(bottom, b2) - max(top, t2)
    wide, high = max(right, r2) - min(left, l2), max(bottom, b2) - min(top, t2)
    shared, hull = width * height, wide * high
    union = (right - left) * (bottom - top) + (r2 - l2) * (b2 - t2) - shared

    def slope(own: Array, them: Array) -> Any:
        d_width = np.array([-1.0 * (own[0] > them[0]), 0, own[2] < them[2], 0])
        d_height = np.array([0, -1.0 * (own[1] > them[1]), 0, own[3] < them[3]])
        d_wide = np.array([-1.0 * (own[0] < them[0]), 0, own[2] > them[2], 0])
        d_high = np.array([0, -1.0 * (own[1] < them[1]), 0, own[3] > them[3]])
        d_area = np.array([own[1] - own[3], own[0] - own[2], own[3] - own[1], own[2] - own[0]])
        d_shared = d_width * height + d_height * width
        d_union = d_area - d_shared
        d_hull = d_wide * high + d_high * wide
        return -d_shared / union + shared * d_union / union**2 - d_union / hull + union * d_hull / hull**2

    return slope(box, other), slope(other, box)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.3, 0.2, 1.9, 1.4]), np.array([0.8, -0.5, 2.5, 1.1]))},
    operators=["gradient"],
    tags=["losses", "scalar"],
    source="Rezatofighi, Tsoi, Gwak, Sadeghian, Reid & Savarese (2019), Generalized IoU, arXiv:1902.09630",
    gradient=_generalised_iou_gradient,
)
def generalised_iou_loss(xp: Any, box: Any, other: Any) -> Any:
    """One less the generalised overlap of two boxes, given by two corners each."""
    inside = xp.maximum(xp.minimum(box[2:], other[2:]) - xp.maximum(box[:2], other[:2]), 0.0)
    around = xp.maximum(box[2:], other[2:]) - xp.minimum(box[:2], other[:2])
    shared, hull = xp.prod(inside), xp.prod(around)
    union = xp.prod(box[2:] - box[:2]) + xp.prod(other[2:] - other[:2]) - shared
    return 1.0 - shared / union + (hull - union) / hull


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, -1.5, 6.2, -9.4]),)},
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Feng, Kittler, Awais, Huber & Wu (2018), Wing Loss for Facial Landmark Localisation, arXiv:1711.06753",
    gradient=lambda e: np.sign(e) * np.where(np.abs(e) < 5, 5 / (0.5 + np.abs(e)), 1.0),
)
def wing_loss(xp: Any, error: Any) -> Any:
    """Logarithmic for errors below 5, linear above."""
    size = xp.abs(error)
    return xp.sum(xp.where(size < 5.0, 5.0 * xp.log1p(size / 0.5), size - 5.0 + 5.0 * float(np.log1p(10.0))))


def _charbonnier_gradient(x: Array, y: Array, width: Array) -> Any:
    root = np.sqrt((x - y) ** 2 + width**2)
    return (x - y) / root, (y - x) / root, np.sum(width / root)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_PREDICTION, _TARGET, 0.3),
        "no error": (_PREDICTION, _PREDICTION + np.array([0.0, 0.02, -0.03, 0.05]), 0.3),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar", "parameters"],
    source="Charbonnier, Blanc-Féraud, Aubert & Barlaud (1994), Proceedings of ICIP 2, 168-172",
    gradient=_charbonnier_gradient,
)
def charbonnier(xp: Any, prediction: Any, target: Any, width: Any) -> Any:
    """Smooth absolute error, a square root that the width keeps from its pole."""
    return xp.sum(xp.sqrt((prediction - target) ** 2 + width**2))


def _smooth_l1_gradient(x: Array, y: Array, beta: Array) -> Any:
    error = x - y
    inside = np.abs(error) < beta
    slope = np.where(inside, error / beta, np.sign(error)) / 4
    return slope, -slope, np.mean(np.where(inside, -(error**2) / (2 * beta**2), -0.5))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET, 1.5)},
    operators=_SMOOTH,
    tags=["losses", "scalar", "parameters"],
    source="Girshick (2015), Fast R-CNN, arXiv:1504.08083",
    gradient=_smooth_l1_gradient,
)
def smooth_l1(xp: Any, prediction: Any, target: Any, beta: Any) -> Any:
    """Mean of Huber's losses over their threshold, which is differentiated too."""
    error = xp.abs(prediction - target)
    return xp.mean(xp.where(error < beta, 0.5 * error**2 / beta, error - 0.5 * beta))


def _stirling_gradient(rate: Array, count: Array) -> Any:
    many = count > 1
    return 1 - count / rate, -np.log(rate) + many * (np.log(np.where(many, count, 1)) + 1 / (2 * np.maximum(count, 1)))


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, 3.5, 2.2, 0.4]), np.array([0.0, 2.5, 7.0, 0.6]))},
    operators=_SMOOTH,
    domain={"rate": (0.0, np.inf)},
    tags=["losses", "scalar"],
    source=_TORCH + "PoissonNLLLoss",
    gradient=_stirling_gradient,
)
def poisson_loss_with_stirling(xp: Any, rate: Any, count: Any) -> Any:
    """Negative log likelihood of counts, their factorials by Stirling's formula where they are above 1."""
    many = xp.where(count > 1.0, count, 1.0)
    factorial = many * xp.log(many) - many + 0.5 * xp.log(2.0 * xp.pi * many)
    return xp.sum(rate - count * xp.log(rate) + xp.where(count > 1.0, factorial, 0.0))


def _list_net_gradient(scores: Array, relevance: Array) -> Any:
    p, q = softmax(relevance), softmax(scores)
    back = np.log(q)
    return q - p, -p * (back - p @ back)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (_PREDICTION, _TARGET), "offset": (500.0 + _PREDICTION, _TARGET - 500.0)},
    operators=["gradient"],
    tags=["losses", "scalar"],
    source="Cao, Qin, Liu, Tsai & Li (2007), Learning to Rank, Proceedings of ICML 24, 129-136",
    gradient=_list_net_gradient,
)
def list_net(xp: Any, scores: Any, relevance: Any) -> Any:
    """Cross-entropy of two softmaxes, both differentiated."""
    return -xp.sum(xp.special.softmax(relevance, axis=0) * xp.special.log_softmax(scores, axis=0))


def _list_mle_gradient(scores: Array) -> Any:
    slope = np.zeros(5)
    for k in range(5):
        slope[k:] += softmax(scores[k:])
    return slope - 1


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([0.8, -0.5, 1.2, 0.4, -1.1]),),
        "far apart": (np.array([80.0, -50.0, 12.0, 4.0, -710.0]),),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Xia, Liu, Wang, Zhang & Li (2008), Listwise Approach to Learning to Rank, Proc. ICML 25, 1192-1199",
    gradient=_list_mle_gradient,
)
def list_mle(xp: Any, scores: Any) -> Any:
    """Negative log likelihood of an order under Plackett and Luce's model, by its suffixes."""
    total = -xp.sum(scores)
    for k in range(5):
        total = total + xp.special.logsumexp(scores[k:], axis=0)
    return total


def _gradient_penalty_gradient(weights: dict[str, Array]) -> Any:
    x = np.array([0.7, -0.4])
    w, v = weights["w"], weights["v"]
    hidden = np.tanh(w @ x)
    slope = 1 - hidden**2
    steep = (v * slope) @ w
    norm = np.linalg.norm(steep)
    up = 20 * (norm - 1) * steep / norm
    through = w @ up
    in_hidden = v - 2 * hidden * v * through
    return {"v": hidden + slope * through, "w": np.outer(v * slope, up) + np.outer(in_hidden * slope, x)}


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": ({"w": np.array([[0.2, -0.7], [1.3, 0.4], [-0.5, 0.9]]), "v": np.array([0.6, -0.8, 1.1])},)
    },
    operators=_SMOOTH,
    tags=["losses", "scalar", "parameters"],
    source="Gulrajani, Ahmed, Arjovsky, Dumoulin & Courville (2017), Training of Wasserstein GANs, arXiv:1704.00028",
    gradient=_gradient_penalty_gradient,
)
def gradient_penalty(xp: Any, weights: Any) -> Any:
    """A critic's score and a penalty on the norm of its own gradient, which is written out."""
    hidden = xp.tanh(xp.matmul(weights["w"], xp.asarray([0.7, -0.4])))
    steep = xp.matmul(weights["v"] * (1.0 - hidden**2), weights["w"])
    return xp.sum(weights["v"] * hidden) + 10.0 * (xp.sqrt(xp.sum(steep**2)) - 1.0) ** 2


def _evidential_gradient(gamma: Array, nu: Array, alpha: Array, beta: Array) -> Any:
    error = 1.4 - gamma
    omega = 2 * beta * (1 + nu)
    bottom = nu * error**2 + omega
    in_gamma = -(alpha + 0.5) * 2 * nu * error / bottom
    in_nu = -0.5 / nu - alpha / (1 + nu) + (alpha + 0.5) * (error**2 + 2 * beta) / bottom
    in_alpha = -np.log(omega) + np.log(bottom) + digamma(alpha) - digamma(alpha + 0.5)
    in_beta = -alpha / beta + (alpha + 0.5) * 2 * (1 + nu) / bottom
    return in_gamma, in_nu, in_alpha, in_beta


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (0.6, 1.3, 2.2, 0.8), "much evidence": (0.6, 30.0, 150.0, 0.8)},
    operators=_SMOOTH,
    domain={"nu": (0.0, np.inf), "alpha": (0.0, np.inf), "beta": (0.0, np.inf)},
    tags=["losses", "scalar", "parameters"],
    source="Amini, Schwarting, Soleimany & Rus (2020), Deep Evidential Regression, arXiv:1910.02600",
    gradient=_evidential_gradient,
)
def evidential_regression(xp: Any, gamma: Any, nu: Any, alpha: Any, beta: Any) -> Any:
    """Negative log likelihood of the target 1.4 under a normal-inverse-gamma prior."""
    omega = 2.0 * beta * (1.0 + nu)
    loss = 0.5 * xp.log(xp.pi / nu) - alpha * xp.log(omega)
    loss = loss + (alpha + 0.5) * xp.log(nu * (1.4 - gamma) ** 2 + omega)
    return loss + xp.special.gammaln(alpha) - xp.special.gammaln(alpha + 0.5)


def _additive_angle_gradient(cosines: Array) -> Any:
    own = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    angles = np.arccos(cosines)
    scores = 8 * np.where(own > 0, np.cos(angles + 0.5), cosines)
    bend = np.where(own > 0, np.sin(angles + 0.5) / np.sin(angles), 1.0)
    return 8 * bend * (softmax(scores, axis=1) - own) / 2


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([[0.3, -0.4, 0.7], [0.1, 0.5, -0.8]]),)},
    operators=_SMOOTH,
    domain={"cosines": (-1.0, 1.0)},
    tags=["losses", "scalar", "matrix"],
    source="Deng, Guo, Xue & Zafeiriou (2019), ArcFace, arXiv:1801.07698",
    gradient=_additive_angle_gradient,
)
def additive_angular_margin(xp: Any, cosines: Any) -> Any:
    """Cross-entropy of scaled cosines, the angle to the right class widened by half a radian."""
    own = xp.asarray(_ONE_HOT)
    widened = xp.cos(xp.arccos(cosines) + 0.5)
    log_p = xp.special.log_softmax(8.0 * xp.where(own > 0.0, widened, cosines), axis=1)
    return -xp.mean(xp.sum(own * log_p, axis=1))


def _general_robust_gradient(error: Array, alpha: Array, scale: Array) -> Any:
    b = np.abs(alpha - 2)
    z = (error / scale) ** 2
    base = z / b + 1
    power = base ** (alpha / 2 - 1)
    in_error = error / scale**2 * power
    side = np.sign(alpha - 2)
    front = b / alpha * base ** (alpha / 2)
    in_alpha = (side / alpha - b / alpha**2) * (base ** (alpha / 2) - 1)
    in_alpha = in_alpha + front * (np.log(base) / 2 - alpha / 2 * side * z / b**2 / base)
    return in_error, np.sum(in_alpha), -np.sum(error * in_error) / scale


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (_PREDICTION, 1.2, 0.8),
        "heavy tails": (_PREDICTION, -2.0, 0.8),
        "beyond the square": (_PREDICTION, 3.5, 0.8),
        "outliers": (40.0 * _PREDICTION, 1.2, 0.8),
    },
    operators=["gradient"],
    tags=["losses", "scalar", "parameters"],
    source="Barron (2019), A General and Adaptive Robust Loss Function, arXiv:1701.03077",
    gradient=_general_robust_gradient,
)
def general_robust_loss(xp: Any, error: Any, alpha: Any, scale: Any) -> Any:
    """Barron's family of robust losses, with its shape and scale."""
    b = xp.abs(alpha - 2.0)
    return xp.sum(b / alpha * (((error / scale) ** 2 / b + 1.0) ** (alpha / 2.0) - 1.0))


def _clipped_surrogate_gradient(log_ratio: Array) -> Any:
    advantage = np.array([1.5, -0.7, 0.4, -2.0, 0.9])
    ratio = np.exp(log_ratio)
    followed = ratio * advantage <= np.clip(ratio, 0.8, 1.2) * advantage
    return -advantage * ratio * followed / 5


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.1, -0.5, 0.6, 0.4, -0.3]),)},
    operators=_SMOOTH,
    tags=["losses", "scalar"],
    source="Schulman, Wolski, Dhariwal, Radford & Klimov (2017), Proximal Policy Optimization, arXiv:1707.06347",
    gradient=_clipped_surrogate_gradient,
)
def clipped_surrogate(xp: Any, log_ratio: Any) -> Any:
    """Policy objective that stops where a ratio has left its interval on the profitable side."""
    advantage, ratio = xp.asarray([1.5, -0.7, 0.4, -2.0, 0.9]), xp.exp(log_ratio)
    return -xp.mean(xp.minimum(ratio * advantage, xp.clip(ratio, 0.8, 1.2) * advantage))


def _preference_gradient(chosen: Array, rejected: Array, beta: Array) -> Any:
    gap = chosen - rejected - np.array([0.3, -0.2, 0.1])
    slope = -expit(-beta * gap)
    return slope * beta, -slope * beta, np.sum(slope * gap)


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (np.array([-1.2, -0.4, -2.3]), np.array([-0.9, -1.6, -1.1]), 0.5),
        "saturated": (np.array([-900.0, -0.4, -20.3]), np.array([-0.9, -900.0, -1.1]), 1.0),
    },
    operators=_SMOOTH,
    tags=["losses", "scalar", "parameters"],
    source="Rafailov, Sharma, Mitchell, Ermon, Manning & Finn (2023), Direct Preference Optimization, arXiv:2305.18290",
    gradient=_preference_gradient,
)
def direct_preference(xp: Any, chosen: Any, rejected: Any, beta: Any) -> Any:
    """Loss of log-probabilities of preferred and rejected answers beside fixed ones of a reference."""
    return xp.sum(xp.logaddexp(0.0, -beta * (chosen - rejected - xp.asarray([0.3, -0.2, 0.1]))))


def _lovasz_gradient(scores: Array) -> Any:
    signs = 2 * _LABELS - 1
    errors = 1 - scores * signs
    order = np.argsort(-errors)
    truth = _LABELS[order]
    index = 1 - (truth.sum() - np.cumsum(truth)) / (truth.sum() + np.cumsum(1 - truth))
    slope = np.zeros(4)
    slope[order] = np.diff(index, prepend=0.0)
    return -signs * slope * (errors > 0)


@gradcheck.case(
    inputs=lambda rng: {"ordinary": (np.array([0.8, -1.5, 0.6, -0.4]),)},
    tags=["losses", "scalar"],
    source="Berman, Rannen Triki & Blaschko (2018), The Lovász-Softmax loss, arXiv:1705.08790",
    gradient=_lovasz_gradient,
)
def lovasz_hinge(xp: Any, scores: Any) -> Any:
    """Lovász extension of Jaccard's loss: hinges sorted, weighted by what each adds."""
    labels = xp.asarray(_LABELS)
    errors = 1.0 - scores * (2.0 * labels - 1.0)
    order = xp.flip(xp.argsort(errors, axis=0), axis=0)
    truth = xp.take(labels, order, axis=0)
    index = 1.0 - (2.0 - xp.cumsum(truth, axis=0)) / (2.0 + xp.cumsum(1.0 - truth, axis=0))
    added = index - xp.concatenate([xp.zeros(1), index[:-1]], axis=0)
    return xp.sum(xp.maximum(xp.take(errors, order, axis=0), 0.0) * added)


def _decorrelation_gradient(left: Array, right: Array) -> Any:
    centred = [z - z.mean(axis=0) for z in (left, right)]
    spread = [np.sqrt(np.mean(c**2, axis=0)) for c in centred]
    a, b = (c / s for c, s in zip(centred, spread, strict=True))
    correlation = a.T @ b / len(a)
    up = np.where(np.eye(2) > 0, -2 * (1 - correlation), 0.1 * correlation) / len(a)

    def back(slope: Array, unit: Array, scale: Array) -> Any:
        return (slope - slope.mean(axis=0) - unit * np.mean(slope * unit, axis=0)) / scale

    return back(b @ up.T, a, spread[0]), back(a @ up, b, spread[1])


@gradcheck.case(
    inputs=lambda rng: {
        "ordinary": (
            np.array([[0.5, -1.0], [1.2, 0.3], [-0.7, -0.6], [0.4, 2.0]]),
            np.array([[0.7, -0.3], [0.8, 0.9], [-0.2, 0.1], [1.5, 0.6]]),
        )
    },
    operators=["gradient"],
    tags=["losses", "scalar", "matrix"],
    source="Zbontar, Jing, Misra, LeCun & Deny (2021), Barlow Twins, arXiv:2103.03230",
    gradient=_decorrelation_gradient,
)
def barlow_twins(xp: Any, left: Any, right: Any) -> Any:
    """Distance of the correlation of two batches from the identity, its other elements by 0.05."""
    a, b = ((z - xp.mean(z, axis=0)) / xp.std(z, axis=0) for z in (left, right))
    correlation = xp.transpose(a) @ b / 4.0
    same = xp.eye(2)
    return xp.sum(same * (1.0 - correlation) ** 2) + 0.05 * xp.sum((1.0 - same) * correlation**2)
