"""Losses, by each framework's own kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, jnp, jsp, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_KERAS = "Keras documentation, keras.losses."

_TAGS = ("native", "losses", "scalar")
_OPERATORS = ("gradient", "hvp")

_PREDICTED = np.array([[0.3, -1.2, 2.9], [2.1, 0.4, -0.6]])
_TARGET = np.array([[0.8, -0.9, 0.4], [2.4, -1.7, 0.1]])
_LOGITS = np.array([[800.0, -800.0, 799.0], [-2.0, 730.0, 731.5]])
_CLASSES = np.array([2, 0])
_DISTRIBUTION = np.array([[0.2, 0.3, 0.5], [0.6, 0.15, 0.25]])
_ONE_HOT = np.eye(3)[_CLASSES]


def _paired(rng: np.random.Generator) -> dict[str, tuple[Any, ...]]:
    return {"ordinary": (_PREDICTED, _TARGET), "large": (100.0 * _PREDICTED, 30.0 * _TARGET)}


# -- regression --------------------------------------------------------------------------------


@gradcheck.case(
    name="native.mean_squared_error",
    inputs=_paired,
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "MSELoss",
    native={
        "torch": lambda x, y: F.mse_loss(x, y),
        "tensorflow": lambda x, y: tf.reduce_mean(tf.keras.losses.mse(y, x)),
    },
)
def mean_squared_error(xp: Any, x: Any, y: Any) -> Any:
    """Mean of the squared differences."""
    return xp.mean((x - y) ** 2)


@gradcheck.case(
    name="native.mean_absolute_error",
    inputs=_paired,
    tags=_TAGS,
    source=_TORCH + "L1Loss",
    native={
        "torch": lambda x, y: torch.sum(F.l1_loss(x, y, reduction="none") ** 1.5),
        "tensorflow": lambda x, y: tf.reduce_sum(tf.keras.losses.mae(y[..., None], x[..., None]) ** 1.5),
    },
)
def mean_absolute_error(xp: Any, x: Any, y: Any) -> Any:
    """Power 3/2 of the absolute differences, which has no constant slope."""
    return xp.sum(xp.abs(x - y) ** 1.5)


@gradcheck.case(
    name="native.huber",
    inputs=_paired,
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Huber (1964), Annals of Mathematical Statistics 35, 73-101",
    native={
        "torch": lambda x, y: F.huber_loss(x, y, delta=0.7),
        "tensorflow": lambda x, y: tf.reduce_mean(tf.keras.losses.huber(y, x, delta=0.7)),
    },
)
def huber(xp: Any, x: Any, y: Any) -> Any:
    """Squares up to 0.7, absolute values beyond."""
    return xp.mean(_huber(xp, x - y, 0.7))


def _huber(xp: Any, r: Any, delta: float) -> Any:
    return xp.where(xp.abs(r) <= delta, 0.5 * r**2, delta * (xp.abs(r) - 0.5 * delta))


@gradcheck.case(
    name="native.smooth_l1",
    inputs=_paired,
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source="Girshick (2015), Fast R-CNN, arXiv:1504.08083",
    native={
        "torch": lambda x, y: F.smooth_l1_loss(x, y, reduction="sum", beta=0.7),
        "tensorflow": lambda x, y: tf.reduce_sum(tf.keras.losses.huber(y[..., None], x[..., None], delta=0.7)) / 0.7,
    },
)
def smooth_l1(xp: Any, x: Any, y: Any) -> Any:
    """Huber's loss over its width."""
    return xp.sum(_huber(xp, x - y, 0.7)) / 0.7


@gradcheck.case(
    name="native.log_cosh",
    inputs=lambda rng: {"ordinary": (_PREDICTED, _TARGET), "far": (20.0 * _PREDICTED, _TARGET)},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source=_KERAS + "log_cosh",
    native={
        "tensorflow": lambda x, y: tf.reduce_mean(tf.keras.losses.logcosh(y, x)),
        "jax": lambda x, y: jnp.mean(jnp.logaddexp(x - y, y - x)) - math.log(2.0),
        "torch": lambda x, y: torch.mean(torch.logaddexp(x - y, y - x)) - math.log(2.0),
    },
)
def log_cosh(xp: Any, x: Any, y: Any) -> Any:
    """Mean logarithm of the hyperbolic cosine of the differences."""
    r = xp.abs(x - y)
    return xp.mean(r + xp.log1p(xp.exp(-2.0 * r))) - math.log(2.0)


