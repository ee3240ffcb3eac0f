"""What one cotangent does not show of a custom rule: each probe catches its mutant, and no right rule."""

import itertools

import numpy as np
import pytest

from gradcheck import Operator, Status, check, discovery

X = np.array([0.4, -1.3, 2.1, 0.9, -0.2])
M = np.array([[0.4, -1.3, 2.1], [0.9, -0.2, 1.7]])


def torch_rule(backward, forward=None):
    """Return x sin x in PyTorch, elementwise; ``backward(torch, x, u, slope)`` is its rule."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (forward or (lambda t, x: x * t.sin(x)))(torch, x)

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            return backward(torch, x, u, torch.sin(x) + x * torch.cos(x))

    return lambda x: Rule.apply(x)


def jax_rule(backward):
    """Return x sin x in JAX with a custom VJP."""
    jnp = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'").numpy
    custom = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'").custom_vjp(lambda x: x * jnp.sin(x))
    custom.defvjp(lambda x: (x * jnp.sin(x), x), lambda x, u: (backward(jnp, x, u, jnp.sin(x) + x * jnp.cos(x)),))
    return custom


def tensorflow_rule(backward):
    """Return x sin x in TensorFlow with a custom gradient."""
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")

    @tf.custom_gradient
    def f(x):
        return x * tf.sin(x), lambda u: backward(tf, x, u, tf.sin(x) + x * tf.cos(x))

    return f


def analytic_rule(backward):
    """Return the VJP of x sin x written by hand in NumPy."""
    return lambda args, u: backward(np, args[0], u, np.sin(args[0]) + args[0] * np.cos(args[0]))


def verdict(function, *inputs, engine="torch", operator=None, **options):
    """Return the verdict on the last operator."""
    report = check(function, *inputs, operator=operator, **options)
    return [v for v in report.verdicts if str(v.engine) == engine][-1]


NONLINEAR = {
    "the absolute value": lambda xp, x, u, slope: xp.abs(u) * slope,
    "the sign": lambda xp, x, u, slope: xp.sign(u) * slope,
    "the square": lambda xp, x, u, slope: u * xp.abs(u) * slope,
    "wrong for large ones": lambda xp, x, u, slope: xp.where(xp.abs(u) > 100, u * (1 + 1e-6), u) * slope,
    "wrong for small ones": lambda xp, x, u, slope: xp.where(xp.abs(u) < 0.01, u * (1 + 1e-6), u) * slope,
    "wrong beyond the unit": lambda xp, x, u, slope: xp.where(xp.abs(u) > 1, u * (1 + 1e-6), u) * slope,
    "wrong for negative ones": lambda xp, x, u, slope: xp.where(u < 0, u * (1 + 1e-6), u) * slope,
}


# -- linear in the cotangent ------------------------------------------------------------------


@pytest.mark.parametrize("backward", NONLINEAR.values(), ids=NONLINEAR)
@pytest.mark.parametrize("scalar", [False, True])
def test_a_torch_rule_that_is_not_linear_in_its_cotangent(backward, scalar):
    rule = torch_rule(backward)
    found = verdict({"torch": (lambda x: rule(x).sum()) if scalar else rule}, X)
    assert found.status is Status.WRONG
    assert found.evidence.tolerance_source == "linear in the cotangent"
    assert "not linear in the cotangent" in found.evidence.reason
    assert found.evidence.difference > found.evidence.tolerance
    assert (found.argument, len(found.index)) == ("x", 1)


@pytest.mark.parametrize("backward", NONLINEAR.values(), ids=NONLINEAR)
def test_a_jax_rule_that_is_not_linear_in_its_cotangent(backward):
    found = verdict({"jax": jax_rule(backward)}, X, engine="jax")
    assert (found.status, found.evidence.tolerance_source) == (Status.WRONG, "linear in the cotangent")


@pytest.mark.parametrize("name", ["the absolute value", "wrong for large ones"])
def test_a_tensorflow_rule_that_is_not_linear_in_its_cotangent(name):
    found = verdict({"tensorflow": tensorflow_rule(NONLINEAR[name])}, X, engine="tensorflow")
    assert (found.status, found.evidence.tolerance_source) == (Status.WRONG, "linear in the cotangent")


@pytest.mark.parametrize("name", ["wrong for large ones", "wrong for small ones"])
def test_a_vjp_written_by_hand_that_is_not_linear(name):
    report = check(lambda x: x * np.sin(x), X, vjp=analytic_rule(NONLINEAR[name]))
    assert {v.status for v in report.verdicts if str(v.engine) == "analytic"} >= {Status.WRONG}
    assert "not linear in the cotangent" in str(report)


def test_a_rule_that_is_homogeneous_but_not_additive():
    backward = lambda t, x, u, slope: u * slope * (1 + 1e-4 * t.sum(u * t.flip(u, (0,))) / t.sum(u * u))  # noqa: E731
    found = verdict({"torch": torch_rule(backward)}, X, operator="jacobian")
    assert found.status is Status.WRONG


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_nonlinear_rule_in_another_precision_and_scale(dtype):
    for s in (1e-8, 1e8):
        rule = torch_rule(
            lambda t, x, u, slope, s=s: s * t.where(t.abs(u) > 100, 1.001 * u, u) * slope,
            lambda t, x, s=s: s * x * t.sin(x),
        )
        found = verdict({"torch": rule}, X, dtype=dtype)
        assert (found.status, found.evidence.tolerance_source) == (Status.WRONG, "linear in the cotangent")


# -- the same twice ---------------------------------------------------------------------------


def test_a_forward_that_is_not_deterministic():
    count = itertools.count()
    f = torch_rule(lambda t, x, u, slope: u * slope, lambda t, x: x * t.sin(x) * (1 + 1e-9 * (next(count) % 7)))
    found = verdict({"torch": f}, X)
    assert found.status is Status.NONDETERMINISTIC
    assert "the forward is not deterministic" in found.evidence.reason


def test_a_backward_that_is_not_deterministic():
    count = itertools.count()
    rule = torch_rule(lambda t, x, u, slope: u * slope * (1 + 1e-14 * 7e3 * (next(count) % 5)))
    found = verdict({"torch": lambda x: 1e3 + rule(x).sum()}, X)
    assert found.status is Status.NONDETERMINISTIC
    assert "the forward" not in found.evidence.reason


def test_a_cotangent_that_is_changed_in_place():
    found = verdict({"torch": torch_rule(lambda t, x, u, slope: u.mul_(2.0) * slope / 2)}, X)
    assert found.status is Status.ERROR
    assert "changed its cotangent in place" in found.evidence.reason
    found = verdict(lambda x: x * np.sin(x), X, vjp=_doubling, engine="analytic", operator="vjp")
    assert "changed its cotangent in place" in found.evidence.reason


def _doubling(args, u):
    u *= 2
    return u / 2 * (np.sin(args[0]) + args[0] * np.cos(args[0]))


def test_a_backward_that_changes_what_was_saved():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.slope = torch.sin(x) + x * torch.cos(x)
            return (x * torch.sin(x)).sum()

        @staticmethod
        def backward(ctx, u):
            ctx.slope *= u
            result = ctx.slope.clone()
            ctx.slope += 1
            return result

    found = verdict({"torch": lambda x: Rule.apply(x)}, X)
    assert found.status is Status.WRONG
    assert "second pass back" in found.evidence.reason


# -- memory, and what needs a gradient --------------------------------------------------------


@pytest.mark.parametrize("name", ["torch", "numerical"])
def test_other_layouts_have_the_same_elements(name):
    if name == "torch":
        pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    backend = discovery.load(name)
    for array, names in [
        (M, {"strided", "transposed"}),
        (X, {"strided"}),
        (np.full((2, 3), 7.0), {"strided", "transposed", "broadcast (stride 0)"}),
        (np.array(2.0), set()),
        (np.zeros((0, 2)), set()),
    ]:
        layouts = backend.layouts(array)
        assert set(layouts) == names
        for laid in layouts.values():
            np.testing.assert_array_equal(backend.to_numpy(laid), array)
            assert not (laid.is_contiguous() if name == "torch" else laid.flags.c_contiguous)


@pytest.mark.parametrize("which", ["x", "u"])
@pytest.mark.parametrize("point", [X, M], ids=["vector", "matrix"])
def test_a_rule_that_is_wrong_for_other_memory_layouts(which, point):
    def backward(t, x, u, slope):
        laid = x if which == "x" else u
        return u * slope * (1.0 if laid.is_contiguous() else 1 + 1e-6)

    found = verdict({"torch": torch_rule(backward)}, point)
    assert found.status is Status.WRONG
    assert "strided" in found.evidence.reason
    assert ("inputs" if which == "x" else "cotangent") in found.evidence.reason


def test_a_rule_that_is_wrong_for_stride_0_only():
    backward = lambda t, x, u, slope: u * slope * (2.0 if 0 in u.stride() else 1.0)  # noqa: E731
    found = verdict({"torch": torch_rule(backward)}, X)
    assert found.status is Status.WRONG
    assert "stride 0" in found.evidence.reason


def test_a_forward_that_is_wrong_for_other_memory_layouts():
    forward = lambda t, x: x * t.sin(x) * (1.0 if x.is_contiguous() else 2.0)  # noqa: E731
    found = verdict({"torch": torch_rule(lambda t, x, u, slope: u * slope, forward)}, M)
    assert found.status is Status.WRONG
    assert "the forward gives another value" in found.evidence.reason


def test_a_rule_by_hand_that_reads_memory():
    def gradient(x):
        flat = np.frombuffer(x.base if x.base is not None else x, x.dtype)[: x.size].reshape(x.shape)
        return np.sin(flat) + flat * np.cos(flat)

    assert verdict(lambda x: np.sum(x * np.sin(x)), X, gradient=gradient, engine="analytic").status is Status.WRONG


def test_a_backward_that_raises_for_other_memory_layouts():
    def backward(t, x, u, slope):
        if not u.is_contiguous():
            raise RuntimeError("expected a contiguous gradient")
        return u * slope

    found = verdict({"torch": torch_rule(backward)}, X)
    assert found.status is Status.ERROR
    assert "expected a contiguous gradient" in found.evidence.reason


def test_a_forward_that_refuses_other_memory_layouts_is_not_wrong():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    assert check({"torch": lambda x: torch.sin(x).sum() + (x.view(-1) ** 2).sum()}, M)


def two(needs):
    """Return sum(x^2 y) in PyTorch; ``needs(needed, gradients)`` decides what its backward returns."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return (x * x * y).sum()

        @staticmethod
        def backward(ctx, u):
            x, y = ctx.saved_tensors
            return needs(ctx.needs_input_grad, (2 * u * x * y, u * x * x))

    return lambda x, y: Rule.apply(x, y)


