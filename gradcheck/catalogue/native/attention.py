"""Attention, embeddings and bilinear layers, by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.catalogue.native._kernels import half_squares, tensor_half_squares
from gradcheck.frameworks import F, jax, jnp, tf, torch

_TORCH = "PyTorch documentation, torch.nn."
_VASWANI = "Vaswani et al. (2017), Attention Is All You Need, arXiv:1706.03762"

_TAGS = ("native", "attention", "scalar")
_OPERATORS = ("gradient",)

_QUERY = np.array([[0.3, -1.2], [2.1, 0.4], [-0.6, 0.9]])
_KEY = np.array([[0.8, -0.9], [0.4, 1.4], [-1.7, 0.1]])
_VALUE = np.array([[1.1, -0.3], [0.7, 2.2], [-1.4, 0.6]])


def _attended(xp: Any, query: Any, key: Any, value: Any, scale: float, bias: Any = 0.0) -> Any:
    """Return the values averaged by the softmax of each query's products with the keys."""
    return xp.special.softmax(scale * (query @ xp.transpose(key)) + bias, axis=-1) @ value


@gradcheck.case(
    name="native.attention",
    inputs=lambda rng: {
        "ordinary": (_QUERY, _KEY, _VALUE),
        "sharp": (4.0 * _QUERY, 3.0 * _KEY, _VALUE),
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_VASWANI,
    native={
        "torch": lambda q, k, v: half_squares(
            torch, F.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None])
        ),
        "jax": lambda q, k, v: half_squares(jnp, jax.nn.dot_product_attention(q[:, None], k[:, None], v[:, None])),
        "tensorflow": lambda q, k, v: tensor_half_squares(
            tf.keras.ops.dot_product_attention(q[None, :, None], k[None, :, None], v[None, :, None])
        ),
    },
)
def attention(xp: Any, q: Any, k: Any, v: Any) -> Any:
    """Scaled dot-product attention of one head."""
    return half_squares(xp, _attended(xp, q, k, v, 2.0**-0.5))


@gradcheck.case(
    name="native.attention_with_scale",
    inputs=lambda rng: {"ordinary": (_QUERY, _KEY, _VALUE)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "functional.scaled_dot_product_attention",
    native={
        "torch": lambda q, k, v: half_squares(
            torch, F.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None], scale=0.3)
        ),
        "tensorflow": lambda q, k, v: tensor_half_squares(
            tf.keras.ops.dot_product_attention(q[None, :, None], k[None, :, None], v[None, :, None], scale=0.3)
        ),
    },
)
def attention_with_scale(xp: Any, q: Any, k: Any, v: Any) -> Any:
    """Attention whose scale is given."""
    return half_squares(xp, _attended(xp, q, k, v, 0.3))


