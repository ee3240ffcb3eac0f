import numpy as np
import optree
import pytest
import scipy.special

from gradcheck.errors import UnknownNameError, UnsupportedError
from gradcheck.functions import Inputs
from gradcheck.namespaces.elements import ElementNamespace, elementwise, per_element
from gradcheck.testing.samples import PLAIN, SAMPLES


class FloatNamespace(ElementNamespace):
    """Ordinary floats as elements: whatever the base class composes must then be NumPy's value."""

    system = "floats"

    def elements(self, array):
        return array.astype(float) if array.dtype.kind == "f" else array

    def pivot(self, column):
        return int(np.argmax(np.abs(column)))

    def eigenpairs(self, matrix):
        return np.linalg.eigh(matrix)

    special_erf = elementwise(scipy.special.erf)
    special_erfc = elementwise(scipy.special.erfc)
    special_gammaln = elementwise(scipy.special.gammaln)
    special_digamma = elementwise(scipy.special.digamma)


SPECIAL = (
    "erfinv", "ndtri", "log_ndtr", "erfcx", "dawsn", "gamma", "polygamma", "gammainc", "gammaincc", "betainc", "zeta",
    "i0", "i1", "j0", "j1", "exp1", "expi", "spence",
)  # fmt: skip
for _name in SPECIAL:
    setattr(FloatNamespace, f"special_{_name}", elementwise(getattr(scipy.special, _name)))

ELEMENTARY = (
    "abs", "sign", "exp", "expm1", "log", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
    "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sinc", "logaddexp", "maximum", "where",
    "floor", "ceil", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and",
    "logical_or", "logical_not",
)  # fmt: skip
for _name in ELEMENTARY:
    setattr(FloatNamespace, _name, elementwise(getattr(np, _name)))

xp = FloatNamespace(np.dtype("float64"))
ORDERS = ("argmax", "argmin", "argsort")
LEFT_TO_SYSTEMS = ("linalg.expm", "fft.fft", "fft.ifft", "fft.rfft", "fft.irfft")
COMPOSED = [s for s in SAMPLES if s.name not in (*ORDERS, *LEFT_TO_SYSTEMS)]