def test_a_rule_that_is_wrong_where_one_input_alone_needs_a_gradient():
    found = verdict({"torch": two(lambda needed, g: g if all(needed) else (g[0] / 2, g[1]))}, X, X + 1)
    assert (found.status, found.argument) == (Status.WRONG, "x")
    assert "x alone needs a gradient" in found.evidence.reason


def test_a_rule_that_raises_where_one_input_alone_needs_a_gradient():
    def needs(needed, gradients):
        if not all(needed):
            raise ValueError("both, please")
        return gradients

    found = verdict({"torch": two(needs)}, X, X + 1)
    assert found.status is Status.ERROR
    assert "alone needs a gradient" in found.evidence.reason
    assert "both, please" in found.evidence.reason


def test_a_rule_that_returns_none_for_what_needs_no_gradient():
    right = two(lambda needed, g: tuple(a if n else None for n, a in zip(needed, g, strict=True)))
    assert check({"torch": right}, X, X + 1)


def test_none_in_place_of_a_gradient_is_named():
    found = verdict({"torch": two(lambda needed, g: (g[0], None))}, X, X + 1)
    assert (found.status, found.argument) == (Status.WRONG, "y")
    assert "no gradient (None) for y" in found.evidence.reason


def test_none_in_tensorflow_is_named():
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")
    function = {"tensorflow": lambda x, y: tf.reduce_sum(x * tf.stop_gradient(y))}
    found = verdict(function, X, X + 1, engine="tensorflow")
    assert (found.status, found.argument) == (Status.WRONG, "y")
    assert "no gradient (None) for y" in found.evidence.reason


