"""Reductions and scans by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, jnp, lax, tf, torch

_VECTOR = ["jacobian", "jvp", "vjp"]
_TAGS = ["native", "reductions", "vector"]
_NUMPY = "NumPy Reference, numpy."
_TORCH = "PyTorch documentation, torch."


def _prefixes(x: Any) -> list[Any]:
    """The leading parts of a vector, from one element to all."""
    return [x[: i + 1] for i in range(x.shape[0])]


@gradcheck.case(
    name="native.logsumexp_of_rows",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),),
        "large": (np.array([[1000.3, 998.8, 1002.0], [-900.0, -901.4, -899.6]]),),
        "equal": (np.array([[0.7, 0.7, 0.7], [0.0, 0.0, 0.0]]),),
        "dominated": (np.array([[50.0, 0.0, -60.0], [1e-9, 0.0, 800.0]]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "logsumexp",
    native={
        "torch": lambda x: torch.logsumexp(x, 1),
        "jax": lambda x: jax.nn.logsumexp(x, 1),
        "tensorflow": lambda x: tf.math.reduce_logsumexp(x, 1),
    },
)
def logsumexp_of_rows(xp: Any, x: Any) -> Any:
    """Logarithm of the sum of exponentials of each row."""
    return xp.special.logsumexp(x, axis=1)


@gradcheck.case(
    name="native.logsumexp_with_weights",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]), np.array([1.5, 2.0, 0.4])),
        "signed": (np.array([0.3, -1.2, 2.0]), np.array([1.5, -2.0, 0.4])),
        "zero weight": (np.array([0.3, -1.2, 2.0]), np.array([1.5, 0.0, 0.4])),
        "large": (np.array([300.0, 305.0, 302.0]), np.array([1.5, -0.1, 3.0])),
    },
    operators=["gradient", "hvp"],
    tags=["native", "reductions", "scalar", "parameters"],
    source="SciPy Reference, scipy.special.logsumexp",
    native={
        "torch": lambda x, b: torch.log(torch.dot(b, torch.exp(x - x.max()))) + x.max(),
        "jax": lambda x, b: jax.scipy.special.logsumexp(x, b=b),
        "tensorflow": lambda x, b: tf.math.log(tf.tensordot(b, tf.exp(x - tf.reduce_max(x)), 1)) + tf.reduce_max(x),
    },
)
def logsumexp_with_weights(xp: Any, x: Any, b: Any) -> Any:
    """Logarithm of a weighted sum of exponentials."""
    return xp.log(xp.dot(b, xp.exp(x)))


@gradcheck.case(
    name="native.logcumsumexp",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0, 0.9]),),
        "equal": (np.array([0.7, 0.7, 0.7]),),
        "large": (np.array([900.0, 902.0, 895.0]),),
        "descending": (np.array([300.0, 0.0, -500.0]),),
        "ascending": (np.array([-800.0, -1.0, 600.0]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "logcumsumexp",
    native={
        "torch": lambda x: torch.logcumsumexp(x, 0),
        "jax": lambda x: lax.cumlogsumexp(x),
        "tensorflow": lambda x: tf.math.cumulative_logsumexp(x),
    },
)
def logcumsumexp(xp: Any, x: Any) -> Any:
    """Cumulative logarithm of the sum of exponentials."""
    return xp.stack([xp.special.logsumexp(part) for part in _prefixes(x)])


@gradcheck.case(
    name="native.cumulative_product",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0, 0.9]),),
        "one zero": (np.array([0.3, 0.0, 2.0, -0.9]),),
        "two zeros": (np.array([0.3, 0.0, 2.0, 0.0, 1.5]),),
        "zero first": (np.array([0.0, -1.2, 2.0]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "cumprod",
    native={
        "torch": lambda x: torch.cumprod(x, 0),
        "jax": lambda x: lax.cumprod(x),
        "tensorflow": lambda x: tf.math.cumprod(x),
    },
)
def cumulative_product(xp: Any, x: Any) -> Any:
    """Cumulative product, also with zeros."""
    return xp.stack([xp.prod(part) for part in _prefixes(x)])


@gradcheck.case(
    name="native.product",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),),
        "one zero": (np.array([[0.3, 0.0, 2.0], [0.9, 1.4, -0.6]]),),
        "two zeros": (np.array([[0.0, 0.0, 2.0], [0.9, 1.4, -0.6]]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "prod",
    native={
        "torch": lambda x: torch.prod(x, 1),
        "jax": lambda x: lax.reduce_prod(x, (1,)),
        "tensorflow": lambda x: tf.experimental.numpy.prod(x, 1),
    },
)
def product(xp: Any, x: Any) -> Any:
    """Product of each row, also with zeros."""
    return x[:, 0] * x[:, 1] * x[:, 2]


@gradcheck.case(
    name="native.cumulative_maximum",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0, 0.9, 2.5]),),
        "descending": (np.array([0.3, -1.2, -2.0]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "cummax",
    native={
        "torch": lambda x: torch.cummax(x, 0).values,
        "jax": lambda x: lax.cummax(x),
    },
)
def cumulative_maximum(xp: Any, x: Any) -> Any:
    """Cumulative maximum."""
    return xp.stack([xp.max(part) for part in _prefixes(x)])


@gradcheck.case(
    name="native.cumulative_minimum",
    inputs=lambda rng: {"ordinary": (np.array([[0.3, 1.2, -2.0], [-0.9, 1.4, 0.6]]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "cummin",
    native={
        "torch": lambda x: torch.cummin(x.flip(1), 1).values,
        "jax": lambda x: jnp.flip(lax.cummin(x, axis=1, reverse=True), 1),
    },
)
def cumulative_minimum(xp: Any, x: Any) -> Any:
    """Cumulative minimum of rows from their ends."""
    return xp.stack([xp.min(x[:, 2 - i :], axis=1) for i in range(3)], axis=1)


@gradcheck.case(
    name="native.sample_deviation_and_mean",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0, 0.5]),),
        "nearly constant": (np.array([0.7, 0.7 + 1e-7, 0.7 - 1e-7]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "std_mean",
    native={
        "torch": lambda x: torch.stack(torch.std_mean(x, correction=1)),
        "jax": lambda x: jnp.stack([jnp.std(x, correction=1), jnp.mean(x)]),
        "tensorflow": lambda x: tf.stack(
            [
                tf.math.reduce_std(x) * tf.sqrt(tf.cast(tf.size(x) / (tf.size(x) - 1), x.dtype)),
                tf.math.reduce_mean(x),
            ]
        ),
    },
)
def sample_deviation_and_mean(xp: Any, x: Any) -> Any:
    """Standard deviation with Bessel's correction, and mean."""
    mean = xp.mean(x)
    return xp.stack([xp.linalg.norm(x - mean) / (x.shape[0] - 1) ** 0.5, mean])


