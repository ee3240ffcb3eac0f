"""SymPy behind gradcheck's backend interface."""

from gradcheck_sympy.adapter import SympyBackend, backpropagation
from gradcheck_sympy.backpropagation import Node

__all__ = ["Node", "SympyBackend", "backpropagation"]