def test_an_unused_input_has_a_zero_gradient():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    assert check({"torch": lambda x, y: torch.sin(x).sum()}, X, X + 1)


def test_an_integer_input_beside():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Take(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, i):
            ctx.save_for_backward(x, i)
            return x[i] ** 2

        @staticmethod
        def backward(ctx, u):
            x, i = ctx.saved_tensors
            return torch.zeros_like(x).index_add(0, i, 2 * u * x[i]), None

    index = np.array([0, 2, 2, 4])
    assert check({"torch": lambda x, i: Take.apply(x, i)}, X, index)
    jax = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    assert check({"jax": lambda x, i: jax.numpy.sin(x[i])}, X, index)


# -- forward mode -----------------------------------------------------------------------------


def with_jvp(*factors, pulled=lambda u: u):
    """Return sin in PyTorch with rules for both modes; forward mode is multiplied, the last factor stays."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    following = itertools.chain(factors[:-1], itertools.repeat(factors[-1]))

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return torch.sin(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])
            ctx.save_for_forward(inputs[0])

        @staticmethod
        def backward(ctx, u):
            return pulled(u) * torch.cos(ctx.saved_tensors[0])

        @staticmethod
        def jvp(ctx, v):
            return next(following) * v * torch.cos(ctx.saved_tensors[0])

    return lambda x: Rule.apply(x)


def test_a_forward_mode_rule_that_is_not_the_adjoint_of_the_backward():
    assert check({"torch": with_jvp(1.0)}, X)
    found = verdict({"torch": with_jvp(1 + 1e-6)}, X)
    assert found.status is Status.WRONG
    assert "forward-mode rule" in found.evidence.reason
    assert "adjoint identity" in found.evidence.tolerance_source


@pytest.mark.parametrize("operators", [["jvp"], ["jacobian", "jvp"], ["vjp", "jvp"], ["vjp"]])
def test_it_is_held_against_the_jvp_whatever_else_is_asked_and_not_against_the_vjp(operators):
    def found(factor):
        report = check({"torch": with_jvp(factor)}, X, operator=operators)
        return {v.operator.value: v.status for v in report.verdicts if not v.witness}

    assert set(found(1.0).values()) == {Status.AGREE}
    assert found(1 + 1e-6) == {o: Status.AGREE if o == "vjp" else Status.WRONG for o in operators}


@pytest.mark.parametrize("operators", [["jvp"], ["jacobian", "jvp", "vjp"], ["vjp", "jacobian"], ["jvp", "vjp"]])
def test_a_backward_that_is_not_linear_is_held_against_all_that_it_makes_and_not_against_the_jvp(operators):
    nonlinear = with_jvp(1.0, pulled=lambda u: u * (1 + 1e-6 * (abs(u) > 100)))
    report = check({"torch": nonlinear}, X, operator=operators)
    found = {v.operator.value: v.status for v in report.verdicts if not v.witness}
    assert found == {o: Status.AGREE if o == "jvp" else Status.WRONG for o in operators}


@pytest.mark.parametrize(("fault", "status"), [(0.0, Status.AGREE), (1e-6, Status.WRONG)])
def test_a_forward_mode_rule_that_is_not_linear_in_its_tangent(fault, status):
    jax = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    custom = jax.custom_jvp(lambda x: jax.numpy.sin(x))
    bent = lambda v: jax.numpy.where(jax.numpy.abs(v) > 2, (1 + fault) * v, v)  # noqa: E731
    custom.defjvp(lambda x, v: (jax.numpy.sin(x[0]), jax.numpy.cos(x[0]) * bent(v[0])))
    found = verdict({"jax": custom}, X, backends=["jax:forward"], engine="jax:forward")
    assert found.status is status
    assert ("not linear in the tangent" in found.evidence.reason) == (status is Status.WRONG)


# -- second order -----------------------------------------------------------------------------


def cubes(loss, vector=False):
    """Return x^3, or its sum, in PyTorch with a double backward that lost the part `loss` of its second derivative."""
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, u):
            (x,) = ctx.saved_tensors
            slope = 3 * x * x
            return u * ((1 - loss) * slope + loss * slope.detach())

    return (lambda x: Cube.apply(x)) if vector else (lambda x: Cube.apply(x).sum())


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("loss", [0.5, 1e-6, 1e-8])
def test_a_double_backward_that_lost_a_term(loss, vector):
    report = check({"torch": cubes(loss, vector)}, X, order=2)
    first, second = (v for v in report.verdicts if str(v.engine) == "torch")
    assert first.status is Status.AGREE
    assert (second.operator, second.status, second.argument) == ("hessian", Status.WRONG, "x")
    assert second.index[0] == second.index[1]


@pytest.mark.parametrize("vector", [False, True])
def test_a_double_backward_that_is_right(vector):
    report = check({"torch": cubes(0.0, vector)}, X, order=2)
    assert report, str(report)
    assert report.verdict("torch", "hessian").status is Status.AGREE


def test_a_hessian_vector_product_that_lost_a_term():
    found = verdict({"torch": cubes(1e-9)}, X, operator="hvp", witness=None)
    assert found.status is Status.WRONG
    assert "derivative of its own gradient" in found.evidence.reason


def test_second_order_of_a_portable_vector_function():
    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    report = check(lambda xp, x, y: xp.sin(x) * y**2, X, X + 1, backends=["jax"], order=2)
    assert report, str(report)
    assert report.verdict("jax", "hessian").status is Status.AGREE


def test_second_order_of_a_native_vector_function_in_tensorflow():
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")
    report = check({"tensorflow": lambda x: {"a": tf.sin(x), "b": x[:2] ** 3}}, X, order=2)
    assert report, str(report)
    assert report.verdict("tensorflow", "hessian").status is Status.AGREE


# -- right rules ------------------------------------------------------------------------------


def right(t, x, u, slope):
    return u * slope


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_right_rules_at_any_scale(dtype, scale):
    rule = torch_rule(right)
    assert check({"torch": lambda x: scale * rule(x), "jax": lambda x: scale * jax_rule(right)(x)}, X, dtype=dtype)


def test_right_rules_in_tensorflow_and_by_hand():
    assert check({"tensorflow": tensorflow_rule(right), "numpy": lambda x: x * np.sin(x)}, X, vjp=analytic_rule(right))


def status(function, *inputs, **options):
    return verdict({"torch": function}, *inputs, **options).status


def hard(torch):
    rng = np.random.default_rng(3)
    a = torch.from_numpy(rng.normal(size=(60, 60)))
    hilbert = torch.tensor([[1 / (i + j + 1) for j in range(6)] for i in range(6)], dtype=torch.float64)
    return {
        "cancelling sums": (lambda x: (a.to(x.dtype) @ x).sum() + 1e4 * (x - x.flip(0)).sum(), rng.normal(size=60)),
        "ten thousand": (lambda x: torch.sin(x).sum() * x.mean(), rng.normal(size=10_000)),
        "ill-conditioned": (lambda b: torch.linalg.solve(hilbert.to(b.dtype), b), rng.normal(size=6)),
        "kinks": (lambda x: torch.relu(x) + torch.abs(x), np.array([0.0, 1.0, -1.0, 0.0])),
        "discontinuous": (lambda x: torch.floor(x) * x, np.array([0.5, 1.0, -1.25, 2.0])),
        "saturated": (lambda x: torch.tanh(x), np.array([20.0, -20.0, 40.0])),
        "single precision inside": (lambda x: (torch.sin(x.float()) * x.float()).sum().double(), rng.normal(size=9)),
        "half precision inside": (lambda x: (torch.sin(x.half()) * x.half()).double(), rng.normal(size=9)),
        "bfloat16 inside": (lambda x: (torch.sin(x.bfloat16()) * x.bfloat16()).double(), rng.normal(size=9)),
        "sums that cancel in the backward": (lambda x: torch.softmax(x, 0)[0], np.array([36.0, 29.0, -3.0, 1.0])),
        "wide range": (lambda x: torch.exp(x), np.array([-80.0, 0.0, 80.0])),
        "several outputs": (lambda x: {"a": x @ x, "b": [torch.tanh(x), x[:1]]}, rng.normal(size=4)),
        "no elements": (lambda x: x**2, np.zeros((0, 3))),
        "a spectrum": (lambda x: torch.fft.fft(x), rng.normal(size=8)),
        "complex": (lambda x: x**2 * torch.exp(x), rng.normal(size=4) + 1j * rng.normal(size=4)),
        "dropout": (lambda x: torch.nn.functional.dropout(x, 0.5), rng.normal(size=9)),
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", list(hard(pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'"))))
def test_no_probe_objects_to_a_right_function(name, dtype, monkeypatch):
    """Numerics may find a function too hard; a probe must not find fault with it."""
    from gradcheck import probing

    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    function, x = hard(torch)[name]
    kind = {"float64": "complex128", "float32": "complex64"}[dtype] if np.iscomplexobj(x) else dtype
    objections, probed = [], []

    def recorded(verdict, objection):
        objections.append(objection)
        return verdict

    run = probing._run
    monkeypatch.setattr(probing, "_replaced", recorded)
    monkeypatch.setattr(probing, "_run", lambda probe, subject: probed.append(probe) or run(probe, subject))
    order = 2 if 0 < x.size < 10 else 1
    check({"torch": function}, x, dtype=kind, order=order, witness="auto" if x.size < 1000 else None)
    assert not objections
    assert probed


def test_portable_functions_without_a_rule_are_not_probed(monkeypatch):
    from gradcheck import probing

    pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    monkeypatch.setattr(probing, "_run", lambda *_: pytest.fail("probed"))
    assert check(lambda xp, x: xp.sum(xp.sin(x)), X, backends=["jax"])


# -- what is not asked twice ---------------------------------------------------------------------


def test_a_jax_function_with_a_rule_of_its_own_is_probed_and_one_that_jax_transposes_is_not():
    jax = pytest.importorskip("jax", reason="pip install 'gradcheck[jax]'")
    backend = discovery.load("jax")
    custom = jax_rule(lambda jnp, x, u, slope: u * slope)
    inside = jax.jit(lambda x: jax.lax.fori_loop(0, 2, lambda _, y: custom(y), x))
    called = lambda x: jax.pure_callback(np.sin, x, x)  # noqa: E731
    branching = lambda x: x if x[0] > 0 else -x  # noqa: E731

    def by_hand(f, mode=""):
        with backend.scope():
            return backend.by_hand(lambda leaves: f(*leaves), [X], mode)

    assert all(by_hand(f) for f in (custom, inside, called, branching))
    assert not any(by_hand(f) for f in (jax.numpy.sin, jax.nn.relu))
    assert by_hand(jax.nn.relu, "forward")
    assert discovery.load("numerical").by_hand(lambda leaves: leaves, [X], "")


def test_the_adjoint_is_held_against_a_second_direction():
    """Of a fault that the first does not show, the second may show it."""
    found = verdict({"torch": with_jvp(1.0, 1 + 1e-6)}, X)
    assert found.status is Status.WRONG
    assert "forward-mode rule" in found.evidence.reason


def second_order(functions):
    report = check(functions, X, order=2)
    return {str(v.engine): v.status for v in report.verdicts if v.operator is Operator.HESSIAN}


def test_of_second_order_one_forward_has_a_witness_unless_something_is_not_agreed_on():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")
    right = lambda x: torch.sum(torch.sin(x) ** 3)  # noqa: E731
    found = second_order({"torch": right, "tensorflow": lambda x: tf.reduce_sum(tf.sin(x) ** 3)})
    assert set(found) == {"torch", "tensorflow", "numerical@torch"}
    assert set(found.values()) == {Status.AGREE}

    def constant(x):
        """Whose gradient is right, and whose second derivative loses a term."""
        return tf.reduce_sum(tf.sin(x) * tf.stop_gradient(tf.sin(x) ** 2) * 3 - tf.stop_gradient(2 * tf.sin(x) ** 3))

    found = second_order({"torch": right, "tensorflow": constant})
    assert set(found) == {"torch", "tensorflow", "numerical@torch", "numerical@tensorflow"}
    assert found["tensorflow"] is Status.WRONG


@pytest.mark.parametrize("operator", ["jvp", "vjp"])
def test_of_a_product_too(operator):
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    tf = pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")

    def found(tensorflow):
        report = check({"torch": torch.sin, "tensorflow": tensorflow}, X, operator=operator)
        return {str(v.engine): v.status for v in report.verdicts if v.operator.value == operator}

    assert set(found(tf.sin)) == {"torch", "tensorflow", "numerical@torch"}
    wrong = found(lambda x: 2 * tf.sin(x) - tf.stop_gradient(tf.sin(x)))
    assert set(wrong) == {"torch", "tensorflow", "numerical@torch", "numerical@tensorflow"}
    assert wrong["tensorflow"] is Status.WRONG
