"""The decorator, the registry and the points of cases."""

import types
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import gradcheck
from gradcheck.cases import Case, Registry
from gradcheck.errors import InputError, RegistrationError, UnknownNameError
from gradcheck.functions import Function
from gradcheck.report import Report
from gradcheck.verification import Options, verify


@pytest.fixture
def registry(monkeypatch):
    """Put an empty registry in place of the process's."""
    fresh = Registry()
    monkeypatch.setattr("gradcheck.cases.registry", fresh)
    return fresh


def one(rng):
    return (1.0,)


def declare(source, module="user_module"):
    """Execute a module's source, as an import or a reload does."""
    namespace = types.ModuleType(module).__dict__
    exec(f"import gradcheck\none = lambda rng: (1.0,)\n{source}", namespace)
    return namespace


# -- wrong declarations -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": (1.0,)}, "inputs= must be a function of rng, got tuple"),
        ({"operators": "gradient"}, r"operators= is a sequence of strings.*write \['gradient'\]"),
        ({"tags": "loss"}, r"tags= is a sequence of strings.*write \['loss'\]"),
        ({"name": 3}, "name= must be a string, got int"),
        ({"name": "a b"}, "letters, digits.*got 'a b'"),
        ({"name": "a::b"}, "letters, digits.*got 'a::b'"),
        ({"gradient": 3}, "gradient= must be a function, got int"),
        ({"native": {"torch": 3}}, "native functions must map backend names to callables"),
    ],
)
def test_a_malformed_declaration_is_refused(registry, options, message):
    with pytest.raises(RegistrationError, match=message):

        @gradcheck.case(**{"inputs": one, **options})
        def f(xp, x):
            return x

    assert len(registry) == 0


def test_unknown_operators_and_argnums_are_refused():
    with pytest.raises(UnknownNameError, match="unknown operator 'gradien'; did you mean 'gradient'"):
        gradcheck.case(inputs=one, operators=["gradien"])
    with pytest.raises(InputError, match="argnums must be an integer"):
        gradcheck.case(inputs=one, argnums=1.5)


def test_what_is_no_function_cannot_be_decorated():
    with pytest.raises(RegistrationError, match="decorates a function, got int"):
        gradcheck.case(inputs=one)(3)


def test_a_lambda_needs_a_name(registry):
    with pytest.raises(RegistrationError, match="got '<lambda>'; give it another with name="):
        gradcheck.case(inputs=one)(lambda xp, x: x)
    gradcheck.case(inputs=one, name="square")(lambda xp, x: x**2)
    assert registry["square"].function.name == "square"


# -- domains ------------------------------------------------------------------------------------


def test_a_domain_names_parameters_and_holds_the_points(registry):
    with pytest.raises(UnknownNameError, match="unknown parameter of root 'y'"):
        gradcheck.case(inputs=one, name="root", domain={"y": (0, 1)})(root)
    gradcheck.case(inputs=lambda rng: {"in": (np.array([0.0, 2.0]),)}, name="root", domain={"x": (0, 2)})(root)
    assert set(registry["root"].points()) == {"in"}
    gradcheck.case(inputs=lambda rng: {"out": (np.array([0.5, 2.5]),)}, name="beyond", domain={"x": (0, 2)})(root)
    with pytest.raises(InputError, match=r"x of case beyond leaves its domain \[0, 2\] at point 'out'"):
        registry["beyond"].points()


def root(xp, x):
    """Another function below 0, where the domain ends."""
    return xp.sum(xp.where(x < 0, 100.0 + x, x**1.5 + 2.0 * x))


def test_differences_stay_inside_a_declared_domain():
    x = np.array([0.0, 1e-9, 1.0])
    for domain, agrees in (({}, False), ({"x": (0, np.inf)}, True)):
        function = replace(Function.of(root, gradient=lambda x: 1.5 * np.sqrt(x) + 2.0), domain=domain)
        report = gradcheck.check(function, x, backends=["numerical"], witness=None)
        assert (report.verdict("numerical", "gradient").status is gradcheck.Status.AGREE) is agrees


# -- two cases of one name ----------------------------------------------------------------------

HINGE = "@gradcheck.case(inputs=one)\ndef hinge(xp, w): return w"


def test_another_module_cannot_take_a_name(registry):
    declare(HINGE, "first")
    with pytest.raises(RegistrationError, match="'hinge' of second is already registered by first; give it"):
        declare(HINGE, "second")
    assert registry["hinge"].module == "first"


def test_another_function_of_the_same_module_cannot_take_a_name(registry):
    with pytest.raises(RegistrationError, match="'hinge' of other is already registered by hinge of user_module"):
        declare(f"{HINGE}\n@gradcheck.case(inputs=one, name='hinge')\ndef other(xp, w): return -w")
    assert registry["hinge"].function.portable.__name__ == "hinge"


def test_a_reload_replaces_a_case(registry):
    declare(HINGE)
    again = declare(f"# edited\n{HINGE} * 2")
    assert len(registry) == 1
    assert registry["hinge"].function.portable is again["hinge"]
    assert [c.name for c in registry.declared_by(again["hinge"])] == ["hinge"]


# -- what the decorator makes -------------------------------------------------------------------


