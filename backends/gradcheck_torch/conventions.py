"""PyTorch's own functions at the edge points of `gradcheck.conventions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "relu": torch.relu,
    "relu6": torch.nn.functional.relu6,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.nn.functional.selu,
    "hardtanh": torch.nn.functional.hardtanh,
    "round": torch.round,
    "softplus": torch.nn.functional.softplus,
    "largest": lambda x: torch.max(x, dim=0).values,
    "cumulative_maximum": lambda x: torch.cummax(x, dim=0).values[2],
    "remainder": lambda x: torch.remainder(x, 3.0),
}
"""By the keys of the edge points; slopes and limits are the frameworks' defaults."""