@pytest.mark.parametrize("sample", COMPOSED, ids=lambda s: s.id)
def test_every_function_has_numpys_value(sample):
    inputs = Inputs.of(sample.inputs)
    arguments = optree.tree_map(lambda i: inputs.leaves[i], inputs.template)
    mine = [xp.from_numpy(leaf) if i in inputs.active else leaf for i, leaf in enumerate(inputs.leaves)]
    got = optree.tree_leaves(sample.function(xp, *optree.tree_map(lambda i: mine[i], inputs.template)))
    wanted = optree.tree_leaves(sample.function(PLAIN, *arguments))
    assert len(got) == len(wanted)
    for g, w in zip(got, wanted, strict=True):
        assert g.shape == np.shape(w)
        np.testing.assert_allclose(np.asarray(g.data, float), w, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_of_unknown_values_is_refused_with_a_reason(name):
    with pytest.raises(UnsupportedError, match=f"{name} depends on the order of the inputs' values.*xp.sort"):
        getattr(xp, name)(xp.asarray([1.0, 2.0]))


def test_a_name_outside_the_vocabulary_is_unknown():
    with pytest.raises(UnknownNameError, match="did you mean 'tanh'"):
        xp.tanhh  # noqa: B018
    with pytest.raises(UnknownNameError, match=r"linalg\.svdd"):
        xp.linalg.svdd  # noqa: B018


@pytest.mark.parametrize("name", ["exp", "special.erf", "where"])
def test_a_function_that_a_system_lacks_is_unsupported(name):
    class Empty(ElementNamespace):
        system = "nothing"

    bare = Empty(np.dtype("float64"))
    with pytest.raises(UnsupportedError, match=f"nothing has no {name}"):
        bare.function(name)
    with pytest.raises(UnsupportedError, match=f"nothing has no {name}"):
        getattr(bare.special if "." in name else bare, name.split(".")[-1])


def test_branching_on_elements_is_refused():
    with pytest.raises(UnsupportedError, match=r"branches on the value.*use xp\.where"):
        bool(xp.asarray(1.0))
    assert bool(xp.asarray(1) == 1)


def test_float_of_an_element_is_refused():
    with pytest.raises(UnsupportedError, match="cut the derivative"):
        float(xp.asarray(1.0))


def test_a_function_of_numpy_is_refused():
    with pytest.raises(UnsupportedError, match="call the function of xp"):
        np.asarray(xp.asarray([1.0]))
    with pytest.raises(TypeError):
        np.sin(xp.asarray([1.0]))


def test_an_index_that_depends_on_elements_is_refused():
    x = xp.asarray([1.0, 2.0])
    with pytest.raises(UnsupportedError, match="index or mask that depends"):
        x[x]


def test_asarray_of_a_list_of_arrays_is_refused():
    with pytest.raises(TypeError, match=r"xp\.stack"):
        xp.asarray([xp.asarray(1.0), 2.0])
    with pytest.raises(TypeError, match=r"xp\.stack"):
        xp.asarray([[1.0], [xp.asarray(1.0)]])


def test_asarray_of_something_else_is_refused():
    with pytest.raises(UnsupportedError, match="cannot convert a str"):
        xp.asarray("text")


def test_constants_are_rounded_to_the_dtype_of_the_check():
    single = FloatNamespace(np.dtype("float32"))
    assert single.asarray(0.1).data == np.float32(0.1)
    assert single.log2(8.0).data == pytest.approx(3.0, rel=1e-15)  # constants of the formula itself are not rounded


def test_integers_stay_integers_and_can_index():
    rows = xp.arange(3)
    assert rows.dtype.kind == "i"
    assert (rows * 2).dtype.kind == "i"
    np.testing.assert_array_equal(xp.asarray([5.0, 6.0, 7.0])[rows[::-1]].data, [7.0, 6.0, 5.0])
    assert [10, 20, 30][rows[1]] == 20


@pytest.mark.parametrize("key", [[0, 2], (slice(None), [2, 0])])
def test_lists_index(key):
    array = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(xp.asarray(array)[key].data, array[key])


@pytest.mark.parametrize(
    ("order", "axis"),
    [(None, None), (1, 0), (2, 1), (3, 0), (0, 0), (np.inf, 1), (-np.inf, 1), ("fro", (0, 1)), (1, None), (-1, (0, 1)),
     (np.inf, (1, 0)), (-np.inf, (0, 1))],
)  # fmt: skip
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms(order, axis, keepdims):
    a = np.array([[1.5, -2.0, 0.5], [0.0, 3.0, -1.0]])
    got = xp.linalg.norm(xp.asarray(a), order, axis, keepdims)
    np.testing.assert_allclose(got.data, np.linalg.norm(a, order, axis, keepdims), rtol=1e-14)


@pytest.mark.parametrize("order", ["nuc", 2, -2])
@pytest.mark.parametrize(("axis", "keepdims"), [((0, 2), False), ((2, 0), True)])
def test_norms_by_singular_values(order, axis, keepdims):
    a = np.array([[[1.5, -2.0, 0.5]], [[0.0, 3.0, -1.0]]])
    got = xp.linalg.norm(xp.asarray(a), order, axis, keepdims)
    wanted = np.linalg.norm(a, order, axis, keepdims)
    np.testing.assert_allclose(got.data, wanted, rtol=1e-14)  # by eigenvalues of a^T a, NumPy's by LAPACK's svd


def test_norms_that_do_not_exist_are_refused():
    with pytest.raises(UnsupportedError, match="no norm of order 3 over 2 axes"):
        xp.linalg.norm(np.eye(2), 3)


def test_eigenvalues_of_a_system_without_them_are_refused():
    class Bare(FloatNamespace):
        eigenpairs = ElementNamespace.eigenpairs

    with pytest.raises(UnsupportedError, match="floats has no eigenvalues"):
        Bare(np.dtype("float64")).linalg.eigvalsh(np.eye(2))
    with pytest.raises(UnsupportedError, match="full_matrices=False"):
        xp.linalg.svd(np.ones((3, 2)))


def test_eigenvectors_come_from_the_lower_triangle():
    values, vectors = xp.linalg.eigh(np.array([[2.0, 9.0], [1.0, 3.0]]))
    rebuilt = vectors.data * values.data @ vectors.data.T
    np.testing.assert_allclose(rebuilt, [[2.0, 1.0], [1.0, 3.0]], atol=1e-14)  # what rounding leaves of the product


def test_elimination_exchanges_rows():
    a = np.array([[0.0, 2.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, -3.0]])
    np.testing.assert_allclose(xp.linalg.det(a).data, np.linalg.det(a))
    np.testing.assert_allclose(xp.linalg.inv(a).data, np.linalg.inv(a))
    sign, logarithm = xp.linalg.slogdet(a)
    assert (float(sign.data), float(logarithm.data)) == pytest.approx(tuple(np.linalg.slogdet(a)))


def test_linear_algebra_of_size_zero():
    assert xp.linalg.det(np.zeros((0, 0))).data == 1.0
    assert xp.linalg.solve(np.zeros((0, 0)), np.zeros((0, 2))).shape == (0, 2)
    assert xp.linalg.inv(np.zeros((0, 2, 2))).shape == (0, 2, 2)


def test_shapes_that_do_not_fit_raise():
    with pytest.raises(ValueError, match="square"):
        xp.linalg.det(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="3 components"):
        xp.cross(np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="max of an empty array"):
        xp.max(np.zeros(0))


def test_sorting_network_sorts_ties_and_single_elements():
    for values in ([3.0, 1.0, 1.0, -2.0, 3.0], [1.0], []):
        np.testing.assert_array_equal(xp.sort(xp.asarray(np.array(values))).data, np.sort(values))


def test_python_functions_broadcast():
    class Words(FloatNamespace):
        hypot = per_element(lambda x, y: f"{x:g}:{y:g}", 2)

        def elements(self, array):
            return array.astype(object) if array.dtype.kind == "f" else array

    words = Words(np.dtype("float64"))
    assert words.hypot([1.0, 2.0], [[3.0], [4.0]]).data.tolist() == [["1:3", "2:3"], ["1:4", "2:4"]]
    assert words.hypot(1.0, 2.0).data[()] == "1:2"
