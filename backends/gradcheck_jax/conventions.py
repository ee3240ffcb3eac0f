"""JAX's own functions at the edge points of `gradcheck.conventions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "hardtanh": jax.nn.hard_tanh,
    "round": jnp.round,
    "softplus": jax.nn.softplus,
    "largest": lambda x: jnp.max(x, axis=0),
    "cumulative_maximum": lambda x: jax.lax.cummax(x)[2],
    "remainder": lambda x: jnp.remainder(x, 3.0),
}
"""By the keys of the edge points; slopes and limits are the frameworks' defaults."""
