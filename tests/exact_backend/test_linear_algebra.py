"""Linear algebra against exact rationals, and second derivatives against mpmath."""

from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("flint", reason="pip install 'gradcheck[exact]'")
mpmath = pytest.importorskip("mpmath", reason="pip install mpmath")

RNG = np.random.default_rng(20)
MATRICES = {
    "random": RNG.normal(size=(4, 4)),
    "pivot at zero": np.array([[0.0, 2.0, 1.0], [1.0, 0.0, 3.0], [4.0, 1.0, 0.0]]),
    "hilbert": 1.0 / (np.arange(8)[:, None] + np.arange(8) + 1.0),
    "badly scaled": np.array([[1e-12, 1.0], [1e12, 3.0]]),
}


def fractions(matrix):
    return [[Fraction(float(x)) for x in row] for row in matrix]


def inverse(rows):
    """Invert by Gauss and Jordan over the rationals."""
    n = len(rows)
    work = [[*row, *(Fraction(int(i == j)) for j in range(n))] for i, row in enumerate(rows)]
    for j in range(n):
        pivot = next(i for i in range(j, n) if work[i][j])
        work[j], work[pivot] = work[pivot], work[j]
        work[j] = [x / work[j][j] for x in work[j]]
        for i in range(n):
            if i != j:
                work[i] = [x - work[i][j] * y for x, y in zip(work[i], work[j], strict=True)]
    return [row[n:] for row in work]


def det(rows):
    """Expand along the first row."""
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:j] + row[j + 1 :] for row in rows[1:]] for j in range(len(rows)))
    return sum((-1) ** j * rows[0][j] * det(minor) for j, minor in enumerate(minors) if rows[0][j])


def cofactors(rows):
    n = len(rows)
    return [
        [(-1) ** (i + j) * det([r[:j] + r[j + 1 :] for k, r in enumerate(rows) if k != i]) for j in range(n)]
        for i in range(n)
    ]


def all_hold(got, truths):
    """Compare with exact rationals, and see that one ulp more would not be held."""
    for value, error, truth in zip(got.arrays[0].flat, got.errors[0].flat, truths, strict=True):
        assert abs(Fraction(float(value)) - truth) <= Fraction(float(error)) <= Fraction(np.spacing(abs(float(value))))
        assert truth == 0 or abs(Fraction(float(value)) - truth * (1 + Fraction(1, 2**50))) > Fraction(float(error))


@pytest.mark.parametrize("name", MATRICES)
def test_inverse(estimate, name):
    a = MATRICES[name]
    weights = np.arange(1.0, a.size + 1).reshape(a.shape)
    inv = inverse(fractions(a))
    value = estimate(lambda xp, a: xp.linalg.inv(a), a, operator="value")
    all_hold(value, [x for row in inv for x in row])
    pulled = estimate(lambda xp, a: xp.linalg.inv(a), a, operator="vjp", seed=[weights])
    w, n = fractions(weights), range(len(a))
    left = [[sum(inv[k][i] * w[k][j] for k in n) for j in n] for i in n]  # d tr(W^T A^-1) = -A^-T W A^-T
    all_hold(pulled, [-sum(left[i][k] * inv[j][k] for k in n) for i in n for j in n])


@pytest.mark.parametrize("name", ["random", "pivot at zero", "badly scaled"])
def test_solve_and_slogdet(estimate, name):
    a = MATRICES[name]
    b = np.arange(1.0, len(a) + 1)
    inv, n = inverse(fractions(a)), range(len(a))
    all_hold(estimate(lambda xp, a: xp.linalg.slogdet(a)[1], a), [inv[j][i] for i in n for j in n])
    solution = [sum(inv[i][k] * Fraction(b[k]) for k in n) for i in n]
    got = estimate(lambda xp, a, b: xp.linalg.solve(a, b), a, b, operator="value")
    all_hold(got, solution)
    got = estimate(lambda xp, a: xp.linalg.solve(a, xp.asarray(b)), a, operator="jacobian")
    all_hold(got, [-inv[k][i] * solution[j] for k in n for i in n for j in n])


@pytest.mark.parametrize(
    "matrix",
    [
        MATRICES["random"],
        MATRICES["pivot at zero"],
        np.array([[1.0, 2.0], [2.0, 4.0]]),
        np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [3.0, 4.0, 5.0]]),
        np.zeros((3, 3)),
        np.array([[2.5]]),
    ],
    ids=["random", "zero pivot", "singular", "rank two", "zero", "number"],
)
def test_determinant_of_any_matrix(estimate, matrix):
    rows = fractions(matrix)
    all_hold(estimate(lambda xp, a: xp.linalg.det(a), matrix, operator="value"), [det(rows)])
    wanted = cofactors(rows) if len(rows) > 1 else [[Fraction(1)]]
    all_hold(estimate(lambda xp, a: xp.linalg.det(a), matrix), [x for row in wanted for x in row])


