"""The edge points of functions of which each framework has its own, beside a portable definition.

Slopes and limits are PyTorch's defaults, where the frameworks' own differ.
"""

from __future__ import annotations

import numpy as np

from gradcheck.conventions.edges import own
from gradcheck.frameworks import F, jax, jnp, jsp, lax, tf, torch

_NUMPY = "NumPy Reference, numpy."
_TORCH = "PyTorch documentation, torch.nn."
_FUNCTIONAL = "PyTorch documentation, torch.nn.functional."

_KINK = "a kink: any number between the slopes is a subgradient"
_MEETS = "smooth, where two pieces meet"
_STEP = "a jump; the gradient on either side is 0"
_TIE = "a tie: shares of one in all"

# -- activations ---------------------------------------------------------------------------------

own(
    "relu(x)", "kink", _KINK, _TORCH + "ReLU", lambda xp, x: xp.maximum(x, 0.0),
    {"torch": lambda x: torch.relu(x), "jax": lambda x: jax.nn.relu(x), "tensorflow": lambda x: tf.nn.relu(x)}, x=0,
)  # fmt: skip
for _x in (0, 6):
    own(
        "relu6(x)", "kink", _KINK, _TORCH + "ReLU6", lambda xp, x: xp.clip(x, 0.0, 6.0),
        {"torch": lambda x: F.relu6(x), "jax": lambda x: jax.nn.relu6(x), "tensorflow": lambda x: tf.nn.relu6(x)}, x=_x,
    )  # fmt: skip
own(
    "leaky_relu(x)", "kink", _KINK, _TORCH + "LeakyReLU", lambda xp, x: xp.where(x > 0.0, x, 0.01 * x),
    {
        "torch": lambda x: F.leaky_relu(x),
        "jax": lambda x: jax.nn.leaky_relu(x),
        "tensorflow": lambda x: tf.nn.leaky_relu(x, alpha=0.01),
    },
    x=0,
)  # fmt: skip
own(
    "elu(x)", "composed", "smooth for alpha = 1", _TORCH + "ELU", lambda xp, x: xp.where(x > 0.0, x, xp.expm1(x)),
    {"torch": lambda x: F.elu(x), "jax": lambda x: jax.nn.elu(x), "tensorflow": lambda x: tf.nn.elu(x)}, x=0,
)  # fmt: skip
own(
    "celu(x, 2)", "composed", _MEETS, _TORCH + "CELU",
    lambda xp, x: xp.where(x > 0.0, x, 2.0 * xp.expm1(x / 2.0)),
    {"torch": lambda x: F.celu(x, 2.0), "jax": lambda x: jax.nn.celu(x, 2.0)}, x=0,
)  # fmt: skip
own(
    "selu(x)", "kink", _KINK, _TORCH + "SELU",
    lambda xp, x: 1.0507009873554805 * xp.where(x > 0.0, x, 1.6732632423543772 * xp.expm1(x)),
    {"torch": lambda x: F.selu(x), "jax": lambda x: jax.nn.selu(x), "tensorflow": lambda x: tf.nn.selu(x)}, x=0,
)  # fmt: skip
for _x in (-1, 1):
    own(
        "hardtanh(x)", "kink", _KINK, _TORCH + "Hardtanh", lambda xp, x: xp.clip(x, -1.0, 1.0),
        {"torch": lambda x: F.hardtanh(x), "jax": lambda x: jax.nn.hard_tanh(x)}, x=_x,
    )  # fmt: skip
for _x in (-3, 3):
    own(
        "hardsigmoid(x)", "kink", _KINK, _TORCH + "Hardsigmoid", lambda xp, x: xp.clip(x / 6.0 + 0.5, 0.0, 1.0),
        {"torch": lambda x: F.hardsigmoid(x), "jax": lambda x: jax.nn.hard_sigmoid(x)}, x=_x,
    )  # fmt: skip
    own(
        "hardswish(x)", "kink", _KINK, _TORCH + "Hardswish", lambda xp, x: x * xp.clip(x / 6.0 + 0.5, 0.0, 1.0),
        {"torch": lambda x: F.hardswish(x), "jax": lambda x: jax.nn.hard_swish(x)}, x=_x,
    )  # fmt: skip