@gradcheck.case(
    name="native.norm_of_order_three",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),),
        "one element zero": (np.array([[0.3, 0.0, 2.0], [0.0, 1.4, 0.0]]),),
        "tiny": (np.array([[1e-60, -2e-60, 3e-60], [1e-90, -2e-90, 3e-90]]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    double_only=["tiny"],
    source="NumPy Reference, numpy.linalg.norm",
    native={
        "torch": lambda x: torch.linalg.vector_norm(x, 3, 1),
        "jax": lambda x: jnp.linalg.vector_norm(x, ord=3, axis=1),
        "tensorflow": lambda x: tf.norm(x, 3, 1),
    },
)
def norm_of_order_three(xp: Any, x: Any) -> Any:
    """Norm of order three of each row."""
    return xp.cbrt(xp.sum(xp.abs(x) ** 3, axis=1))


@gradcheck.case(
    name="native.norm_of_fractional_order",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]),),
        "one element tiny": (np.array([0.3, -1e-12, 2.0]),),
        "large": (np.array([3e150, -1e150, 2e150]),),
    },
    operators=["gradient"],
    tags=["native", "reductions", "scalar"],
    double_only=["large"],
    source="NumPy Reference, numpy.linalg.norm",
    native={
        "torch": lambda x: torch.linalg.vector_norm(x, 1.5),
        "jax": lambda x: jnp.linalg.vector_norm(x, ord=1.5),
        "tensorflow": lambda x: tf.norm(x, 1.5),
    },
)
def norm_of_fractional_order(xp: Any, x: Any) -> Any:
    """Norm of order three halves."""
    size = xp.max(xp.abs(x))
    return size * xp.sum((xp.abs(x) / size) ** 1.5) ** (2 / 3)


