"""JAX: jitted and eager reverse mode, forward mode."""

from gradcheck_jax.adapter import JaxBackend

__all__ = ["JaxBackend"]
