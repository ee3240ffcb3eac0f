from typing import ClassVar

from gradcheck.operators import Operator
from gradcheck.testing import BackendConformance

EVERYTHING = tuple(Operator)
ORDER_OF_SYMBOLS = {"argmax": EVERYTHING, "argmin": EVERYTHING, "argsort": EVERYTHING}


class TestSympy(BackendConformance):
    engines = ("sympy", "sympy:backprop", "sympy:precise")
    unsupported: ClassVar = {
        "sympy": ORDER_OF_SYMBOLS,
        "sympy:precise": ORDER_OF_SYMBOLS,
        "sympy:backprop": {**ORDER_OF_SYMBOLS, "*": (Operator.HESSIAN, Operator.HVP)},
    }
