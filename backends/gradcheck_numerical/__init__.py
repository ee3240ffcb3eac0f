"""Finite differences and the complex step, on NumPy or on any other framework's forward."""

from gradcheck_numerical.adapter import NumericalBackend

__all__ = ["NumericalBackend"]