@gradcheck.case(
    name="native.squared_logarithmic_error",
    inputs=lambda rng: {"ordinary": (np.abs(_PREDICTED), np.abs(_TARGET))},
    domain={"x": (0, np.inf), "y": (0, np.inf)},
    operators=["gradient"],
    tags=_TAGS,
    source=_KERAS + "mean_squared_logarithmic_error",
    native={
        "torch": lambda x, y: F.mse_loss(torch.log1p(x), torch.log1p(y)),
        "tensorflow": lambda x, y: tf.reduce_mean(tf.keras.losses.msle(y, x)),
    },
)
def squared_logarithmic_error(xp: Any, x: Any, y: Any) -> Any:
    """Mean squared difference of log(1 + x)."""
    return xp.mean((xp.log1p(x) - xp.log1p(y)) ** 2)


@gradcheck.case(
    name="native.poisson",
    inputs=lambda rng: {"ordinary": (_PREDICTED, np.abs(_TARGET))},
    operators=_OPERATORS,
    argnums=0,
    tags=_TAGS,
    source=_TORCH + "PoissonNLLLoss",
    native={
        "torch": lambda x, y: F.poisson_nll_loss(x, y, log_input=True, full=False),
        "tensorflow": lambda x, y: tf.reduce_mean(tf.nn.log_poisson_loss(y, x)),
    },
)
def poisson(xp: Any, x: Any, y: Any) -> Any:
    """Negative Poisson log-likelihood of logarithmic rates."""
    return xp.mean(xp.exp(x) - y * x)


@gradcheck.case(
    name="native.poisson_with_stirling",
    inputs=lambda rng: {"ordinary": (_PREDICTED, np.array([[0.8, 1.9, 0.4], [2.4, 7.5, 3.0]]))},
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "PoissonNLLLoss",
    native={
        "torch": lambda x, y: F.poisson_nll_loss(x, y, log_input=True, full=True),
        "tensorflow": lambda x, y: tf.reduce_mean(tf.nn.log_poisson_loss(y, x, compute_full_loss=True)),
    },
)
def poisson_with_stirling(xp: Any, x: Any, y: Any) -> Any:
    """Poisson loss with Stirling's approximation of log(y!) where y > 1."""
    safe = xp.maximum(y, 1.0)
    stirling = safe * xp.log(safe) - safe + 0.5 * xp.log(2.0 * xp.pi * safe)
    return xp.mean(xp.exp(x) - y * x + xp.where(y > 1.0, stirling, 0.0))


@gradcheck.case(
    name="native.gaussian_nll",
    inputs=lambda rng: {"ordinary": (_PREDICTED, _TARGET, np.array([[0.5, 1.3, 2.0], [0.9, 0.2, 1.6]]))},
    domain={"variance": (0, np.inf)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "GaussianNLLLoss",
    native={
        "torch": lambda x, y, variance: F.gaussian_nll_loss(x, y, variance, full=True, eps=1e-12),
        "jax": lambda x, y, variance: -jnp.mean(jax.scipy.stats.norm.logpdf(y, x, jnp.sqrt(variance))),
    },
)
def gaussian_nll(xp: Any, x: Any, y: Any, variance: Any) -> Any:
    """Negative log-likelihood of normal distributions."""
    return 0.5 * xp.mean(xp.log(2.0 * xp.pi * variance) + (x - y) ** 2 / variance)


# -- classification ----------------------------------------------------------------------------


_CROSS_ENTROPY = {
    "torch": lambda x, p: F.cross_entropy(x, p),
    "jax": lambda x, p: -jnp.mean(jnp.sum(p * jax.nn.log_softmax(x), axis=-1)),
    "tensorflow": lambda x, p: tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=p, logits=x)),
}