own(
    "softplus(x)", "saturation", "the slope is 1", _TORCH + "Softplus", lambda xp, x: xp.logaddexp(x, 0.0),
    {"torch": lambda x: F.softplus(x), "jax": lambda x: jax.nn.softplus(x), "tensorflow": lambda x: tf.nn.softplus(x)},
    x=1000,
)  # fmt: skip
for _x in (-800, 800):
    own(
        "log_sigmoid(x)", "saturation", "the slope is 1 or underflows to 0", _TORCH + "LogSigmoid",
        lambda xp, x: -xp.logaddexp(-x, 0.0),
        {
            "torch": lambda x: F.logsigmoid(x),
            "jax": lambda x: jax.nn.log_sigmoid(x),
            "tensorflow": lambda x: tf.math.log_sigmoid(x),
        },
        x=_x,
    )  # fmt: skip
own(
    "gelu(x)", "saturation", "1 + erf(x / sqrt(2)) cancels", _TORCH + "GELU", lambda xp, x: x * xp.special.ndtr(x),
    {
        "torch": lambda x: F.gelu(x),
        "jax": lambda x: jax.nn.gelu(x, approximate=False),
        "tensorflow": lambda x: tf.nn.gelu(x),
    },
    x=-9.5,
)  # fmt: skip
own(
    "silu(x)", "saturation", "the slope underflows to 0", _TORCH + "SiLU", lambda xp, x: x * xp.special.expit(x),
    {"torch": lambda x: F.silu(x), "jax": lambda x: jax.nn.silu(x), "tensorflow": lambda x: tf.nn.silu(x)}, x=-800,
)  # fmt: skip
own(
    "softsign(x)", "composed", "smooth, though abs(x) is not", _TORCH + "Softsign", lambda xp, x: x / (1.0 + xp.abs(x)),
    {"torch": lambda x: F.softsign(x), "jax": lambda x: jax.nn.soft_sign(x), "tensorflow": lambda x: tf.nn.softsign(x)},
    x=0,
)  # fmt: skip

# -- losses --------------------------------------------------------------------------------------

own(
    "huber(x, 0)", "composed", "smooth, where the pieces meet", "Huber (1964), Ann. Math. Statist. 35, 73-101",
    lambda xp, x: xp.where(xp.abs(x) <= 1.0, 0.5 * x * x, xp.abs(x) - 0.5),
    {
        "torch": lambda x: F.huber_loss(x, torch.zeros_like(x)),
        "tensorflow": lambda x: tf.keras.losses.huber(tf.zeros((1,), x.dtype), tf.reshape(x, (1,))),
    },
    x=1,
)  # fmt: skip
own(
    "l1_loss(x, 2)", "kink", _KINK, _FUNCTIONAL + "l1_loss", lambda xp, x: xp.abs(x - 2.0),
    {
        "torch": lambda x: F.l1_loss(x, 2.0 * torch.ones_like(x)),
        "jax": lambda x: jnp.abs(x - 2.0),
        "tensorflow": lambda x: tf.math.abs(tf.math.subtract(x, tf.constant(2.0, x.dtype))),
    },
    x=2,
)  # fmt: skip
own(
    "kl_div(log(q), p)", "power", "0 by definition: p log(p) with p = 0", _FUNCTIONAL + "kl_div",
    lambda xp, p: xp.special.xlogy(p, p) - p * xp.log(xp.asarray(0.5)),
    {
        "torch": lambda p: F.kl_div(torch.full_like(p, 0.5).log(), p, reduction="sum"),
        "jax": lambda p: jsp.kl_div(p, 0.5) + p - 0.5,
    },
    p=0,
)  # fmt: skip
own(
    "binary_cross_entropy_with_logits(x, 1)", "saturation", "the slope is -1", _FUNCTIONAL + "binary_cross_entropy",
    lambda xp, x: xp.logaddexp(-x, 0.0),
    {
        "torch": lambda x: F.binary_cross_entropy_with_logits(x, torch.ones_like(x)),
        "tensorflow": lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x),
    },
    x=-800,
)  # fmt: skip

