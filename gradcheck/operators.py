"""The operators that an engine computes."""

from __future__ import annotations

from enum import StrEnum


class Operator(StrEnum):
    """What is computed of a function f at a point x, by the field's standard names.

    With inputs of shapes ``S`` and outputs of shapes ``T``: ``value`` is f(x), shape ``T``;
    ``gradient`` is of a scalar function, shape ``S``; ``jacobian`` has shape ``T + S``;
    ``jvp`` is J v, shape ``T``; ``vjp`` is u^T J, shape ``S``; ``hessian`` is of a scalar
    function, shape ``S + S``; ``hvp`` is H v, shape ``S``.
    """

    VALUE = "value"
    GRADIENT = "gradient"
    JACOBIAN = "jacobian"
    JVP = "jvp"
    VJP = "vjp"
    HESSIAN = "hessian"
    HVP = "hvp"

    @property
    def order(self) -> int:
        """How many derivatives are taken."""
        if self is Operator.VALUE:
            return 0
        return 2 if self in (Operator.HESSIAN, Operator.HVP) else 1

    @property
    def scalar(self) -> bool:
        """Whether the function must have one 0-d output."""
        return self in (Operator.GRADIENT, Operator.HESSIAN, Operator.HVP)

    @property
    def seed(self) -> str | None:
        """What is multiplied with: a ``"tangent"`` like the inputs, a ``"cotangent"`` like the outputs."""
        if self in (Operator.JVP, Operator.HVP):
            return "tangent"
        return "cotangent" if self is Operator.VJP else None
