"""Activations of neural networks, by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import F, jax, tf


@gradcheck.case(
    name="native.gelu",
    inputs=lambda rng: {
        "ordinary": (np.array([-1.3, 0.4, 2.1]),),
        "small": (np.array([-1e-5, 1e-4, 2e-8]),),
        "saturated": (np.array([-9.5, 8.0, 12.5]),),
    },
    tags=["native", "activations", "vector"],
    source="Hendrycks and Gimpel (2016), Gaussian Error Linear Units, arXiv:1606.08415",
    native={
        "torch": lambda x: F.gelu(x),
        "jax": lambda x: jax.nn.gelu(x, approximate=False),
        "tensorflow": lambda x: tf.nn.gelu(x),
    },
)
def gelu(xp: Any, x: Any) -> Any:
    """x times the normal distribution function."""
    return x * xp.special.ndtr(x)