@gradcheck.case(
    name="native.cross_entropy",
    inputs=lambda rng: {"ordinary": (_PREDICTED, _DISTRIBUTION), "saturated": (_LOGITS, _DISTRIBUTION)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "CrossEntropyLoss",
    native=_CROSS_ENTROPY,
)
def cross_entropy(xp: Any, x: Any, p: Any) -> Any:
    """Cross entropy of distributions and logits."""
    return -xp.mean(xp.sum(p * xp.special.log_softmax(x, axis=-1), axis=-1))


@gradcheck.case(
    name="native.cross_entropy_of_unnormalised_labels",
    inputs=lambda rng: {"ordinary": (_PREDICTED, np.array([[0.2, 1.3, 0.5], [0.6, 0.15, 0.75]]))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "CrossEntropyLoss",
    native=_CROSS_ENTROPY,
)
def cross_entropy_of_unnormalised_labels(xp: Any, x: Any, p: Any) -> Any:
    """Cross entropy with weights that do not sum to 1, as sums of several labels do."""
    return cross_entropy(xp, x, p)


@gradcheck.case(
    name="native.sparse_cross_entropy",
    inputs=lambda rng: {"ordinary": (_PREDICTED,), "saturated": (_LOGITS,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "CrossEntropyLoss",
    native={
        "torch": lambda x: F.cross_entropy(x, torch.tensor(_CLASSES)),
        "jax": lambda x: -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), _CLASSES[:, None], axis=-1)),
        "tensorflow": lambda x: tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=_CLASSES, logits=x)
        ),
    },
)
def sparse_cross_entropy(xp: Any, x: Any) -> Any:
    """Cross entropy of one class a row."""
    return -xp.mean(xp.sum(xp.asarray(_ONE_HOT) * xp.special.log_softmax(x, axis=-1), axis=-1))


@gradcheck.case(
    name="native.weighted_nll",
    inputs=lambda rng: {"ordinary": (_PREDICTED, np.array([0.5, 1.25, 2.0]))},
    argnums=0,
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "NLLLoss",
    native={
        "torch": lambda x, w: F.nll_loss(F.log_softmax(x, dim=-1), torch.tensor(_CLASSES), weight=w),
        "jax": lambda x, w: (
            -jnp.average(
                jnp.take_along_axis(jax.nn.log_softmax(x), _CLASSES[:, None], axis=-1)[:, 0], weights=w[_CLASSES]
            )
        ),
        "tensorflow": lambda x, w: tf.nn.weighted_moments(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=_CLASSES, logits=x), 0, tf.gather(w, _CLASSES)
        )[0],
    },
)
def weighted_nll(xp: Any, x: Any, w: Any) -> Any:
    """Negative log-likelihood of one class a row, averaged with the weights of the classes."""
    weights = xp.asarray(_ONE_HOT) * w
    return -xp.sum(weights * xp.special.log_softmax(x, axis=-1)) / xp.sum(weights)


@gradcheck.case(
    name="native.label_smoothing",
    inputs=lambda rng: {"ordinary": (_PREDICTED,), "saturated": (_LOGITS,)},
    operators=["gradient"],
    tags=_TAGS,
    source="Szegedy, Vanhoucke, Ioffe, Shlens and Wojna (2015), arXiv:1512.00567, section 7",
    native={
        "torch": lambda x: F.cross_entropy(x, torch.tensor(_CLASSES), label_smoothing=0.1),
        "tensorflow": lambda x: tf.reduce_mean(
            tf.keras.losses.categorical_crossentropy(
                tf.constant(_ONE_HOT, x.dtype), x, from_logits=True, label_smoothing=0.1
            )
        ),
    },
)
def label_smoothing(xp: Any, x: Any) -> Any:
    """Cross entropy with a tenth of each label spread over all classes."""
    labels = xp.asarray(0.9 * _ONE_HOT + 0.1 / 3.0)
    return -xp.mean(xp.sum(labels * xp.special.log_softmax(x, axis=-1), axis=-1))


