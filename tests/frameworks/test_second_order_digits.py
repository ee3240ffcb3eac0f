"""Second derivatives that a formula loses digits of: no right one is blamed, a wrong one is not excused."""

import numpy as np
import pytest

from gradcheck import Status, check

torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

WEIGHTS = torch.tensor([1.0, -0.5, 0.75, 2.0])


def weighted(values):
    return torch.sum(values * WEIGHTS.to(values.dtype)[: len(values)])


def gelu(x):
    return weighted(0.5 * x * (1 + torch.erf(x / 2**0.5)))


def log_sum_exp(x):
    return torch.logsumexp(x, 0)


def growth(x):
    return weighted((torch.exp(x) - 1) / x)


def determinant(a):
    return torch.linalg.det(a)


def cross_entropy(x):
    return -torch.log_softmax(x, 0)[0]


NEARLY_SINGULAR = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0 + 1e-9]])
SATURATED = [
    pytest.param(log_sum_exp, np.array([170.07628, -150.49538, 181.84094, -89.37502]), "float32", id="one-ulp-apart"),
    pytest.param(log_sum_exp, np.array([63.1, 25.9, 20.3, 11.7]), "float64", id="37-apart"),
    pytest.param(gelu, np.array([-7.73233, 4.40594, 4.53253, -6.50877]), "float64", id="gelu-tail"),
    pytest.param(gelu, np.array([-9.1, -4.2, -5.3, -6.4]), "float64", id="gelu-far-tail"),
    pytest.param(growth, np.array([1e-4, -3e-4, 0.5, 2e-5]), "float64", id="exp-minus-one"),
    pytest.param(determinant, NEARLY_SINGULAR, "float64", id="nearly-singular"),
    pytest.param(cross_entropy, np.array([45.07947, -0.65074, -0.08956, 1.41425]), "float64", id="flat"),
    pytest.param(cross_entropy, np.array([40.94219, -1.75554, 0.49516, 0.26191]), "float32", id="stairs"),
]


def with_second_derivative_times(f, factor):
    """Return a function with the right value and gradient, whose second derivative is a multiple of the right one."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return f(x)

        @staticmethod
        def backward(ctx, c):
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                (g,) = torch.autograd.grad(f(x), x, create_graph=True)
            return c * (factor * g + (1 - factor) * g.detach())

    return Rule.apply


@pytest.mark.parametrize(("f", "x", "dtype"), SATURATED)
def test_no_right_second_derivative_is_blamed(f, x, dtype):
    found = check({"torch": f}, x, operator="hessian", dtype=dtype).verdict("torch", "hessian")
    assert found.status in (Status.AGREE, Status.IMPRECISE, Status.INCONCLUSIVE), found.evidence.reason


@pytest.mark.parametrize(("f", "x", "dtype"), SATURATED)
@pytest.mark.parametrize("factor", [-1.0, 0.5, 1.5])
def test_a_wrong_one_does_not_pass(f, x, dtype, factor):
    report = check({"torch": with_second_derivative_times(f, factor)}, x, operator="hessian", dtype=dtype)
    assert not report, str(report)