def test_pivots_are_found_by_certain_comparisons(estimate):
    a = np.array([[1.0, 1.0], [1.0, 1.0]])
    got = estimate(lambda xp, a: xp.sum(xp.linalg.solve(a, xp.ones(2))), a)
    assert np.isnan(got.arrays[0]).all()
    assert "no finite enclosure" in got.notes[0]


def test_cholesky(estimate, holds):
    b = RNG.normal(size=(3, 3))
    a = b @ b.T + np.eye(3)

    def reference(*entries):
        matrix = mpmath.matrix(3)
        for (i, j), x in zip([(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)], entries, strict=True):
            matrix[i, j] = matrix[j, i] = x
        return mpmath.log(mpmath.cholesky(matrix)[2, 2]) + mpmath.cholesky(matrix)[2, 0]

    def f(xp, a):
        lower = xp.linalg.cholesky(a)
        return xp.log(lower[2, 2]) + lower[2, 0]

    got = estimate(f, a)
    lower = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
    entries = [mpmath.mpf(float(a[i])) for i in lower]
    for k, index in enumerate(lower):
        truth = mpmath.diff(reference, entries, tuple(int(k == m) for m in range(6)))
        assert holds(got.arrays[0][index], got.errors[0][index], truth, noise=mpmath.mpf(10) ** -40)


def test_norms(estimate, holds):
    x = np.array([3e-170, -4e-170, 1e-171])
    for order in (3, 2.5, 1):
        got = estimate(lambda xp, x, p=order: xp.linalg.norm(x, p), x)
        size = sum(abs(mpmath.mpf(float(v))) ** mpmath.mpf(order) for v in x) ** (1 / mpmath.mpf(order))
        for value, error, v in zip(got.arrays[0], got.errors[0], x, strict=True):
            truth = mpmath.sign(v) * (abs(mpmath.mpf(float(v))) / size) ** (mpmath.mpf(order) - 1)
            assert holds(value, error, truth)


def softmax_loss(xp, w, x):
    z = xp.tanh(x @ w)
    return xp.special.logsumexp(z) - z[0] + 0.5 * xp.sum(w * w) / xp.sum(x * x)


class Plain:
    """The functions of `softmax_loss` in mpmath, on lists."""

    def __call__(self, *entries):
        w, x = entries[:4], entries[4:]
        z = [mpmath.tanh(sum(x[k] * w[2 * k + j] for k in range(2))) for j in range(2)]
        ratio = sum(v * v for v in w) / sum(v * v for v in x)
        return mpmath.log(sum(map(mpmath.exp, z))) - z[0] + ratio / 2


@pytest.mark.parametrize("scale", [1.0, 20.0, 1e-9])
def test_hessian_of_a_small_network(estimate, holds, scale):
    w, x = scale * np.array([[0.5, -1.0], [0.3, 0.8]]), np.array([1.2, -0.7])
    got = estimate(softmax_loss, w, x, operator="hessian")
    entries = [mpmath.mpf(float(v)) for v in (*w.flat, *x)]
    flat = np.block(
        [
            [got.arrays[0].reshape(4, 4), got.arrays[1].reshape(4, 2)],
            [got.arrays[2].reshape(2, 4), got.arrays[3].reshape(2, 2)],
        ]
    )
    errors = [e.reshape(s) for e, s in zip(got.errors, [(4, 4), (4, 2), (2, 4), (2, 2)], strict=True)]
    bounds = np.block([[errors[0], errors[1]], [errors[2], errors[3]]])
    for i in range(6):
        for j in range(i + 1):
            order = [int(k == i) + int(k == j) for k in range(6)]
            truth = mpmath.diff(Plain(), entries, tuple(order))
            assert holds(flat[i, j], bounds[i, j], truth, noise=mpmath.mpf(10) ** -40)
            assert not holds(
                flat[i, j], bounds[i, j], truth + abs(truth) * mpmath.mpf(10) ** -14 + mpmath.mpf(10) ** -30
            )
    product = estimate(softmax_loss, w, x, operator="hvp", seed=[np.ones((2, 2)), np.array([2.0, -1.0])])
    wanted = flat @ np.array([1.0, 1.0, 1.0, 1.0, 2.0, -1.0])
    assert np.concatenate([a.ravel() for a in product.arrays]) == pytest.approx(wanted, rel=1e-12, abs=1e-15)