@gradcheck.case(
    name="native.binary_cross_entropy_with_logits",
    inputs=lambda rng: {
        "ordinary": (_PREDICTED, _DISTRIBUTION),
        "saturated": (_LOGITS, _DISTRIBUTION),
        "zero logits": (np.array([[0.0, 1e-9, 0.0], [-1e-9, 1e-300, 0.5]]), _DISTRIBUTION),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "BCEWithLogitsLoss",
    native={
        "torch": lambda x, p: F.binary_cross_entropy_with_logits(x, p),
        "jax": lambda x, p: -jnp.mean(p * jax.nn.log_sigmoid(x) + (1.0 - p) * jax.nn.log_sigmoid(-x)),
        "tensorflow": lambda x, p: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=p, logits=x)),
    },
)
def binary_cross_entropy_with_logits(xp: Any, x: Any, p: Any) -> Any:
    """Cross entropy of coins and logits."""
    return xp.mean(p * xp.logaddexp(-x, 0.0) + (1.0 - p) * xp.logaddexp(x, 0.0))


@gradcheck.case(
    name="native.weighted_binary_cross_entropy",
    inputs=lambda rng: {
        "ordinary": (_PREDICTED, _DISTRIBUTION, np.array([2.0, 0.5, 1.7])),
        "saturated": (_LOGITS, _DISTRIBUTION, np.array([2.0, 0.5, 1.7])),
    },
    argnums=(0, 1),
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "BCEWithLogitsLoss",
    native={
        "torch": lambda x, p, q: F.binary_cross_entropy_with_logits(x, p, pos_weight=q),
        "tensorflow": lambda x, p, q: tf.reduce_mean(
            tf.nn.weighted_cross_entropy_with_logits(labels=p, logits=x, pos_weight=q)
        ),
    },
)
def weighted_binary_cross_entropy(xp: Any, x: Any, p: Any, q: Any) -> Any:
    """Binary cross entropy with a weight on the positive examples."""
    return xp.mean(q * p * xp.logaddexp(-x, 0.0) + (1.0 - p) * xp.logaddexp(x, 0.0))


@gradcheck.case(
    name="native.binary_cross_entropy",
    inputs=lambda rng: {
        "ordinary": (_DISTRIBUTION, _DISTRIBUTION[::-1] + 0.05),
        "nearly certain": (np.array([[1e-5, 0.99999, 1e-3], [0.5, 0.999, 1e-4]]), _DISTRIBUTION),
    },
    domain={"q": (1e-6, 1 - 1e-6)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "BCELoss",
    native={
        "torch": lambda q, p: F.binary_cross_entropy(q, p),
        "jax": lambda q, p: -jnp.mean(jsp.xlogy(p, q) + jsp.xlog1py(1.0 - p, -q)),
        "tensorflow": lambda q, p: tf.reduce_mean(tf.keras.losses.binary_crossentropy(p, q)),
    },
)
def binary_cross_entropy(xp: Any, q: Any, p: Any) -> Any:
    """Cross entropy of coins and probabilities."""
    return -xp.mean(p * xp.log(q) + (1.0 - p) * xp.log1p(-q))


@gradcheck.case(
    name="native.multi_label_soft_margin",
    inputs=lambda rng: {"ordinary": (_PREDICTED, _DISTRIBUTION), "saturated": (_LOGITS, _DISTRIBUTION)},
    argnums=0,
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "MultiLabelSoftMarginLoss",
    native={
        "torch": lambda x, p: F.multilabel_soft_margin_loss(x, p),
        "tensorflow": lambda x, p: tf.reduce_mean(tf.keras.losses.binary_crossentropy(p, x, from_logits=True)),
    },
)
def multi_label_soft_margin(xp: Any, x: Any, p: Any) -> Any:
    """Binary cross entropy of several labels a row."""
    return xp.mean(p * xp.logaddexp(-x, 0.0) + (1.0 - p) * xp.logaddexp(x, 0.0))


_SIGNS = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]])


