"""Functions as users hand them in, and the points at which they are differentiated."""

from functools import partial

import numpy as np
import pytest

from gradcheck.errors import InputError
from gradcheck.functions import Function, Inputs, parse_argnums

# -- functions: wrong input first ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (None, "wanted a function or a mapping from backend to function, got NoneType"),
        ("sin", "got str: 'sin'"),
        ({}, "the mapping of native functions is empty"),
        ({"torch": 3}, "must map backend names to callables, got 'torch': int"),
        ({1: abs}, "must map backend names to callables, got 1"),
    ],
)
def test_what_is_no_function_is_refused(f, message):
    with pytest.raises(InputError, match=message):
        Function.of(f)


@pytest.mark.parametrize("rule", ["gradient", "jacobian", "vjp"])
def test_a_rule_must_be_a_function(rule):
    with pytest.raises(InputError, match=f"{rule}= must be a function, got ndarray"):
        Function.of(abs, **{rule: np.ones(3)})


def test_a_function_is_portable_by_the_name_of_its_first_parameter():
    def portable(xp, x, y):
        return x * y

    def native(x, xp):
        return x

    assert Function.of(portable).portable is portable
    assert Function.of(portable).parameters == ("x", "y")
    assert Function.of(native).portable is None
    assert Function.of(native).native == {"numpy": native}


def test_methods_instances_and_builtins():
    class Model:
        def __call__(self, xp, x):
            return x

        def loss(self, xp, x):
            return x

    assert (Function.of(Model()).name, Function.of(Model()).parameters) == ("Model", ("x",))
    assert (Function.of(Model().loss).name, Function.of(Model().loss).parameters) == ("loss", ("x",))
    assert Function.of(max).native == {"numpy": max}


def test_names_of_lambdas_and_partials():
    def scaled(xp, x, factor):
        return x * factor

    assert Function.of(lambda xp, x: x).name == "<lambda>"
    assert Function.of(partial(partial(scaled), factor=2.0)).name == "scaled"
    assert Function.of(partial(scaled, factor=2.0)).portable is not None


def test_a_rule_is_added_to_a_function_that_exists():
    def other(x):
        return 2 * x

    function = Function.of(lambda xp, x: x**2, gradient=abs, vjp=abs)
    again = Function.of(function, gradient=other, hessian=other)
    assert (again.gradient, again.vjp, again.hessian, again.portable) == (other, abs, other, function.portable)
    assert function.has_rule
    assert not Function.of(lambda xp, x: x).has_rule


# -- inputs: wrong input first ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        ((), {}, r"nothing to differentiate.*\(no inputs\)"),
        ((1, True, "a"), {}, "nothing to differentiate.*argument 0: int, argument 1: bool, argument 2: str"),
        (({1.0, 2.0},), {}, "nothing to differentiate.*set"),
        ((np.array([1, None], object),), {}, r"argument 0 is an array of dtype object; .*astype\(float\)"),
        ((np.array([[1.0, np.nan]]),), {"parameters": ("w",)}, r"w is NaN at index \(0, 1\)"),
        ((complex(0, np.nan),), {}, "NaN"),
        ((np.ma.masked_array([1.0, 2.0], [0, 1]),), {}, "argument 0 is a masked array"),
        ((1e300,), {"dtype": "float32"}, "argument 0 overflows float32; use a wider dtype"),
        ((np.array([np.inf, 1e300]),), {"dtype": "float32"}, "overflows float32"),
        ((1e300j,), {"dtype": "complex64"}, "overflows complex64"),
        ((np.longdouble([1]),), {}, "pass dtype='float32' or dtype='float64'"),
        ((np.longdouble([1]),), {}, "cannot check in (float128|float96); pass dtype="),
        (
            (1.0,),
            {"dtype": "float8"},
            "dtype must be one of bfloat16, float16, float32, float64, complex64, complex128; got 'float8'",
        ),
        ((1.0,), {"argnums": 1}, r"argnums 1 is out of range for 1 positional argument"),
        ((1.0,), {"argnums": -2}, "argnums -2 is out of range"),
        ((1.0, 2), {"argnums": [0, 1]}, r"argument 1, which has no floating-point leaf \(it holds int\)"),
        ((1.0, []), {"argnums": 1}, r"it holds nothing"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(args, options, message):
    with pytest.raises(InputError, match=message):
        Inputs.of(args, **options)


@pytest.mark.parametrize("argnums", [True, [True], [], (), 1.0, [0.0], "x", None, [None], {0}])
def test_argnums_that_are_no_integers_are_refused(argnums):
    with pytest.raises(InputError, match="argnums must be an integer or a non-empty sequence of integers, got"):
        parse_argnums(argnums)


def test_argnums_of_numpy_and_ranges():
    assert parse_argnums(np.int64(1)) == 1
    assert type(parse_argnums(np.int64(1))) is int
    assert parse_argnums([np.int32(0), -1]) == (0, -1)
    assert parse_argnums(range(2)) == (0, 1)


class Unreadable:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("the device is gone")


def test_an_array_that_numpy_cannot_read_is_named():
    with pytest.raises(InputError, match="x cannot be converted to a NumPy array: RuntimeError: the device is gone"):
        Inputs.of((Unreadable(), 1.0), parameters=("x",))


# -- inputs: what comes out ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "dtype", "wanted", "leaves"),
    [
        ((1.0,), None, "float64", ["float64"]),
        ((np.float32(1),), None, "float32", ["float32"]),
        ((np.float32([1]), 2.0), None, "float64", ["float64", "float64"]),
        ((np.array([1.0], ">f4"),), None, "float32", ["float32"]),
        ((1j, 2.0), None, "complex128", ["complex128", "float64"]),
        ((np.complex64([1j]), np.float64([2])), None, "complex128", ["complex128", "float64"]),
        ((1j, 2.0), "float32", "float32", ["complex64", "float32"]),
        ((1j, 2.0), "complex64", "complex64", ["complex64", "float32"]),
        ((2.0,), "complex128", "complex128", ["float64"]),
        ((np.float16([1]),), "float32", "float32", ["float32"]),
        ((np.float16([1]),), None, "float16", ["float16"]),
        ((np.zeros((0, 3)),), None, "float64", ["float64"]),
    ],
)
def test_the_dtype_of_the_check(args, dtype, wanted, leaves):
    inputs = Inputs.of(args, dtype=dtype)
    assert inputs.dtype == wanted
    assert [a.dtype.name for a in inputs.arrays] == leaves
    assert [a.shape for a in inputs.arrays] == [np.shape(a) for a in args]