def test_the_function_comes_back_unchanged(registry):
    def f(xp, x):
        return x

    decorated = gradcheck.case(inputs=one, tags=["t"], source="a paper", operators=["hvp"], argnums=[0])(f)
    assert decorated is f
    assert f.__dict__ == {}
    made = registry["f"]
    assert (made.function.portable, made.module, made.source, made.builtin) == (f, __name__, "a paper", False)
    assert (made.operators, made.tags, made.argnums) == ((gradcheck.Operator.HVP,), {"t"}, (0,))


def test_one_function_can_be_several_cases(registry):
    def f(xp, x):
        return x

    for name in ("small", "large"):
        gradcheck.case(inputs=one, name=name)(f)
    assert [c.name for c in registry.declared_by(f)] == ["small", "large"]
    assert registry.declared_by(one) == []


def scaled(xp, x, factor):
    return x * factor


def test_a_partial_is_a_case_of_the_module_of_its_function(registry):
    doubled = gradcheck.case(inputs=one, name="doubled")(partial(scaled, factor=2.0))
    made = registry["doubled"]
    assert made.module == __name__
    assert made.function.portable is doubled
    assert gradcheck.check(made.function, 3.0, gradient=lambda x: 2.0, backends=["numerical"])


def test_native_forms_stand_beside_the_portable_one(registry):
    def torch_form(x):
        return x

    gradcheck.case(inputs=one, native={"torch": torch_form})(scaled)
    assert registry["scaled"].function.native == {"torch": torch_form}
    assert registry["scaled"].function.portable is scaled


# -- finding cases ------------------------------------------------------------------------------


@pytest.fixture
def filled(registry):
    for name, tags in (("rosenbrock", ["vector"]), ("hinge", ["loss"]), ("huber", ["loss", "vector"])):
        gradcheck.case(inputs=one, name=name, tags=tags)(scaled if name == "hinge" else lambda xp, x: x)
    return registry


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["hinge", "huber", "rosenbrock"]),
        (["rosenbrock", "loss"], ["hinge", "huber", "rosenbrock"]),
        (["vector"], ["huber", "rosenbrock"]),
        (["hinge", "hinge"], ["hinge"]),
    ],
)
def test_selection_by_names_and_tags(filled, patterns, names):
    assert [c.name for c in filled.select(patterns)] == names


def test_an_unknown_name_or_tag_has_suggestions(filled):
    with pytest.raises(UnknownNameError, match="unknown case 'rosenbrok'; did you mean 'rosenbrock'"):
        filled["rosenbrok"]
    with pytest.raises(UnknownNameError, match="unknown case or tag 'los'; did you mean 'loss'"):
        filled.select(["hinge", "los"])


# -- points -------------------------------------------------------------------------------------


def case_of(inputs, name="f"):
    return Case(name, Function.of(lambda xp, x: x), inputs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (lambda rng: 1 / 0, "the inputs of case f failed: ZeroDivisionError"),
        (lambda rng: np.ones(3), r"must be a tuple of arguments.*got ndarray for point 'default' \(a single argument"),
        (lambda rng: {"a": 1.0}, "got float for point 'a'"),
        (lambda rng: {}, "name no point"),
        (lambda rng: (1,), "nothing to differentiate"),
    ],
)
def test_inputs_that_cannot_be_used(inputs, message):
    with pytest.raises(InputError, match=message):
        case_of(inputs).points()


def test_points_are_fixed_by_name_and_seed():
    def drawn(name, seed):
        return case_of(lambda rng: (rng.normal(size=3),), name).points(seed)["default"].arrays[0].tolist()

    assert drawn("f", 0) == drawn("f", 0)
    assert drawn("f", 0) != drawn("f", 1)
    assert drawn("f", 0) != drawn("g", 0)


def test_named_points_are_rounded_to_the_dtype():
    points = case_of(lambda rng: {"near": (0.1,), 2: (1.0,)}).points(dtype="float32")
    assert list(points) == ["near", "2"]
    assert points["near"].arrays[0].dtype == np.float32


WIDE = replace(case_of(lambda rng: {"near": (0.1,), "far": (1e200,)}), double_only=frozenset({"far"}))


def test_a_point_for_double_precision_is_left_out_of_others():
    assert list(WIDE.points()) == list(WIDE.points(dtype="float64")) == ["near", "far"]
    assert list(WIDE.points(dtype="float32")) == list(WIDE.points(dtype="bfloat16")) == ["near"]
    assert WIDE.left_out("float32") == {"far"}


def test_a_report_names_the_points_that_it_left_out():
    report = verify(WIDE, Options(backends=("numerical",), dtype="float32"))
    assert report.left_out == (f"{WIDE.name}[far]",)
    assert f"1 point left out, which only double precision can hold: {WIDE.name}[far]" in str(report)
    assert "Points left out" in report.to_html()
    assert Report.from_json(Report.merge([report, report]).to_json()).left_out == 2 * report.left_out
    assert verify(WIDE, Options(backends=("numerical",))).left_out == ()


def test_a_point_left_out_is_one_of_the_case():
    with pytest.raises(UnknownNameError, match="double_only= 'fra'; did you mean 'far'"):
        replace(WIDE, double_only=frozenset({"fra"})).points()