@gradcheck.case(
    name="native.soft_margin",
    inputs=lambda rng: {
        "ordinary": (_PREDICTED,),
        "saturated": (np.array([[800.0, -40.0, 36.0], [-2.0, 20.5, -740.0]]),),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "SoftMarginLoss",
    native={
        "torch": lambda x: F.soft_margin_loss(x, torch.tensor(_SIGNS, dtype=x.dtype)),
        "jax": lambda x: jnp.mean(jax.nn.softplus(-_SIGNS * x)),
        "tensorflow": lambda x: tf.reduce_mean(tf.nn.softplus(-tf.constant(_SIGNS, x.dtype) * x)),
    },
)
def soft_margin(xp: Any, x: Any) -> Any:
    """Logistic loss of signs and margins."""
    return xp.mean(xp.logaddexp(-xp.asarray(_SIGNS) * x, 0.0))


@gradcheck.case(
    name="native.squared_hinge",
    inputs=lambda rng: {"ordinary": (_PREDICTED,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_KERAS + "squared_hinge",
    native={
        "torch": lambda x: torch.mean(F.relu(1.0 - torch.tensor(_SIGNS, dtype=x.dtype) * x) ** 2),
        "tensorflow": lambda x: tf.reduce_mean(tf.keras.losses.squared_hinge(tf.constant(_SIGNS, x.dtype), x)),
    },
)
def squared_hinge(xp: Any, x: Any) -> Any:
    """Squared amounts by which margins fall short of 1."""
    return xp.mean(xp.maximum(1.0 - xp.asarray(_SIGNS) * x, 0.0) ** 2)


@gradcheck.case(
    name="native.squared_multi_margin",
    inputs=lambda rng: {"ordinary": (np.array([[0.3, -1.2, 0.9], [0.5, 0.4, -0.6]]),)},
    tags=_TAGS,
    source=_TORCH + "MultiMarginLoss",
    native={
        "torch": lambda x: F.multi_margin_loss(x, torch.tensor(_CLASSES), p=2, margin=0.8),
        "jax": lambda x: (
            jnp.sum((1.0 - _ONE_HOT) * jax.nn.relu(0.8 - jnp.sum(_ONE_HOT * x, axis=-1, keepdims=True) + x) ** 2) / 6.0
        ),
    },
)
def squared_multi_margin(xp: Any, x: Any) -> Any:
    """Squared amounts by which the class fails to lead the others by 0.8."""
    labels = xp.asarray(_ONE_HOT)
    own = xp.sum(labels * x, axis=-1, keepdims=True)
    return xp.sum((1.0 - labels) * xp.maximum(0.8 - own + x, 0.0) ** 2) / 6.0


# -- distributions and directions --------------------------------------------------------------


@gradcheck.case(
    name="native.kl_divergence",
    inputs=lambda rng: {"ordinary": (_DISTRIBUTION, _DISTRIBUTION[::-1].copy())},
    domain={"q": (1e-6, 1.0), "p": (1e-6, 1.0)},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Kullback and Leibler (1951), Annals of Mathematical Statistics 22, 79-86",
    native={
        "torch": lambda q, p: F.kl_div(torch.log(q), p, reduction="sum"),
        "jax": lambda q, p: jnp.sum(jsp.rel_entr(p, q)),
        "tensorflow": lambda q, p: tf.reduce_sum(tf.keras.losses.kld(p, q)),
    },
)
def kl_divergence(xp: Any, q: Any, p: Any) -> Any:
    """Divergence of p from q, both distributions."""
    return xp.sum(p * (xp.log(p) - xp.log(q)))


@gradcheck.case(
    name="native.kl_divergence_of_logarithms",
    inputs=lambda rng: {"ordinary": (_PREDICTED, _TARGET)},
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "KLDivLoss",
    native={
        "torch": lambda x, y: F.kl_div(
            F.log_softmax(x, dim=-1), F.log_softmax(y, dim=-1), reduction="batchmean", log_target=True
        ),
        "jax": lambda x, y: jnp.sum(jsp.rel_entr(jax.nn.softmax(y), jax.nn.softmax(x))) / 2.0,
    },
)
def kl_divergence_of_logarithms(xp: Any, x: Any, y: Any) -> Any:
    """Divergence of two softmax distributions, of their logarithms."""
    first, second = xp.special.log_softmax(x, axis=-1), xp.special.log_softmax(y, axis=-1)
    return xp.sum(xp.exp(second) * (second - first)) / 2.0


@gradcheck.case(
    name="native.cosine_similarity",
    inputs=lambda rng: {
        "ordinary": (_PREDICTED, _TARGET),
        "large": (1e6 * _PREDICTED, _TARGET),
        "nearly parallel": (_TARGET + 1e-4 * _PREDICTED, _TARGET),
    },
    argnums=0,
    operators=["gradient"],
    tags=_TAGS,
    source=_TORCH + "CosineSimilarity",
    native={
        "torch": lambda x, y: torch.sum(F.cosine_similarity(x, y, dim=-1)),
        "tensorflow": lambda x, y: -tf.reduce_sum(tf.keras.losses.cosine_similarity(y, x, axis=-1)),
    },
)
def cosine_similarity(xp: Any, x: Any, y: Any) -> Any:
    """Cosines of the angles between rows, summed."""
    return xp.sum(xp.sum(x * y, axis=-1) / xp.sqrt(xp.sum(x * x, axis=-1) * xp.sum(y * y, axis=-1)))


# -- sequences ---------------------------------------------------------------------------------

_TIMES = np.array([[0.3, -1.2, 0.9], [2.1, 0.4, -0.6], [-0.5, 1.4, 0.2], [0.8, -0.3, 1.1]])


def _ctc(xp: Any, log_probabilities: Any, labels: tuple[int, ...]) -> Any:
    """Return minus the log-likelihood of labels, by the forward recursion over labels and blanks (class 0)."""
    extended = [0]
    for label in labels:
        extended += [label, 0]
    never = xp.asarray(-1e30)
    alpha = [log_probabilities[0, extended[s]] if s < 2 else never for s in range(len(extended))]
    for t in range(1, log_probabilities.shape[0]):
        before = alpha
        alpha = []
        for s, symbol in enumerate(extended):
            total = before[s]
            if s >= 1:
                total = xp.logaddexp(total, before[s - 1])
            if s >= 2 and symbol != 0 and symbol != extended[s - 2]:
                total = xp.logaddexp(total, before[s - 2])
            alpha.append(total + log_probabilities[t, symbol])
    return -xp.logaddexp(alpha[-1], alpha[-2])


_GRAVES = "Graves, Fernandez, Gomez and Schmidhuber (2006), Connectionist Temporal Classification, ICML, 369-376"


def _torch_ctc(log_probabilities: Any, labels: tuple[int, ...]) -> Any:
    return F.ctc_loss(
        log_probabilities[:, None, :],
        torch.tensor([labels]),
        (log_probabilities.shape[0],),
        (len(labels),),
        reduction="sum",
    )


def _tensorflow_ctc(logits: Any, labels: tuple[int, ...]) -> Any:
    return tf.reduce_sum(
        tf.nn.ctc_loss(
            tf.constant([labels]), logits[:, None, :], tf.constant([len(labels)]), tf.constant([logits.shape[0]]),
            blank_index=0,
        )
    )  # fmt: skip


@gradcheck.case(
    name="native.ctc",
    inputs=lambda rng: {"ordinary": (_TIMES,), "saturated": (15.0 * _TIMES,)},
    tags=_TAGS,
    source=_GRAVES,
    native={
        "torch": lambda x: _torch_ctc(F.log_softmax(x, dim=-1), (1, 2)),
        "tensorflow": lambda x: _tensorflow_ctc(x, (1, 2)),
    },
)
def ctc(xp: Any, x: Any) -> Any:
    """Connectionist temporal classification of logits."""
    return _ctc(xp, xp.special.log_softmax(x, axis=-1), (1, 2))


@gradcheck.case(
    name="native.ctc_of_a_repeated_label",
    inputs=lambda rng: {"ordinary": (_TIMES,)},
    tags=_TAGS,
    source=_GRAVES,
    native={
        "torch": lambda x: _torch_ctc(F.log_softmax(x, dim=-1), (2, 2)),
        "tensorflow": lambda x: _tensorflow_ctc(x, (2, 2)),
    },
)
def ctc_of_a_repeated_label(xp: Any, x: Any) -> Any:
    """CTC where a blank must stand between two equal labels."""
    return _ctc(xp, xp.special.log_softmax(x, axis=-1), (2, 2))


@gradcheck.case(
    name="native.ctc_of_log_probabilities",
    inputs=lambda rng: {"ordinary": (_TIMES - 2.0,)},
    tags=_TAGS,
    source=_GRAVES,
    native={"torch": lambda x: _torch_ctc(x, (1, 2))},
)
def ctc_of_log_probabilities(xp: Any, x: Any) -> Any:
    """CTC by its own argument, the log-probabilities, which need not be a softmax's."""
    return _ctc(xp, x, (1, 2))