@gradcheck.case(
    name="native.causal_attention",
    inputs=lambda rng: {"ordinary": (_QUERY, _KEY, _VALUE)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_VASWANI,
    native={
        "torch": lambda q, k, v: half_squares(
            torch,
            F.scaled_dot_product_attention(q[None, None], k[None, None], v[None, None], is_causal=True, scale=0.5),
        ),
        "jax": lambda q, k, v: half_squares(
            jnp, jax.nn.dot_product_attention(q[:, None], k[:, None], v[:, None], is_causal=True, scale=0.5)
        ),
        "tensorflow": lambda q, k, v: tensor_half_squares(
            tf.keras.ops.dot_product_attention(
                q[None, :, None], k[None, :, None], v[None, :, None], is_causal=True, scale=0.5
            )
        ),
    },
)
def causal_attention(xp: Any, q: Any, k: Any, v: Any) -> Any:
    """Attention to the past alone."""
    future = xp.asarray(np.triu(np.full((3, 3), -1e30), 1))
    return half_squares(xp, _attended(xp, q, k, v, 0.5, future))


@gradcheck.case(
    name="native.biased_attention",
    inputs=lambda rng: {
        "ordinary": (_QUERY, _KEY, _VALUE, np.array([[0.4, -1.0, 0.2], [0.7, 0.1, -0.6], [-0.3, 0.9, 1.2]]))
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "functional.scaled_dot_product_attention",
    native={
        "torch": lambda q, k, v, b: half_squares(
            torch,
            F.scaled_dot_product_attention(
                q[None, None], k[None, None], v[None, None], attn_mask=b[None, None], scale=0.5
            ),
        ),
        "jax": lambda q, k, v, b: half_squares(
            jnp, jax.nn.dot_product_attention(q[:, None], k[:, None], v[:, None], bias=b[None], scale=0.5)
        ),
        "tensorflow": lambda q, k, v, b: tensor_half_squares(
            tf.keras.ops.dot_product_attention(
                q[None, :, None], k[None, :, None], v[None, :, None], bias=b[None, None], scale=0.5
            )
        ),
    },
)
def biased_attention(xp: Any, q: Any, k: Any, v: Any, b: Any) -> Any:
    """Attention with a learnt bias on its logits."""
    return half_squares(xp, _attended(xp, q, k, v, 0.5, b))


@gradcheck.case(
    name="native.grouped_query_attention",
    inputs=lambda rng: {"ordinary": (np.stack([_QUERY[:2], _QUERY[1:] - 0.2]), _KEY, _VALUE)},
    operators=_OPERATORS,
    tags=_TAGS,
    source="Ainslie et al. (2023), GQA, arXiv:2305.13245",
    native={
        "torch": lambda q, k, v: half_squares(
            torch, F.scaled_dot_product_attention(q[None], k[None, None], v[None, None], scale=0.5, enable_gqa=True)
        ),
        "jax": lambda q, k, v: half_squares(
            jnp, jax.nn.dot_product_attention(jnp.swapaxes(q, 0, 1), k[:, None], v[:, None], scale=0.5)
        ),
    },
)
def grouped_query_attention(xp: Any, q: Any, k: Any, v: Any) -> Any:
    """Two heads of queries that share keys and values."""
    return half_squares(xp, _attended(xp, xp.reshape(q, (4, 2)), k, v, 0.5))


# -- embeddings --------------------------------------------------------------------------------

_TABLE = np.array([[0.3, -1.2], [2.1, 0.4], [-0.6, 0.9], [1.7, -0.5]])
_WORDS = np.array([2, 0, 2, 3, 2])
_BAGS = np.array([0, 0, 1, 1, 1])


@gradcheck.case(
    name="native.embedding",
    inputs=lambda rng: {
        "ordinary": (_TABLE, np.array([[0.5, -1.25], [2.0, -0.75], [1.5, 0.8], [1.1, -0.3], [-1.4, 0.6]]))
    },
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Embedding",
    native={
        "torch": lambda table, w: torch.sum(w * F.embedding(torch.tensor(_WORDS), table) ** 2),
        "jax": lambda table, w: jnp.sum(w * jnp.take(table, _WORDS, axis=0) ** 2),
        "tensorflow": lambda table, w: tf.reduce_sum(w * tf.nn.embedding_lookup(table, _WORDS) ** 2),
    },
)
def embedding(xp: Any, table: Any, w: Any) -> Any:
    """Rows of a table, one of them three times and one never."""
    return xp.sum(w * (xp.asarray(np.eye(4)[_WORDS]) @ table) ** 2)


@gradcheck.case(
    name="native.embedding_bag",
    inputs=lambda rng: {"ordinary": (_TABLE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "EmbeddingBag",
    native={
        "torch": lambda table: half_squares(
            torch, F.embedding_bag(torch.tensor(_WORDS), table, offsets=torch.tensor([0, 2]), mode="sum")
        ),
        "jax": lambda table: half_squares(jnp, jax.ops.segment_sum(table[_WORDS], _BAGS, num_segments=2)),
        "tensorflow": lambda table: tensor_half_squares(
            tf.math.segment_sum(tf.nn.embedding_lookup(table, _WORDS), _BAGS)
        ),
    },
)
def embedding_bag(xp: Any, table: Any) -> Any:
    """Sums of the rows of two bags of words."""
    return half_squares(xp, xp.asarray(np.eye(2)[_BAGS].T @ np.eye(4)[_WORDS]) @ table)


@gradcheck.case(
    name="native.embedding_bag_mean",
    inputs=lambda rng: {"ordinary": (_TABLE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "EmbeddingBag",
    native={
        "torch": lambda table: half_squares(
            torch, F.embedding_bag(torch.tensor(_WORDS), table, offsets=torch.tensor([0, 2]), mode="mean")
        ),
        "tensorflow": lambda table: tensor_half_squares(
            tf.math.segment_mean(tf.nn.embedding_lookup(table, _WORDS), _BAGS)
        ),
    },
)
def embedding_bag_mean(xp: Any, table: Any) -> Any:
    """Means of the rows of two bags of words."""
    shares = np.eye(2)[_BAGS].T @ np.eye(4)[_WORDS] / np.array([[2.0], [3.0]])
    return half_squares(xp, xp.asarray(shares) @ table)


@gradcheck.case(
    name="native.embedding_bag_max",
    inputs=lambda rng: {"ordinary": (_TABLE,)},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "EmbeddingBag",
    native={
        "torch": lambda table: half_squares(
            torch, F.embedding_bag(torch.tensor([2, 0, 1, 3]), table, offsets=torch.tensor([0, 2]), mode="max")
        ),
        "jax": lambda table: half_squares(
            jnp, jax.ops.segment_max(table[np.array([2, 0, 1, 3])], np.array([0, 0, 1, 1]), num_segments=2)
        ),
        "tensorflow": lambda table: tensor_half_squares(
            tf.math.segment_max(tf.gather(table, [2, 0, 1, 3]), [0, 0, 1, 1])
        ),
    },
)
def embedding_bag_max(xp: Any, table: Any) -> Any:
    """Largest elements of the rows of two bags of words."""
    return half_squares(xp, xp.stack([xp.maximum(table[2], table[0]), xp.maximum(table[1], table[3])]))


# -- layers ------------------------------------------------------------------------------------


@gradcheck.case(
    name="native.linear",
    inputs=lambda rng: {"ordinary": (_KEY, _TABLE, np.array([0.4, -0.2, 0.7, 1.1]))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Linear",
    native={
        "torch": lambda x, a, b: half_squares(torch, F.linear(x, a, b)),
        "jax": lambda x, a, b: half_squares(jnp, jax.lax.dot_general(x, a, (((1,), (1,)), ((), ()))) + b),
        "tensorflow": lambda x, a, b: tensor_half_squares(tf.nn.bias_add(tf.linalg.matmul(x, a, transpose_b=True), b)),
    },
)
def linear(xp: Any, x: Any, a: Any, b: Any) -> Any:
    """Affine layer."""
    return half_squares(xp, x @ xp.transpose(a) + b)


@gradcheck.case(
    name="native.bilinear",
    inputs=lambda rng: {"ordinary": (_QUERY, _KEY[:, :1] * [1.0, -0.5, 2.0], rng.normal(size=(2, 2, 3)).round(2))},
    operators=_OPERATORS,
    tags=_TAGS,
    source=_TORCH + "Bilinear",
    native={
        "torch": lambda x, y, a: half_squares(torch, F.bilinear(x, y, a)),
        "jax": lambda x, y, a: half_squares(jnp, jnp.einsum("ni,oij,nj->no", x, a, y)),
        "tensorflow": lambda x, y, a: tensor_half_squares(tf.einsum("ni,oij,nj->no", x, a, y)),
    },
)
def bilinear(xp: Any, x: Any, y: Any, a: Any) -> Any:
    """Layer that is linear in each of two inputs."""
    left = xp.einsum("ni,oij->noj", x, a)
    return half_squares(xp, xp.sum(left * y[:, None, :], axis=-1))
