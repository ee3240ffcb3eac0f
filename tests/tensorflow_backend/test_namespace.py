"""The namespace against NumPy and SciPy, function by function, eagerly and inside a graph."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special

from gradcheck.errors import UnknownNameError, UnsupportedError
from gradcheck.namespaces import FUNCTIONS
from gradcheck.testing.samples import PLAIN

pytest.importorskip("tensorflow", reason="pip install 'gradcheck[tensorflow]'")

import tensorflow as tf

from gradcheck_tensorflow.namespace import TensorflowArray, TensorflowNamespace

rng = np.random.default_rng(0)
ARRAYS = {
    "v": rng.normal(size=4),
    "w": rng.normal(size=4),
    "u": rng.uniform(0.1, 0.9, size=4),
    "m": rng.normal(size=(3, 4)),
    "n": rng.normal(size=(4, 2)),
    "s": rng.normal(size=(3, 3)) + 4 * np.eye(3),
    "t": rng.normal(size=(2, 3, 4)),
    "z": rng.normal(size=4) + 1j * rng.normal(size=4),
    "i": np.array([2, 0, -1, 1]),
    "b": np.array([True, False, True, True]),
    "x": np.array(0.7),
    "o": np.zeros((0, 3)),
}
NUMPY = SimpleNamespace(**{n: getattr(np, n) for n in FUNCTIONS if "." not in n}, linalg=PLAIN.linalg, fft=np.fft,
                        special=scipy.special, pi=np.pi, e=np.e, inf=np.inf, nan=np.nan, newaxis=None)  # fmt: skip

# one expression a line; arrays by the names above
EXPRESSIONS = """
xp.asarray([1.0, 2.0]) + v[:2]
xp.asarray([[1, 2], [3, 4]]) @ n[:2]
xp.zeros((2, 3)); xp.zeros(3); xp.zeros(2, dtype=int); xp.ones((2,)); xp.full((2, 2), 1.5); xp.full(2, 7)
xp.zeros_like(m); xp.ones_like(i); xp.full_like(m, 2.5); xp.full_like(i, 3); xp.zeros_like(v, dtype=int)
xp.eye(3); xp.eye(2, 3); xp.eye(3, k=1); xp.arange(5); xp.arange(1, 7, 2); xp.arange(0.0, 1.0, 0.25)
xp.linspace(0, 1, 5); xp.linspace(-1.0, 2.0)
xp.abs(v); xp.abs(z); xp.abs(i); xp.sign(v); xp.sign(z); xp.negative(m); xp.positive(v)
xp.add(v, w); xp.add(v, 1); xp.add(i, 0.5); xp.add(m, v); xp.add(z, v); xp.add(i, i); xp.subtract(1.0, v)
xp.multiply(m, 2); xp.multiply(i, v); xp.multiply(z, 1j); xp.multiply(v, 2j); xp.divide(v, w); xp.divide(i, 4)
xp.divide(1, v); xp.divide(i, i + 5); xp.power(u, 2); xp.power(2.0, v); xp.power(u, w); xp.power(v, 3); xp.power(i, 2)
xp.sqrt(u); xp.sqrt(2.0); xp.sqrt(4); xp.sqrt(z); xp.cbrt(v); xp.square(v); xp.square(i); xp.reciprocal(v)
xp.exp(v); xp.exp(z); xp.exp(i); xp.exp2(v); xp.expm1(v); xp.log(u); xp.log(z); xp.log2(u); xp.log10(u); xp.log1p(u)
xp.logaddexp(v, w); xp.logaddexp(v, 0.5); xp.logaddexp(m, v); xp.logaddexp(v, -xp.inf); xp.logaddexp(v + 800, w + 800)
xp.sin(v); xp.cos(v); xp.tan(v); xp.sin(z); xp.arcsin(u); xp.arccos(u); xp.arctan(v); xp.arctan2(v, w)
xp.arctan2(v, 1.0); xp.sinh(v); xp.cosh(v); xp.tanh(v); xp.arcsinh(v); xp.arccosh(u + 1); xp.arctanh(u)
xp.hypot(v, w); xp.hypot(v, 2); xp.maximum(v, w); xp.maximum(0, v); xp.maximum(v, 0.0); xp.minimum(m, v)
xp.minimum(i, 1); xp.clip(v, -0.5, 0.5); xp.clip(v, None, 0.1); xp.clip(v, 0.1, None); xp.clip(m, v, 2.0)
xp.clip(v, min=-0.5, max=0.2); xp.where(v > 0, v, w); xp.where(v > 0, v, 0); xp.where(b, 1.0, v); xp.where(i, v, -1)
xp.floor(v); xp.ceil(v); xp.sinc(v); xp.sinc(v / 100); xp.sinc(0.0); xp.real(z); xp.imag(z); xp.real(v); xp.imag(v)
xp.conj(z); xp.conj(v); xp.greater(v, w); xp.greater_equal(v, 0); xp.less(v, w); xp.less_equal(i, 1); xp.equal(i, 2)
xp.not_equal(i, 2.0); xp.logical_and(v > 0, b); xp.logical_or(v > 0, i); xp.logical_not(b)
xp.sum(m); xp.sum(m, axis=0); xp.sum(t, axis=(0, 2)); xp.sum(m, axis=-1, keepdims=True); xp.sum(i); xp.sum(b)
xp.sum(x); xp.sum(o); xp.sum(o, axis=0); xp.prod(m); xp.prod(m, 1); xp.prod(i); xp.prod(o); xp.mean(m); xp.mean(i)
xp.mean(t, axis=(1, 2)); xp.mean(m, axis=0, keepdims=True); xp.var(m); xp.var(m, axis=0); xp.var(m, axis=1, ddof=1)
xp.var(t, axis=(0, 1), ddof=1, keepdims=True); xp.var(v, ddof=1); xp.var(i); xp.var(z); xp.std(m); xp.std(v, ddof=1)
xp.std(m, axis=-1, keepdims=True); xp.std(t, axis=(0, 2), ddof=2); xp.max(m); xp.max(m, axis=1)
xp.max(t, axis=(0, -1))
xp.max(m, axis=0, keepdims=True); xp.min(m); xp.min(i); xp.min(m, axis=0); xp.cumsum(v); xp.cumsum(m)
xp.cumsum(m, axis=1); xp.cumsum(b); xp.cumprod(v); xp.cumprod(m); xp.cumprod(m, axis=-1); xp.median(v); xp.median(m)
xp.median(m, axis=0); xp.median(t, axis=(0, 2)); xp.median(m, axis=1, keepdims=True); xp.median(i); xp.median(x)
xp.argmax(v); xp.argmax(m); xp.argmax(m, axis=0); xp.argmax(m, axis=1, keepdims=True); xp.argmax(m, keepdims=True)
xp.argmin(v); xp.argmin(m, axis=-1)
xp.reshape(m, (4, 3)); xp.reshape(m, -1); xp.reshape(m, (2, -1)); xp.reshape(x, (1,)); xp.ravel(m); xp.ravel(x)
xp.transpose(m); xp.transpose(t); xp.transpose(t, (1, 0, 2)); xp.transpose(t, (0, -1, 1)); xp.transpose(v)
xp.swapaxes(t, 0, 2); xp.swapaxes(t, -1, 1); xp.moveaxis(t, 0, -1); xp.moveaxis(t, (0, 1), (2, 0))
xp.concatenate([v, w]); xp.concatenate((m, m), axis=1); xp.concatenate([m, v[None]], axis=0); xp.concatenate([i, v])
xp.concatenate([m, v], axis=None); xp.stack([v, w]); xp.stack([v, w], axis=1); xp.stack((x, 2.0, 3))
xp.stack([m, m], -1)
xp.expand_dims(v, 0); xp.expand_dims(m, -1); xp.expand_dims(m, (0, 2)); xp.expand_dims(x, 0)
xp.squeeze(v[None, :, None])
xp.squeeze(v[None, :, None], axis=0); xp.squeeze(m[:1], 0); xp.broadcast_to(v, (3, 4)); xp.broadcast_to(x, (2, 2))
xp.broadcast_to(2.0, (3,)); xp.flip(v); xp.flip(m); xp.flip(m, 0); xp.flip(t, axis=(0, -1)); xp.roll(v, 1)
xp.roll(m, 2)
xp.roll(m, -1, axis=1); xp.roll(m, 5, axis=-1); xp.roll(m, (1, 2), axis=(0, 1)); xp.roll(m, 1, axis=(0, 1))
xp.tile(v, 2); xp.tile(v, (2, 1)); xp.tile(m, 2); xp.tile(m, (2, 1, 2)); xp.repeat(v, 2); xp.repeat(m, 2)
xp.repeat(m, 2, axis=0); xp.repeat(m, [1, 0, 2], axis=0); xp.repeat(x, 3); xp.pad(v, 1); xp.pad(v, (1, 2))
xp.pad(m, ((1, 0), (0, 2))); xp.pad(m, ((1, 2),)); xp.pad(v, 2, constant_values=1.5); xp.pad(v, 2, mode="constant")
xp.pad(v, 2, mode="edge"); xp.pad(m, (1, 2), mode="reflect"); xp.pad(v, 3, mode="symmetric")
xp.pad(m, 1, mode="wrap")
xp.pad(v, 6, mode="reflect"); xp.take(v, i); xp.take(v, [0, -1]); xp.take(m, 5); xp.take(m, 1, axis=0)
xp.take(m, i, axis=1); xp.take(t, [[0, 1], [2, -1]], axis=-1); xp.take(v, xp.argsort(w)); xp.sort(v); xp.sort(m)
xp.take_along_axis(m, xp.argsort(m, axis=0), axis=0); xp.take_along_axis(m, xp.argsort(m, axis=1), axis=1)
xp.take_along_axis(m, i[None, :1], axis=1); xp.take_along_axis(m, i, axis=None); xp.take_along_axis(v, i, 0)
xp.sort(m, axis=0); xp.sort(m, axis=None); xp.sort(t, axis=1); xp.sort(i); xp.argsort(v); xp.argsort(m, axis=0)
xp.argsort(m, axis=None); xp.argsort(xp.floor(v)); xp.diff(v); xp.diff(m); xp.diff(m, axis=0); xp.diff(v, n=2)
xp.diff(t, axis=1, n=2); xp.diag(v); xp.diag(v, 1); xp.diag(v, -2); xp.diag(m); xp.diag(m, 1); xp.diag(s, k=-1)
xp.diagonal(m); xp.diagonal(m, 1); xp.diagonal(t, 0, 1, 2); xp.diagonal(t, axis1=0, axis2=2); xp.trace(s); xp.trace(m)
xp.trace(m, 1); xp.trace(t); xp.trace(t, axis1=1, axis2=2); xp.trace(i[:, None] * i); xp.tril(m); xp.tril(m, 1)
xp.tril(t, -1); xp.triu(m); xp.triu(m, -1); xp.triu(t, k=1)
xp.matmul(m, n); xp.matmul(v, n); xp.matmul(m, v); xp.matmul(v, w); xp.matmul(t, n); xp.matmul(t, v); xp.matmul(m, i)
xp.matmul(v, xp.swapaxes(t, 1, 2)); v @ w; m @ v; v @ n; t @ n; i @ i; m.T @ m; xp.dot(v, w); xp.dot(m, n)
xp.dot(m, v)
xp.dot(2.0, v); xp.dot(t, n); xp.dot(v, n); xp.dot(t, xp.swapaxes(t, 1, 2)); xp.inner(v, w); xp.inner(m, v)
xp.inner(m, m); xp.inner(2.0, v); xp.outer(v, w); xp.outer(m, v); xp.outer(i, v); xp.tensordot(m, n, 1)
xp.tensordot(m, m); xp.tensordot(t, m, axes=([1, 2], [0, 1])); xp.tensordot(v, w, axes=0)
xp.tensordot(t, n, axes=(2, 0))
xp.einsum("ij,jk->ik", m, n); xp.einsum("ii", s); xp.einsum("ii->i", s); xp.einsum("ij->ji", m)
xp.einsum("i,i", v, w)
xp.einsum("...j,j->...", t, v); xp.einsum("bij,jk->bik", t, n); xp.einsum("i,j->ij", i, v); xp.einsum("ij->", m)
xp.einsum("i,i->", i, i); xp.einsum("ij,jk,kl->il", m, n, n.T); xp.einsum("ij,ij->i", m, m); xp.kron(m, n)
xp.kron(v, w)
xp.kron(v, m); xp.kron(s, i[:2]); xp.cross(v[:3], w[:3]); xp.cross(s, v[:3]); xp.cross(s, s.T)
xp.cross(s, s.T, axis=0)
xp.linalg.solve(s, v[:3]); xp.linalg.solve(s, m); xp.linalg.solve(xp.stack([s, s.T]), m)
xp.linalg.solve(s, xp.swapaxes(t[:, :, :2], 1, 1)); xp.linalg.inv(s); xp.linalg.inv(xp.stack([s, s.T]))
xp.linalg.det(s)
xp.linalg.det(-s); xp.linalg.slogdet(s)[0]; xp.linalg.slogdet(-s)[1]; xp.linalg.slogdet(-s).sign
xp.linalg.slogdet(s).logabsdet; xp.linalg.cholesky(s @ s.T); xp.linalg.norm(v); xp.linalg.norm(m); xp.linalg.norm(t)
xp.linalg.norm(m, axis=0); xp.linalg.norm(m, axis=1, keepdims=True); xp.linalg.norm(t, axis=(0, 1)); xp.linalg.norm(z)
xp.linalg.norm(v, 1); xp.linalg.norm(v, 2); xp.linalg.norm(v, 3); xp.linalg.norm(v, xp.inf)
xp.linalg.norm(v, -xp.inf)
xp.linalg.norm(v, 0); xp.linalg.norm(v, -1); xp.linalg.norm(m, 1, axis=1); xp.linalg.norm(m, ord=xp.inf, axis=0)
xp.linalg.norm(m, "fro"); xp.linalg.norm(m, 1); xp.linalg.norm(m, xp.inf); xp.linalg.norm(m, 2)
xp.linalg.norm(m, "nuc")
xp.linalg.norm(m, -1); xp.linalg.norm(m, -xp.inf); xp.linalg.norm(m, -2)
xp.linalg.norm(t, 2, axis=(0, 2), keepdims=True)
xp.linalg.norm(m, 2, axis=-1); xp.linalg.norm(i); xp.linalg.matrix_power(s, 0); xp.linalg.matrix_power(s, 1)
xp.linalg.matrix_power(s, 5); xp.linalg.matrix_power(s, -2); xp.linalg.matrix_power(xp.stack([s, s]), 3)
xp.quantile(v, 0.3); xp.quantile(m, 0.7, axis=1); xp.quantile(t, 0.2, axis=1, keepdims=True)
xp.quantile(m, [0.1, 1.0]); xp.quantile(t, [0.5, 0], axis=0); xp.quantile(m, 0.5, keepdims=True); xp.quantile(i, 0.4)
xp.vdot(v, w); xp.vdot(z, v); xp.vdot(v, z); xp.vdot(m, m)
xp.linalg.eigh(s + s.T)[0]; xp.linalg.eigh(s + s.T).eigenvectors ** 2; xp.linalg.eigvalsh(s + s.T)
xp.linalg.eigh(xp.stack([s + s.T, s @ s.T])).eigenvalues
xp.linalg.svd(s)[1]; xp.linalg.svd(m).U ** 2; xp.linalg.svd(m, full_matrices=False).Vh ** 2
xp.linalg.svd(n, compute_uv=False); xp.linalg.svd(t, compute_uv=False); xp.linalg.svd(n, full_matrices=False)[0] ** 2
xp.linalg.qr(n).Q ** 2; xp.linalg.qr(n).R ** 2; xp.linalg.qr(m)[1] ** 2; xp.linalg.pinv(n); xp.linalg.pinv(m)
xp.linalg.lstsq(n, v)[0]; xp.linalg.lstsq(n, m.T)[0]; xp.linalg.lstsq(m, v[:3])[0]; xp.linalg.expm(s / 4)
xp.linalg.expm(xp.stack([s, -s]) / 4); xp.linalg.solve_triangular(s, v[:3])
xp.linalg.solve_triangular(s, m, lower=True); xp.linalg.solve_triangular(xp.stack([s, s.T]), xp.stack([m, m]))
xp.fft.fft(z); xp.fft.fft(v); xp.fft.fft(m, axis=0); xp.fft.fft(m, 5); xp.fft.fft(m, n=2, axis=0); xp.fft.ifft(z)
xp.fft.ifft(v); xp.fft.ifft(t, 4, axis=1); xp.fft.rfft(v); xp.fft.rfft(m, axis=0); xp.fft.rfft(v, 7)
xp.fft.rfft(v, n=3); xp.fft.irfft(z); xp.fft.irfft(z, 5); xp.fft.irfft(v); xp.fft.irfft(m, axis=0)
xp.fft.irfft(z, n=11)
xp.special.erf(v); xp.special.erfc(v); xp.special.gammaln(u); xp.special.gammaln(i + 2); xp.special.digamma(u)
xp.special.expit(v); xp.special.expit(i); xp.special.logit(u); xp.special.logsumexp(m)
xp.special.logsumexp(m, axis=1)
xp.special.logsumexp(t, axis=(0, 2), keepdims=True); xp.special.logsumexp(v + 800); xp.special.softmax(v)
xp.special.softmax(m); xp.special.softmax(m, axis=0); xp.special.softmax(t, axis=(0, 2))
xp.special.log_softmax(m, axis=-1)
xp.special.log_softmax(m); xp.special.xlogy(v, u); xp.special.xlogy(0.0, u); xp.special.xlogy(0, 0.0)
xp.special.ndtr(v)
xp.special.ndtr(-20.0 * u)
xp.special.erfinv(u); xp.special.ndtri(u); xp.special.dawsn(v); xp.special.entr(u); xp.special.entr(0.0)
xp.special.rel_entr(u, 1.5); xp.special.rel_entr(m * m, u); xp.special.kl_div(u, v * v); xp.special.xlog1py(v, u)
xp.special.xlog1py(0.0, -1.0); xp.special.gamma(u); xp.special.gamma(-u); xp.special.gamma(-1.0 - u)
xp.special.gamma(4)
xp.special.polygamma(2, u); xp.special.polygamma(0, u); xp.special.beta(u, 2.5); xp.special.beta(-0.3 * u, m * m)
xp.special.betaln(u, m * m); xp.special.gammainc(u, 2.0); xp.special.gammaincc(0.5, u); xp.special.betainc(2.0, 0.7, u)
xp.special.betainc(u, m * m, 0.3); xp.special.zeta(u + 2, 1.5); xp.special.zeta(3.0, u); xp.special.i0(v)
xp.special.i0e(v); xp.special.i1(v); xp.special.i1e(v); xp.special.j0(v); xp.special.j1(v); xp.special.expi(u)
xp.special.spence(u)
v + w; 1 + v; v - 1; 2.0 - v; 3 * v; v * i; v / 2; 1 / v; i / 2; v**2; u**0.5; 2**v; -v; +v; abs(v); v + 1j; i + i
i - 1
v > 0; v >= w; v < 0.1; i <= 1; i == 2; i != 2; (v > 0) & b; (v > 0) | b; ~b; m.T; t.T; v.T; np.float64(2.0) * v
np.array([1.0, 2.0, 3.0, 4.0]) * v; v * np.array([1, 2, 3, 4]); np.int64(3) - v; b * v; xp.asarray(2.0) * v; xp.pi * x
v[0]; v[-1]; v[1:3]; v[::-1]; v[::2]; m[1]; m[1, 2]; m[:, 1]; m[-1, ::-2]; m[..., 0]; m[None]; m[:, None, :]; x[()]
x[None]
t[0, :, 1]; t[..., 1:, :]; v[i]; v[[0, 2]]; v[np.array([1, -1])]; m[[0, 2]]; m[[0, 2], [1, -1]]; m[:, [0, 3]]; m[:, i]
t[:, [0, 1], 2]; t[0, [[0], [1]], [1, 2]]; v[b]; m[:, b]; m[0, b]; v[v > 0]; m[m > 0]; v[xp.argsort(v)]; o[:, 1]
m[xp.argmax(m[:, 0])]; m[xp.argmax(m, axis=0), xp.arange(4)]; v[np.int64(1)]; m[xp.arange(3), xp.arange(3)]
sum(row[0] for row in m); len(m) * x; float(m.size) * x; m.ndim * x
m.shape[0] * x
"""
ROWS = [e.strip() for line in EXPRESSIONS.strip().splitlines() for e in line.split(";") if e.strip()]


def evaluate(expression, xp, arrays):
    return eval(expression, {"xp": xp, "np": np, **arrays})


def wrapped(xp):
    return {name: xp.asarray(array) for name, array in ARRAYS.items()}


@pytest.mark.parametrize("expression", ROWS)
def test_function_means_what_numpy_means(expression):
    wanted = evaluate(expression, NUMPY, ARRAYS)
    xp = TensorflowNamespace(np.dtype("float64"))
    eager = evaluate(expression, xp, wrapped(xp)).tensor
    traced = tf.function(lambda: evaluate(expression, xp, wrapped(xp)).tensor, autograph=False)()
    for got in (eager, traced):
        assert got.shape == np.shape(wanted)
        assert got.dtype.as_numpy_dtype == np.asarray(wanted).dtype
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("expression", ROWS)
def test_float32_stays_float32(expression):
    xp = TensorflowNamespace(np.dtype("float32"))
    got = evaluate(expression, xp, wrapped(xp)).tensor
    assert got.dtype not in (tf.float64, tf.complex128)


def test_every_function_of_the_vocabulary_is_compared():
    missing = [name for name in FUNCTIONS if f"xp.{name}(" not in EXPRESSIONS]
    assert missing == [name for name in FUNCTIONS if name in TensorflowNamespace.lacking]


def test_names_outside_the_vocabulary_are_refused():
    xp = TensorflowNamespace(np.dtype("float64"))
    with pytest.raises(UnknownNameError, match="tensordot"):
        xp.tensordott  # noqa: B018
    assert not hasattr(xp, "_hidden")


def test_computed_indices_inside_a_graph():
    xp = TensorflowNamespace(np.dtype("float64"))

    def evaluate_in_graph(f, *arrays):
        return tf.function(lambda *t: f(*(TensorflowArray(x, xp) for x in t)).tensor, autograph=False)(
            *(tf.constant(a) for a in arrays)
        ).numpy()

    v, m = ARRAYS["v"], ARRAYS["m"]
    order = np.argsort(v)
    np.testing.assert_array_equal(evaluate_in_graph(lambda a: a[xp.argsort(a)], v), v[order])
    np.testing.assert_array_equal(evaluate_in_graph(lambda a: a[a > 0], v), v[v > 0])
    np.testing.assert_array_equal(evaluate_in_graph(lambda a: a[a > 0], m), m[m > 0])
    np.testing.assert_array_equal(
        evaluate_in_graph(lambda a: a[xp.argmin(a, axis=0) - 3, :], m), m[np.argmin(m, 0) - 3]
    )
    np.testing.assert_array_equal(
        evaluate_in_graph(lambda a: a[xp.arange(3), xp.argmax(a, axis=1)], m), m[np.arange(3), np.argmax(m, 1)]
    )
    with pytest.raises(UnsupportedError, match=r"xp\.take"):
        evaluate_in_graph(lambda a: a[:, xp.argmax(a, axis=1)], m)


def test_what_would_cut_the_derivative_raises():
    xp = TensorflowNamespace(np.dtype("float64"))
    x = xp.asarray(2.0)
    for cut in (lambda: np.sin(x), lambda: np.linalg.norm(x), lambda: float(x), lambda: xp.asarray([x, x])):
        with pytest.raises(TypeError):
            cut()


def test_arrays_are_not_writable_and_have_a_truth_value():
    xp = TensorflowNamespace(np.dtype("float64"))
    v = xp.asarray([1.0, -1.0])
    with pytest.raises(TypeError):
        v[0] = 3.0
    assert v[0] > 0
    assert not v[1] > 0
    assert [10, 20][xp.argmin(v)] == 20
    assert v.dtype == np.float64
    assert "TensorflowArray" in repr(v)


def test_tensors_without_numpy_behaviour_are_left_as_they_are():
    TensorflowNamespace(np.dtype("float64")).asarray([1.0])
    assert not hasattr(tf.constant(1.0), "T")
    assert not hasattr(tf.constant(1.0), "ravel")