# -- reductions, norms and order -----------------------------------------------------------------

own(
    "max(x, axis=0)", "tie", _TIE, _NUMPY + "max", lambda xp, x: xp.max(x, axis=0),
    {
        "torch": lambda x: torch.max(x, dim=0).values,
        "jax": lambda x: jnp.max(x, axis=0),
        "tensorflow": lambda x: tf.reduce_max(x, axis=0),
    },
    x=[2, 1, 2],
)  # fmt: skip
own(
    "amax(x)", "tie", _TIE, "PyTorch documentation, torch.amax", lambda xp, x: xp.max(x),
    {"torch": lambda x: torch.amax(x), "jax": lambda x: jnp.amax(x), "tensorflow": lambda x: tf.reduce_max(x)},
    x=[3, 3, 3],
)  # fmt: skip
own(
    "cummax(x)[2]", "tie", _TIE, _NUMPY + "maximum", lambda xp, x: xp.maximum(xp.maximum(x[0], x[1]), x[2]),
    {"torch": lambda x: torch.cummax(x, dim=0).values[2], "jax": lambda x: lax.cummax(x)[2]}, x=[1, 2, 2],
)  # fmt: skip
own(
    "topk(x, 2) summed", "tie", _TIE, "PyTorch documentation, torch.topk",
    lambda xp, x: xp.sum(xp.sort(x)[1:]),
    {
        "torch": lambda x: torch.sum(torch.topk(x, 2).values),
        "jax": lambda x: jnp.sum(lax.top_k(x, 2)[0]),
        "tensorflow": lambda x: tf.reduce_sum(tf.math.top_k(x, 2).values),
    },
    x=[1, 2, 1],
)  # fmt: skip
own(
    "max_pool(x, 2)[0]", "tie", _TIE, _TORCH + "MaxPool1d", lambda xp, x: xp.maximum(x[0], x[1]),
    {
        "torch": lambda x: F.max_pool1d(x[None, None], 2)[0, 0, 0],
        "jax": lambda x: lax.reduce_window(x, -np.inf, lax.max, (2,), (2,), "VALID")[0],
        "tensorflow": lambda x: tf.nn.max_pool1d(x[None, :, None], 2, 2, "VALID")[0, 0, 0],
    },
    x=[2, 2],
)  # fmt: skip
own(
    "normalize(x)[0]", "zero", "a jump at the origin; torch and TensorFlow divide by max(norm(x), epsilon)",
    _FUNCTIONAL + "normalize", lambda xp, x: x[0] / xp.maximum(xp.linalg.norm(x), 1e-12),
    {
        "torch": lambda x: F.normalize(x, dim=0)[0],
        "tensorflow": lambda x: tf.math.l2_normalize(x, epsilon=1e-24)[0],
    },
    x=[0, 0],
)  # fmt: skip
own(
    "cosine_similarity(x, (1, 0))", "zero", "a jump at the origin; the frameworks bound the norm from below",
    _FUNCTIONAL + "cosine_similarity", lambda xp, x: x[0] / xp.maximum(xp.linalg.norm(x), 1e-8),
    {"torch": lambda x: F.cosine_similarity(x, torch.eye(2, dtype=x.dtype)[0], dim=0)}, x=[0, 0],
)  # fmt: skip
own(
    "std(x)", "zero", "the spread of equal numbers: the tip of a cone", _NUMPY + "std", lambda xp, x: xp.std(x),
    {
        "torch": lambda x: torch.std(x, correction=0),
        "jax": lambda x: jnp.std(x),
        "tensorflow": lambda x: tf.math.reduce_std(x),
    },
    x=[5, 5],
)  # fmt: skip
own(
    "norm(x)", "zero", "the tip of a cone: any vector of length up to 1 is a subgradient", _NUMPY + "linalg.norm",
    lambda xp, x: xp.linalg.norm(x),
    {
        "torch": lambda x: torch.linalg.vector_norm(x),
        "jax": lambda x: jnp.linalg.norm(x),
        "tensorflow": lambda x: tf.norm(x),
    },
    x=[0, 0, 0],
)  # fmt: skip
own(
    "cumprod(x) summed", "zero", "smooth; a rule that divides by x fails", _NUMPY + "cumprod",
    lambda xp, x: x[0] + x[0] * x[1] + x[0] * x[1] * x[2],
    {
        "torch": lambda x: torch.sum(torch.cumprod(x, 0)),
        "jax": lambda x: jnp.sum(lax.cumprod(x)),
        "tensorflow": lambda x: tf.reduce_sum(tf.math.cumprod(x)),
    },
    x=[0, 0, 3],
)  # fmt: skip
own(
    "logsumexp(x)", "range", "minus infinity is the empty sum", "SciPy Reference, scipy.special.logsumexp",
    lambda xp, x: xp.special.logsumexp(x),
    {
        "torch": lambda x: torch.logsumexp(x, 0),
        "jax": lambda x: jsp.logsumexp(x),
        "tensorflow": lambda x: tf.math.reduce_logsumexp(x),
    },
    x=[-np.inf, 0.5],
)  # fmt: skip