@gradcheck.case(
    name="native.euclidean_norm",
    inputs=lambda rng: {
        "ordinary": (np.array([0.3, -1.2, 2.0]),),
        "one element zero": (np.array([0.3, 0.0, 2.0]),),
        "tiny": (np.array([3e-200, -1e-200, 2e-200]),),
    },
    operators=["gradient"],
    tags=["native", "reductions", "scalar"],
    double_only=["tiny"],
    source="NumPy Reference, numpy.linalg.norm",
    native={
        "torch": lambda x: torch.linalg.vector_norm(x),
        "jax": lambda x: jnp.linalg.vector_norm(x),
        "tensorflow": lambda x: tf.math.reduce_euclidean_norm(x),
    },
)
def euclidean_norm(xp: Any, x: Any) -> Any:
    """Euclidean norm of a vector."""
    return xp.hypot(xp.hypot(x[0], x[1]), x[2])


@gradcheck.case(
    name="native.mean_without_nan",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),),
        "all but one": (np.array([[9.0, -1.2, 8.0], [9.5, 1.4, 7.0]]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "nanmean",
    native={
        "torch": lambda x: torch.nanmean(torch.where(x > 1.5, torch.nan, x), 1) ** 2,
        "jax": lambda x: jnp.nanmean(jnp.where(x > 1.5, jnp.nan, x), 1) ** 2,
    },
)
def mean_without_nan(xp: Any, x: Any) -> Any:
    """Squared mean of the elements that are not masked by NaN."""
    kept = xp.where(x > 1.5, 0.0, 1.0)
    return (xp.sum(x * kept, axis=1) / xp.sum(kept, axis=1)) ** 2


@gradcheck.case(
    name="native.quantile_without_nan",
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.0, 0.9, 1.4, -0.6]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "nanquantile",
    native={
        "torch": lambda x: torch.nanquantile(
            torch.where(x > 1.5, torch.nan, x), torch.tensor([0.3, 0.85], dtype=x.dtype)
        ),
        "jax": lambda x: jnp.nanquantile(jnp.where(x > 1.5, jnp.nan, x), jnp.asarray([0.3, 0.85])),
    },
)
def quantile_without_nan(xp: Any, x: Any) -> Any:
    """Quantiles of the elements that are not masked by NaN."""
    ranked = xp.sort(x)  # the one element above 1.5 is the last
    return xp.stack([0.8 * ranked[1] + 0.2 * ranked[2], 0.6 * ranked[3] + 0.4 * ranked[4]])


@gradcheck.case(
    name="native.quantile_by_level",
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.0, 0.9, 1.4]), np.array([0.1, 0.45, 0.9]))},
    operators=_VECTOR,
    domain={"q": (0, 1)},
    tags=[*_TAGS, "parameters"],
    source="Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50(4)",
    native={
        "torch": lambda x, q: torch.quantile(x, q),
        "jax": lambda x, q: jnp.quantile(x, q),
    },
)
def quantile_by_level(xp: Any, x: Any, q: Any) -> Any:
    """Quantiles by linear interpolation, differentiated by data and level."""
    distance = xp.abs(4 * xp.expand_dims(q, 1) - xp.arange(5.0))
    return xp.matmul(xp.maximum(1 - distance, 0.0), xp.sort(x))