def test_inputs_are_rounded_once():
    inputs = Inputs.of((0.1, np.array([1 / 3, np.inf, -0.0])), dtype="float32")
    assert inputs.arrays[0] == np.float32(0.1)
    wide = inputs.with_dtype("float64")
    assert wide.arrays[0].dtype == np.float64
    assert wide.arrays[0] == float(np.float32(0.1)) != 0.1
    assert [float(v) for v in wide.arrays[1][1:]] == [np.inf, 0.0]
    assert np.signbit(wide.arrays[1][2])


def test_leaves_are_copied_and_read_only():
    x, counts = np.ones(2), np.array([1, 2])
    inputs = Inputs.of((x, counts))
    x[0], counts[0] = 7.0, 7
    assert inputs.arrays[0].tolist() == [1.0, 1.0]
    assert inputs.leaves[1].tolist() == [1, 2]
    for leaf in (*inputs.leaves, *inputs.moved([np.zeros(2)]).arrays):
        with pytest.raises(ValueError, match="read-only"):
            leaf[0] = 5
    assert x.flags.writeable


def test_labels_and_constants_of_nested_trees():
    args = ({"b": [1.0, (np.zeros(2), 3)], "a": {"[red]": 1.0}}, 2.0, np.arange(2), 4.0)
    inputs = Inputs.of(args, parameters=("params", "y", "n"))
    assert inputs.labels == ("params['a']['[red]']", "params['b'][0]", "params['b'][1][0]", "y", "argument 3")
    assert inputs.size == 6
    assert inputs.template == ({"b": [1, (2, 3)], "a": {"[red]": 0}}, 4, 5, 6)
    assert inputs.tree("abcde") == ({"b": ["b", ("c", None)], "a": {"[red]": "a"}}, "d", None, "e")


def test_argnums_choose_arguments():
    args = (1.0, {"w": np.ones(2), "n": 3}, 2.0)
    assert Inputs.of(args, argnums=-1).labels == ("argument 2",)
    assert Inputs.of(args, argnums=[1, -2, 0]).labels == ("argument 0", "argument 1['w']")
    assert Inputs.of(([1.0],)).tree(["a"]) == ["a"]


def test_the_signature_tells_constants_and_shapes_apart_but_not_points():
    def signature(*args):
        return Inputs.of(args).signature

    x = np.ones(2)
    assert hash(signature(x, 3)) == hash(signature(2 * x, 3))
    assert signature(x, 3) == signature(2 * x, 3)
    assert signature(x, 3) != signature(x, 4)
    assert signature(x, np.array([3])) != signature(x, np.array([4]))
    assert signature(x) != signature(np.ones(3))
    assert signature(x) != signature(x.astype("float32"))


def test_moved_inputs_keep_their_dtype():
    inputs = Inputs.of((np.float32([1, 2]), 5))
    moved = inputs.moved([np.array([3.0, 4.0])])
    assert moved.arrays[0].dtype == np.float32
    assert (moved.leaves[1], inputs.arrays[0].tolist()) == (5, [1.0, 2.0])


def test_tensors_of_torch():
    torch = pytest.importorskip("torch", reason="pip install 'gradcheck[torch]'")
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    inputs = Inputs.of(({"w": weight}, torch.tensor(3)), parameters=("p", "n"))
    assert inputs.labels == ("p['w']",)
    assert inputs.arrays[0].dtype == np.float32
    with torch.no_grad():
        weight[0] = 9.0
    assert inputs.arrays[0].tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match=r"x cannot be converted to a NumPy array: TypeError: .*BFloat16"):
        Inputs.of((torch.ones(2, dtype=torch.bfloat16),), parameters=("x",))


def test_arrays_of_jax():
    jnp = pytest.importorskip("jax.numpy", reason="pip install 'gradcheck[jax]'")
    assert Inputs.of((jnp.ones(2, jnp.float32),)).arrays[0].dtype == np.float32
    assert Inputs.of((jnp.ones(2, jnp.bfloat16),)).dtype.name == "bfloat16"
    assert Inputs.of((jnp.ones(2, jnp.bfloat16),), dtype="float32").dtype == "float32"