# -- steps ---------------------------------------------------------------------------------------

own(
    "round(x)", "step", _STEP, _NUMPY + "round", lambda xp, x: xp.floor(x + 0.5),
    {"torch": lambda x: torch.round(x), "jax": lambda x: jnp.round(x), "tensorflow": lambda x: tf.round(x)}, x=1.5,
)  # fmt: skip
own(
    "mod(x, 3)", "step", "a jump; the gradient on either side is 1", _NUMPY + "mod",
    lambda xp, x: x - 3.0 * xp.floor(x / 3.0),
    {
        "torch": lambda x: torch.remainder(x, 3.0),
        "jax": lambda x: jnp.remainder(x, 3.0),
        "tensorflow": lambda x: tf.math.floormod(x, tf.constant(3.0, x.dtype)),
    },
    x=6,
)  # fmt: skip
own(
    "heaviside(x, 1/2)", "step", _STEP, _NUMPY + "heaviside", lambda xp, x: 0.5 * (xp.sign(x) + 1.0),
    {
        "torch": lambda x: torch.heaviside(x, torch.full_like(x, 0.5)),
        "jax": lambda x: jnp.heaviside(x, 0.5),
    },
    x=0,
)  # fmt: skip

# -- masked division and logarithms --------------------------------------------------------------

own(
    "divide_no_nan(x, y)", "where", "0 by definition where y = 0", "TensorFlow documentation, tf.math.divide_no_nan",
    lambda xp, x, y: xp.where(y == 0.0, 0.0, x / xp.where(y == 0.0, 1.0, y)),
    {"tensorflow": lambda x, y: tf.math.divide_no_nan(x, y)}, x=2, y=0,
)  # fmt: skip
own(
    "xlogy(x, y)", "power", "smooth", "SciPy Reference, scipy.special.xlogy", lambda xp, x, y: xp.special.xlogy(x, y),
    {
        "torch": lambda x, y: torch.special.xlogy(x, y),
        "jax": lambda x, y: jsp.xlogy(x, y),
        "tensorflow": lambda x, y: tf.math.xlogy(x, y),
    },
    x=0, y=3,
)  # fmt: skip
own(
    "entr(x)", "power", "-x log(x), 0 at 0: the slope is infinite", "SciPy Reference, scipy.special.entr",
    lambda xp, x: -xp.special.xlogy(x, x),
    {"torch": lambda x: torch.special.entr(x), "jax": lambda x: jsp.entr(x)}, x=0,
)  # fmt: skip
