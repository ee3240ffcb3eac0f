"""Indexing, scattering, sorting and padding by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, jnp, lax, tf, torch

_VECTOR = ["jacobian", "jvp", "vjp"]
_TAGS = ["native", "shapes", "vector"]
_MATRIX = ["native", "shapes", "matrix"]
_TORCH = "PyTorch documentation, torch."
_TF = "TensorFlow API documentation, tf."

_SIX = np.array([0.3, -1.2, 2.0, 0.9, -0.4, 1.5])
_TWO_BY_THREE = np.array([[0.3, -1.2, 2.0], [0.9, 1.4, -0.6]])


# -- segments and scattering -------------------------------------------------------------------


@gradcheck.case(
    name="native.segment_sum",
    inputs=lambda rng: {"ordinary": (_SIX,)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "math.unsorted_segment_sum",
    native={
        "torch": lambda x: torch.zeros(3, dtype=x.dtype).index_add(0, torch.tensor([2, 0, 0, 2, 1, 0]), x**2),
        "jax": lambda x: jax.ops.segment_sum(x**2, jnp.array([2, 0, 0, 2, 1, 0]), 3),
        "tensorflow": lambda x: tf.math.unsorted_segment_sum(x**2, [2, 0, 0, 2, 1, 0], 3),
    },
)
def segment_sum(xp: Any, x: Any) -> Any:
    """Sums of squares of groups in no order."""
    y = x**2
    return xp.stack([y[1] + y[2] + y[5], y[4], y[0] + y[3]])


@gradcheck.case(
    name="native.segment_product",
    inputs=lambda rng: {
        "ordinary": (_SIX,),
        "one zero": (np.array([0.3, 0.0, 2.0, 0.9, -0.4, 1.5]),),
        "two zeros": (np.array([0.0, 0.0, 0.0, 0.9, 0.0, 1.5]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "math.unsorted_segment_prod",
    native={
        "torch": lambda x: torch.ones(3, dtype=x.dtype).scatter_reduce(0, torch.tensor([2, 0, 0, 2, 1, 0]), x, "prod"),
        "jax": lambda x: jax.ops.segment_prod(x, jnp.array([2, 0, 0, 2, 1, 0]), 3),
        "tensorflow": lambda x: tf.math.unsorted_segment_prod(x, [2, 0, 0, 2, 1, 0], 3),
    },
)
def segment_product(xp: Any, x: Any) -> Any:
    """Products of groups in no order, also with zeros."""
    return xp.stack([x[1] * x[2] * x[5], x[4], x[0] * x[3]])


@gradcheck.case(
    name="native.sorted_segment_product",
    inputs=lambda rng: {
        "ordinary": (_SIX,),
        "one zero": (np.array([0.3, 0.0, 2.0, 0.9, -0.4, 1.5]),),
        "two zeros": (np.array([0.0, 0.0, 0.6, 0.9, 0.0, 1.5]),),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "math.segment_prod",
    native={
        "torch": lambda x: torch.segment_reduce(x, "prod", lengths=torch.tensor([3, 1, 2])),
        "jax": lambda x: jax.ops.segment_prod(x, jnp.array([0, 0, 0, 1, 2, 2]), 3, indices_are_sorted=True),
        "tensorflow": lambda x: tf.math.segment_prod(x, [0, 0, 0, 1, 2, 2]),
    },
)
def sorted_segment_product(xp: Any, x: Any) -> Any:
    """Products of consecutive groups, also with zeros."""
    return xp.stack([x[0] * x[1] * x[2], x[3], x[4] * x[5]])


@gradcheck.case(
    name="native.segment_mean",
    inputs=lambda rng: {"ordinary": (_SIX,)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "math.segment_mean",
    native={
        "torch": lambda x: torch.segment_reduce(x**2, "mean", lengths=torch.tensor([3, 1, 2])),
        "tensorflow": lambda x: tf.math.segment_mean(x**2, [0, 0, 0, 1, 2, 2]),
    },
)
def segment_mean(xp: Any, x: Any) -> Any:
    """Means of squares of consecutive groups."""
    y = x**2
    return xp.stack([(y[0] + y[1] + y[2]) / 3, y[3], (y[4] + y[5]) / 2])


@gradcheck.case(
    name="native.segment_maximum",
    inputs=lambda rng: {"ordinary": (_SIX,), "negative": (-np.abs(_SIX) - 1,)},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "math.unsorted_segment_max",
    native={
        "torch": lambda x: torch.zeros(3, dtype=x.dtype).scatter_reduce(
            0, torch.tensor([2, 0, 0, 2, 1, 0]), x, "amax", include_self=False
        ),
        "jax": lambda x: jax.ops.segment_max(x, jnp.array([2, 0, 0, 2, 1, 0]), 3),
        "tensorflow": lambda x: tf.math.unsorted_segment_max(x, [2, 0, 0, 2, 1, 0], 3),
    },
)
def segment_maximum(xp: Any, x: Any) -> Any:
    """Maxima of groups in no order."""
    return xp.stack([xp.maximum(xp.maximum(x[1], x[2]), x[5]), x[4], xp.maximum(x[0], x[3])])


@gradcheck.case(
    name="native.scatter_multiply_once",
    inputs=lambda rng: {
        "ordinary": (np.array([1.5, -0.7, 0.4]), np.array([0.3, -1.2])),
        "zero factor": (np.array([1.5, -0.7, 0.4]), np.array([0.0, -1.2])),
        "zero target": (np.array([0.0, -0.7, 0.4]), np.array([0.3, -1.2])),
    },
    operators=_VECTOR,
    tags=_TAGS,
    source="JAX documentation, jax.numpy.ndarray.at",
    native={
        "torch": lambda x, y: x.scatter_reduce(0, torch.tensor([0, 2]), y, "prod"),
        "jax": lambda x, y: x.at[jnp.array([0, 2])].multiply(y, unique_indices=True),
    },
)
def scatter_multiply_once(xp: Any, x: Any, y: Any) -> Any:
    """Elements multiplied in place, each at most once."""
    return xp.stack([x[0] * y[0], x[1], x[2] * y[1]])


@gradcheck.case(
    name="native.scatter_maximum",
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.7, 0.4]), np.array([0.3, -1.2, 2.0, 0.9]))},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "tensor_scatter_nd_max",
    native={
        "torch": lambda x, y: x.scatter_reduce(0, torch.tensor([0, 2, 0, 1]), y, "amax"),
        "jax": lambda x, y: x.at[jnp.array([0, 2, 0, 1])].max(y),
        "tensorflow": lambda x, y: tf.tensor_scatter_nd_max(x, [[0], [2], [0], [1]], y),
    },
)
def scatter_maximum(xp: Any, x: Any, y: Any) -> Any:
    """Elements replaced by what is larger, one of them by the larger of two."""
    return xp.stack([xp.maximum(x[0], xp.maximum(y[0], y[2])), xp.maximum(x[1], y[3]), xp.maximum(x[2], y[1])])


@gradcheck.case(
    name="native.scatter_update",
    inputs=lambda rng: {"ordinary": (_SIX, np.array([1.5, -0.7]))},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "tensor_scatter_nd_update",
    native={
        "torch": lambda x, y: x.index_put((torch.tensor([4, 1]),), y) ** 2,
        "jax": lambda x, y: x.at[jnp.array([4, 1])].set(y) ** 2,
        "tensorflow": lambda x, y: tf.tensor_scatter_nd_update(x, [[4], [1]], y) ** 2,
    },
)
def scatter_update(xp: Any, x: Any, y: Any) -> Any:
    """Squares of elements, two of which have been replaced."""
    return xp.stack([x[0], y[1], x[2], x[3], y[0], x[5]]) ** 2


@gradcheck.case(
    name="native.merge_with_repeated_indices",
    inputs=lambda rng: {"ordinary": (np.array([1.5, -0.7, 0.4]), np.array([0.3, -1.2]))},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TF + "dynamic_stitch",
    native={
        "torch": lambda x, y: (
            torch.zeros(4, dtype=x.dtype)
            .index_copy(0, torch.tensor([0, 1, 3]), x)
            .index_copy(0, torch.tensor([1, 2]), y)
            ** 2
        ),
        "jax": lambda x, y: jnp.zeros(4).at[jnp.array([0, 1, 3])].set(x).at[jnp.array([1, 2])].set(y) ** 2,
        "tensorflow": lambda x, y: tf.dynamic_stitch([[0, 1, 3], [1, 2]], [x, y]) ** 2,
    },
)
def merge_with_repeated_indices(xp: Any, x: Any, y: Any) -> Any:
    """Squares of two arrays merged by index; where both have one, the second wins."""
    return xp.stack([x[0], y[0], y[1], x[2]]) ** 2


@gradcheck.case(
    name="native.update_slice",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE, np.array([[1.5, -0.7]]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source="JAX documentation, jax.lax.dynamic_update_slice",
    native={
        "torch": lambda x, y: torch.cat([x[:1], torch.slice_scatter(x[1:], y, 1, 1, 3)]) ** 2,
        "jax": lambda x, y: lax.dynamic_update_slice(x, y, (1, 5)) ** 2,  # a start too large is moved back
        "tensorflow": lambda x, y: tf.tensor_scatter_nd_update(x, [[1, 1], [1, 2]], y[0]) ** 2,
    },
)
def update_slice(xp: Any, x: Any, y: Any) -> Any:
    """Squares of a matrix with a part replaced."""
    return xp.stack([x[0], xp.concatenate([x[1, :1], y[0]])]) ** 2


@gradcheck.case(
    name="native.set_diagonal",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE, np.array([1.5, -0.7]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TF + "linalg.set_diag",
    native={
        "torch": lambda x, y: torch.diagonal_scatter(x, y, offset=1) ** 2,
        "jax": lambda x, y: x.at[jnp.arange(2), jnp.arange(1, 3)].set(y) ** 2,
        "tensorflow": lambda x, y: tf.linalg.set_diag(x, y, k=1) ** 2,
    },
)
def set_diagonal(xp: Any, x: Any, y: Any) -> Any:
    """Squares of a matrix whose first upper diagonal has been replaced."""
    return xp.stack([xp.stack([x[0, 0], y[0], x[0, 2]]), xp.stack([x[1, 0], x[1, 1], y[1]])]) ** 2


@gradcheck.case(
    name="native.strided_update",
    inputs=lambda rng: {"ordinary": (_SIX, np.array([1.5, -0.7]))},
    operators=_VECTOR,
    tags=_TAGS,
    source=_TORCH + "as_strided_scatter",
    native={
        "torch": lambda x, y: torch.as_strided_scatter(x, y, (2,), (2,), 1) ** 2,
        "jax": lambda x, y: x.at[1:4:2].set(y) ** 2,
        "tensorflow": lambda x, y: tf.tensor_scatter_nd_update(x, [[1], [3]], y) ** 2,
    },
)
def strided_update(xp: Any, x: Any, y: Any) -> Any:
    """Squares of elements, two of which, a stride apart, have been replaced."""
    return xp.stack([x[0], y[0], x[2], y[1], x[4], x[5]]) ** 2


# -- gathering, masks and order ----------------------------------------------------------------


@gradcheck.case(
    name="native.gather_with_repeats",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "gather",
    native={
        "torch": lambda x: torch.gather(x, 1, torch.tensor([[2, 0, 2, 2], [1, 1, 0, 2]])) ** 2,
        "jax": lambda x: jnp.take_along_axis(x, jnp.array([[2, 0, 2, 2], [1, 1, 0, 2]]), 1) ** 2,
        "tensorflow": lambda x: tf.gather(x, [[2, 0, 2, 2], [1, 1, 0, 2]], batch_dims=1) ** 2,
    },
)
def gather_with_repeats(xp: Any, x: Any) -> Any:
    """Squares of elements taken from each row, some of them several times."""
    first, second = x[0], x[1]
    rows = [xp.stack([first[2], first[0], first[2], first[2]]), xp.stack([second[1], second[1], second[0], second[2]])]
    return xp.stack(rows) ** 2


@gradcheck.case(
    name="native.masked_select",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE, np.array([1.5, -0.7, 0.4]))},
    operators=_VECTOR,
    tags=[*_TAGS, "broadcasting"],
    source=_TORCH + "masked_select",
    native={
        "torch": lambda x, y: torch.masked_select(x * y, torch.tensor([True, False, True])),
        "jax": lambda x, y: (x * y)[:, np.array([True, False, True])].reshape(-1),
        "tensorflow": lambda x, y: tf.reshape(tf.boolean_mask(x * y, [True, False, True], axis=1), [4]),
    },
)
def masked_select(xp: Any, x: Any, y: Any) -> Any:
    """Products of the columns that a mask keeps."""
    return xp.ravel(xp.stack([x[:, 0] * y[0], x[:, 2] * y[2]], axis=1))


@gradcheck.case(
    name="native.masked_scatter",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE, np.array([1.5, -0.7, 0.4]))},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "Tensor.masked_scatter",
    native={
        "torch": lambda x, y: x.masked_scatter(torch.tensor([[True, False, True], [False, False, True]]), y) ** 2,
        "jax": lambda x, y: jnp.place(x, np.array([[True, False, True], [False, False, True]]), y, inplace=False) ** 2,
        "tensorflow": lambda x, y: tf.tensor_scatter_nd_update(x, [[0, 0], [0, 2], [1, 2]], y) ** 2,
    },
)
def masked_scatter(xp: Any, x: Any, y: Any) -> Any:
    """Squares of a matrix whose masked elements have been replaced in order."""
    return xp.stack([xp.stack([y[0], x[0, 1], y[1]]), xp.stack([x[1, 0], x[1, 1], y[2]])]) ** 2


@gradcheck.case(
    name="native.top_k",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,), "close": (np.array([[0.3, 0.3 + 1e-9, 2.0], [0.9, 1.4, -0.6]]),)},
    operators=_VECTOR,
    tags=_MATRIX,
    double_only=["close"],
    source=_TORCH + "topk",
    native={
        "torch": lambda x: torch.topk(x, 2).values ** 2,
        "jax": lambda x: lax.top_k(x, 2)[0] ** 2,
        "tensorflow": lambda x: tf.math.top_k(x, 2).values ** 2,
    },
)
def top_k(xp: Any, x: Any) -> Any:
    """Squares of the two largest elements of each row, descending."""
    ranked = xp.sort(x, axis=1)
    return xp.stack([ranked[:, 2], ranked[:, 1]], axis=1) ** 2


@gradcheck.case(
    name="native.sort_descending",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "sort",
    native={
        "torch": lambda x: torch.sort(x, dim=0, descending=True, stable=True).values ** 2,
        "jax": lambda x: jnp.sort(x, axis=0, descending=True) ** 2,
        "tensorflow": lambda x: tf.sort(x, axis=0, direction="DESCENDING") ** 2,
    },
)
def sort_descending(xp: Any, x: Any) -> Any:
    """Squares of columns, sorted from the largest."""
    return xp.stack([xp.maximum(x[0], x[1]), xp.minimum(x[0], x[1])]) ** 2


@gradcheck.case(
    name="native.interpolation",
    inputs=lambda rng: {
        "ordinary": (np.array([0.2, 1.1, 2.7]), np.array([-0.5, 0.6, 1.8, 3.0]), np.array([1.5, -0.7, 0.4, 2.2])),
        "outside": (np.array([-3.0, 1.1, 9.0]), np.array([-0.5, 0.6, 1.8, 3.0]), np.array([1.5, -0.7, 0.4, 2.2])),
    },
    operators=_VECTOR,
    tags=[*_TAGS, "parameters"],
    source="NumPy Reference, numpy.interp",
    native={
        "torch": lambda x, knots, values: _interpolated(torch, x, knots, values),
        "jax": lambda x, knots, values: jnp.interp(x, knots, values),
        "tensorflow": lambda x, knots, values: _interpolated_tensor(x, knots, values),
    },
)
def interpolation(xp: Any, x: Any, knots: Any, values: Any) -> Any:
    """Linear interpolation, constant outside, by point, knots and values."""
    shares = (xp.expand_dims(x, 1) - knots[:3]) / (knots[1:] - knots[:3])
    parts = xp.minimum(xp.maximum(shares, 0.0), 1.0)
    return values[0] + xp.matmul(parts, values[1:] - values[:3])


def _interpolated(library: Any, x: Any, knots: Any, values: Any) -> Any:
    right = library.searchsorted(knots.detach().contiguous(), x.detach().contiguous()).clamp(1, 3)
    low, high = knots[right - 1], knots[right]
    return library.lerp(values[right - 1], values[right], ((x - low) / (high - low)).clamp(0, 1))


def _interpolated_tensor(x: Any, knots: Any, values: Any) -> Any:
    right = tf.clip_by_value(tf.searchsorted(knots, x), 1, 3)
    low, high = tf.gather(knots, right - 1), tf.gather(knots, right)
    share = tf.clip_by_value((x - low) / (high - low), 0, 1)
    return tf.gather(values, right - 1) * (1 - share) + tf.gather(values, right) * share


# -- repeats, rolls and padding ----------------------------------------------------------------


@gradcheck.case(
    name="native.repeat_by_counts",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source=_TORCH + "repeat_interleave",
    native={
        "torch": lambda x: torch.repeat_interleave(x, torch.tensor([2, 0, 3]), dim=1) ** 2,
        "jax": lambda x: jnp.repeat(x, np.array([2, 0, 3]), axis=1, total_repeat_length=5) ** 2,
        "tensorflow": lambda x: tf.repeat(x, [2, 0, 3], axis=1) ** 2,
    },
)
def repeat_by_counts(xp: Any, x: Any) -> Any:
    """Squares of columns, each repeated by its own count."""
    return xp.stack([x[:, 0], x[:, 0], x[:, 2], x[:, 2], x[:, 2]], axis=1) ** 2


@gradcheck.case(
    name="native.reflecting_pad",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.pad",
    native={
        "torch": lambda x: F.pad(x, (2, 1), mode="reflect") ** 2,
        "jax": lambda x: jnp.pad(x, ((0, 0), (2, 1)), mode="reflect") ** 2,
        "tensorflow": lambda x: tf.pad(x, [[0, 0], [2, 1]], mode="REFLECT") ** 2,
    },
)
def reflecting_pad(xp: Any, x: Any) -> Any:
    """Squares of rows continued by their reflection, without the edge."""
    return xp.concatenate([x[:, 2:], x[:, 1:2], x, x[:, 1:2]], axis=1) ** 2


@gradcheck.case(
    name="native.symmetric_pad",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.pad",
    native={
        "jax": lambda x: jnp.pad(x, ((1, 0), (2, 1)), mode="symmetric") ** 2,
        "tensorflow": lambda x: tf.pad(x, [[1, 0], [2, 1]], mode="SYMMETRIC") ** 2,
    },
)
def symmetric_pad(xp: Any, x: Any) -> Any:
    """Squares of a matrix continued by its reflection, with the edge."""
    wide = xp.concatenate([x[:, 1:2], x[:, :1], x, x[:, 2:]], axis=1)
    return xp.concatenate([wide[:1], wide]) ** 2


@gradcheck.case(
    name="native.circular_pad",
    inputs=lambda rng: {"ordinary": (_TWO_BY_THREE,)},
    operators=_VECTOR,
    tags=_MATRIX,
    source="NumPy Reference, numpy.pad",
    native={
        "torch": lambda x: F.pad(x, (2, 1), mode="circular") ** 2,
        "jax": lambda x: jnp.pad(x, ((0, 0), (2, 1)), mode="wrap") ** 2,
        "tensorflow": lambda x: tf.experimental.numpy.take(x, [1, 2, 0, 1, 2, 0], axis=1) ** 2,
    },
)
def circular_pad(xp: Any, x: Any) -> Any:
    """Squares of rows continued from their other end."""
    return xp.concatenate([x[:, 1:], x, x[:, :1]], axis=1) ** 2