@gradcheck.case(
    name="native.median_of_even_number",
    inputs=lambda rng: {"ordinary": (np.array([[0.3, -1.2, 2.0, 0.9], [1.4, -0.6, 0.1, -2.2]]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "median",
    native={
        "torch": lambda x: torch.quantile(x, 0.5, dim=1, interpolation="midpoint"),
        "jax": lambda x: jnp.median(x, axis=1),
        "tensorflow": lambda x: tf.reduce_mean(tf.math.top_k(x, 3).values[:, 1:], 1),
    },
)
def median_of_even_number(xp: Any, x: Any) -> Any:
    """Mean of the two middle elements of each row."""
    return xp.mean(xp.sort(x, axis=1)[:, 1:3], axis=1)


@gradcheck.case(
    name="native.range_of_rows",
    inputs=lambda rng: {"ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "ptp",
    native={
        "torch": lambda x: torch.sub(*torch.aminmax(x, dim=1)[::-1]),
        "jax": lambda x: jnp.ptp(x, axis=1),
        "tensorflow": lambda x: tf.experimental.numpy.ptp(x, axis=1),
    },
)
def range_of_rows(xp: Any, x: Any) -> Any:
    """Largest less smallest element of each row."""
    return xp.max(x, axis=1) - xp.min(x, axis=1)


@gradcheck.case(
    name="native.covariance_with_weights",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0, 0.5], [0.9, 1.4, -0.6, -0.1]]), np.array([0.2, 1.0, 0.7, 0.4])),
        "zero weight": (np.array([[0.3, -1.2, 2.0, 0.5], [0.9, 1.4, -0.6, -0.1]]), np.array([0.2, 0.0, 0.7, 0.4])),
    },
    operators=_VECTOR,
    domain={"w": (0, np.inf)},
    tags=["native", "reductions", "matrix", "parameters"],
    source=_NUMPY + "cov",
    native={
        "torch": lambda x, w: torch.cov(x, aweights=w),
        "jax": lambda x, w: jnp.cov(x, aweights=w),
    },
)
def covariance_with_weights(xp: Any, x: Any, w: Any) -> Any:
    """Unbiased covariance with weights of the observations."""
    total = xp.sum(w)
    centred = x - xp.sum(x * w, axis=1, keepdims=True) / total
    return xp.matmul(centred * w, xp.transpose(centred)) / (total - xp.sum(w * w) / total)


@gradcheck.case(
    name="native.correlation",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0, 0.5], [0.9, 1.4, -0.6, -0.1]]),),
        "nearly collinear": (np.array([[0.3, -1.2, 2.0, 0.5], [0.6, -2.4, 4.0, 1.01]]),),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source=_NUMPY + "corrcoef",
    native={
        "torch": lambda x: torch.corrcoef(x),
        "jax": lambda x: jnp.corrcoef(x),
    },
)
def correlation(xp: Any, x: Any) -> Any:
    """Correlation matrix of rows."""
    centred = x - xp.mean(x, axis=1, keepdims=True)
    unit = centred / xp.sqrt(xp.sum(centred**2, axis=1, keepdims=True))
    return xp.matmul(unit, xp.transpose(unit))


@gradcheck.case(
    name="native.trapezoid",
    inputs=lambda rng: {"ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]), np.array([0.1, 0.7, 1.9]))},
    operators=_VECTOR,
    tags=_TAGS,
    source=_NUMPY + "trapezoid",
    native={
        "torch": lambda y, x: torch.trapezoid(y, x),
        "jax": lambda y, x: jnp.trapezoid(y, x),
    },
)
def trapezoid(xp: Any, y: Any, x: Any) -> Any:
    """Trapezoidal rule for each row, by values and abscissae."""
    return xp.sum((y[:, 1:] + y[:, :-1]) / 2 * (x[1:] - x[:-1]), axis=1)


@gradcheck.case(
    name="native.distances",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]), np.array([[0.5, 0.6], [-0.7, 2.0]])),
        "nearly coincident": (
            np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]),
            np.array([[0.3, -1.2 + 1e-7], [-0.7, 2.0]]),
        ),
        "one coordinate equal": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]), np.array([[0.3, 2.0], [-0.7, -1.2]])),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source=_TORCH + "cdist",
    native={
        "torch": lambda x, y: torch.cdist(x, y),
        "jax": lambda x, y: jnp.linalg.norm(x[:, None] - y[None], axis=-1),
        "tensorflow": lambda x, y: tf.norm(x[:, None] - y[None], axis=-1),
    },
)
def distances(xp: Any, x: Any, y: Any) -> Any:
    """Euclidean distances between two sets of points."""
    apart = xp.expand_dims(x, 1) - xp.expand_dims(y, 0)
    return xp.sqrt(xp.sum(apart**2, axis=2))


@gradcheck.case(
    name="native.distances_by_products",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]), np.array([[0.5, 0.6], [-0.7, 2.0]])),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source=_TORCH + "cdist",
    native={
        "torch": lambda x, y: torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
        "jax": lambda x, y: jnp.sqrt((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * lax.dot(x, y.T)),
    },
)
def distances_by_products(xp: Any, x: Any, y: Any) -> Any:
    """Euclidean distances from a matrix product."""
    apart = xp.expand_dims(x, 1) - xp.expand_dims(y, 0)
    return xp.sqrt(xp.sum(apart**2, axis=2))


@gradcheck.case(
    name="native.distances_of_order_three",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]), np.array([[0.5, 0.6], [-0.7, 2.0]])),
        "one coordinate equal": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]), np.array([[0.3, 2.0], [-0.7, -1.2]])),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source=_TORCH + "cdist",
    native={
        "torch": lambda x, y: torch.cdist(x, y, p=3.0),
        "jax": lambda x, y: jnp.linalg.norm(x[:, None] - y[None], ord=3, axis=-1),
        "tensorflow": lambda x, y: tf.norm(x[:, None] - y[None], ord=3, axis=-1),
    },
)
def distances_of_order_three(xp: Any, x: Any, y: Any) -> Any:
    """Minkowski distances of order three between two sets of points."""
    apart = xp.expand_dims(x, 1) - xp.expand_dims(y, 0)
    return xp.cbrt(xp.sum(xp.abs(apart) ** 3, axis=2))


@gradcheck.case(
    name="native.distances_within_a_set",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2], [0.9, 1.4], [2.1, 0.2]]),),
        "one coordinate equal": (np.array([[0.3, -1.2], [0.3, 1.4], [2.1, -1.2]]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source="SciPy Reference, scipy.spatial.distance.pdist",
    native={
        "torch": lambda x: F.pdist(x, p=2.0),
        "jax": lambda x: jnp.linalg.norm(x[np.array([0, 0, 1])] - x[np.array([1, 2, 2])], axis=1),
        "tensorflow": lambda x: tf.norm(tf.gather(x, [0, 0, 1]) - tf.gather(x, [1, 2, 2]), axis=1),
    },
)
def distances_within_a_set(xp: Any, x: Any) -> Any:
    """Euclidean distances between all pairs of points."""
    apart = xp.stack([x[0] - x[1], x[0] - x[2], x[1] - x[2]])
    return xp.sqrt(xp.sum(apart**2, axis=1))


@gradcheck.case(
    name="native.l2_normalize",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]]),),
        "short": (np.array([[3e-8, -1e-8, 2e-8], [0.9, 1.4, -0.6]]),),
        "zero": (np.array([[0.0, 0.0, 0.0], [0.9, 1.4, -0.6]]),),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source="TensorFlow API documentation, tf.math.l2_normalize",
    native={
        "torch": lambda x: F.normalize(x, dim=1, eps=1e-6),
        "tensorflow": lambda x: tf.math.l2_normalize(x, 1, epsilon=1e-12),
    },
)
def l2_normalize(xp: Any, x: Any) -> Any:
    """Rows over their length, or over 1e-6 where they are shorter."""
    return x / xp.sqrt(xp.maximum(xp.sum(x**2, axis=1, keepdims=True), 1e-12))


@gradcheck.case(
    name="native.clip_by_norm",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [0.3, 0.2, -0.6]]),),
        "zero": (np.array([[0.0, 0.0, 0.0], [0.9, 1.4, -0.6]]),),
    },
    operators=_VECTOR,
    tags=["native", "reductions", "matrix"],
    source="TensorFlow API documentation, tf.clip_by_norm",
    native={
        "torch": lambda x: x / torch.clamp(torch.linalg.vector_norm(x, dim=1, keepdim=True), min=1.0),
        "tensorflow": lambda x: tf.clip_by_norm(x, 1.0, axes=[1]),
    },
)
def clip_by_norm(xp: Any, x: Any) -> Any:
    """Rows scaled down to length one where they are longer."""
    return x / xp.sqrt(xp.maximum(xp.sum(x**2, axis=1, keepdims=True), 1.0))
