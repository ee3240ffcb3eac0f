"""Fourier and cosine transforms, frames and convolutions of signals by each framework's own kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcheck
from gradcheck.frameworks import jax, jnp, jsignal, tf, torch
from gradcheck.functions import Array

_ALL = ["jacobian", "jvp", "vjp"]
_SCALAR = ["native", "signal", "scalar"]
_VECTOR = ["native", "signal", "vector"]
_SECOND_ORDER = ["gradient", "hvp"]
_NUMPY = "NumPy Reference, numpy.fft."
_TF = "TensorFlow API documentation, tf.signal."

_FIVE = np.array([0.3, -1.2, 2.0, 0.9, -0.4])
_SIX = np.array([0.3, -1.2, 2.0, 0.9, -0.4, 1.5])
_HANN = np.array([0.0, 0.5, 1.0, 0.5])


def _transform(xp: Any, x: Any, n: int, kept: int) -> tuple[Any, Any]:
    """Real and imaginary parts of the first of n coefficients of a real signal."""
    angles = 2 * np.pi * np.outer(np.arange(kept), np.arange(x.shape[0])) / n
    return xp.matmul(xp.asarray(_cosine(angles)), x), -xp.matmul(xp.asarray(_sine(angles)), x)


def _cosine(angles: Array) -> Array:
    """Cosines, of which those of right angles are exactly zero."""
    cosines = np.cos(angles)
    return np.where(np.abs(cosines) < 1e-14, 0.0, cosines)


def _sine(angles: Array) -> Array:
    """Sines, of which those of straight angles are exactly zero."""
    sines = np.sin(angles)
    return np.where(np.abs(sines) < 1e-14, 0.0, sines)


def _weights(n: int) -> Array:
    """Unequal weights of both signs."""
    return np.asarray(np.where(np.arange(n) % 3 == 1, -2.0, 1.0) + 0.1 * np.arange(n))


def _power(xp: Any, re: Any, im: Any) -> Any:
    """Weighted power of coefficients, with the product of both parts, which sees their signs."""
    return xp.dot(xp.asarray(_weights(re.shape[0])), re**2 + 2 * im**2 + re * im)


def _power_of(library: Any, z: Any) -> Any:
    """Weighted power of PyTorch's and JAX's complex coefficients."""
    weights = library.asarray(_weights(z.shape[0]))
    return (weights * (z.real**2 + 2 * z.imag**2 + z.real * z.imag)).sum()


def _power_of_tensor(z: Any) -> Any:
    """Weighted power of TensorFlow's complex coefficients."""
    re, im = tf.math.real(z), tf.math.imag(z)
    return tf.reduce_sum(_weights(z.shape[0]) * (re**2 + 2 * im**2 + re * im))


@gradcheck.case(
    name="native.fourier_transform",
    inputs=lambda rng: {"ordinary": (_FIVE, _FIVE[::-1] ** 2)},
    operators=_SECOND_ORDER,
    tags=_SCALAR,
    source=_NUMPY + "fft",
    native={
        "torch": lambda re, im: _power_of(torch, torch.fft.fft(torch.complex(re, im))),
        "jax": lambda re, im: _power_of(jnp, jnp.fft.fft(re + 1j * im)),
        "tensorflow": lambda re, im: _power_of_tensor(tf.signal.fft(tf.complex(re, im))),
    },
)
def fourier_transform(xp: Any, re: Any, im: Any) -> Any:
    """Weighted power of the coefficients of a complex signal, of odd length."""
    a, b = _transform(xp, re, 5, 5)
    c, d = _transform(xp, im, 5, 5)
    return _power(xp, a - d, b + c)


@gradcheck.case(
    name="native.real_fourier_transform",
    inputs=lambda rng: {"odd": (_FIVE,), "even": (_SIX,)},
    operators=_SECOND_ORDER,
    tags=_SCALAR,
    source=_NUMPY + "rfft",
    native={
        "torch": lambda x: _power_of(torch, torch.fft.rfft(x)),
        "jax": lambda x: _power_of(jnp, jnp.fft.rfft(x)),
        "tensorflow": lambda x: _power_of_tensor(tf.signal.rfft(x)),
    },
)
def real_fourier_transform(xp: Any, x: Any) -> Any:
    """Weighted power of the coefficients of a real signal."""
    n = x.shape[0]
    return _power(xp, *_transform(xp, x, n, n // 2 + 1))


@gradcheck.case(
    name="native.padded_fourier_transform",
    inputs=lambda rng: {"ordinary": (_FIVE,)},
    operators=_SECOND_ORDER,
    tags=_SCALAR,
    source=_NUMPY + "rfft",
    native={
        "torch": lambda x: _power_of(torch, torch.fft.rfft(x, n=8)),
        "jax": lambda x: _power_of(jnp, jnp.fft.rfft(x, n=8)),
        "tensorflow": lambda x: _power_of_tensor(tf.signal.rfft(x, [8])),
    },
)
def padded_fourier_transform(xp: Any, x: Any) -> Any:
    """Weighted power of the coefficients of a real signal padded with zeros."""
    return _power(xp, *_transform(xp, x, 8, 5))


@gradcheck.case(
    name="native.cut_fourier_transform",
    inputs=lambda rng: {"ordinary": (_SIX,)},
    operators=["gradient"],
    tags=_SCALAR,
    source=_NUMPY + "rfft",
    native={
        "torch": lambda x: _power_of(torch, torch.fft.rfft(x, n=4, norm="ortho")),
        "jax": lambda x: _power_of(jnp, jnp.fft.rfft(x, n=4, norm="ortho")),
        "tensorflow": lambda x: _power_of_tensor(tf.signal.rfft(x, [4])) / 4,
    },
)
def cut_fourier_transform(xp: Any, x: Any) -> Any:
    """Weighted power of the unitary transform of the beginning of a real signal."""
    return _power(xp, *_transform(xp, x[:4], 4, 3)) / 4


def _inverse(xp: Any, re: Any, im: Any, n: int) -> Any:
    """The real signal of length n of half of the coefficients, whose first is taken to be real."""
    k = np.arange(re.shape[0])
    twice = np.where((k == 0) | (2 * k == n), 1.0, 2.0)
    angles = 2 * np.pi * np.outer(np.arange(n), k) / n
    return xp.matmul(xp.asarray(twice * _cosine(angles) / n), re) - xp.matmul(xp.asarray(twice * _sine(angles) / n), im)


@gradcheck.case(
    name="native.inverse_real_transform",
    inputs=lambda rng: {"ordinary": (_SIX[:4], np.array([0.7, -0.6, 1.1, 0.8]))},
    operators=_ALL,
    tags=_VECTOR,
    source=_NUMPY + "irfft",
    native={
        "torch": lambda re, im: torch.fft.irfft(torch.complex(re, im)) ** 2,
        "jax": lambda re, im: jnp.fft.irfft(re + 1j * im) ** 2,
        "tensorflow": lambda re, im: tf.signal.irfft(tf.complex(re, im)) ** 2,
    },
)
def inverse_real_transform(xp: Any, re: Any, im: Any) -> Any:
    """Squared real signal of even length; imaginary parts of the first and last coefficient are not read."""
    return _inverse(xp, re, im, 6) ** 2


@gradcheck.case(
    name="native.inverse_real_transform_of_odd_length",
    inputs=lambda rng: {"ordinary": (_SIX[:3], np.array([0.7, -0.6, 1.1]))},
    operators=_ALL,
    tags=_VECTOR,
    source=_NUMPY + "irfft",
    native={
        "torch": lambda re, im: torch.fft.irfft(torch.complex(re, im), n=5) ** 2,
        "jax": lambda re, im: jnp.fft.irfft(re + 1j * im, n=5) ** 2,
        "tensorflow": lambda re, im: tf.signal.irfft(tf.complex(re, im), [5]) ** 2,
    },
)
def inverse_real_transform_of_odd_length(xp: Any, re: Any, im: Any) -> Any:
    """Squared real signal of odd length; the imaginary part of the first coefficient is not read."""
    return _inverse(xp, re, im, 5) ** 2


@gradcheck.case(
    name="native.hermitian_transform",
    inputs=lambda rng: {"ordinary": (_SIX[:4], np.array([0.7, -0.6, 1.1, 0.8]))},
    operators=_ALL,
    tags=_VECTOR,
    source=_NUMPY + "hfft",
    native={
        "torch": lambda re, im: torch.fft.hfft(torch.complex(re, im)) ** 2,
        "jax": lambda re, im: jnp.fft.hfft(re + 1j * im) ** 2,
    },
)
def hermitian_transform(xp: Any, re: Any, im: Any) -> Any:
    """Squared spectrum of a signal with Hermitian symmetry."""
    return (6 * _inverse(xp, re, -im, 6)) ** 2


@gradcheck.case(
    name="native.real_fourier_transform_of_two_axes",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0, 0.9], [1.4, -0.6, 0.1, -2.2], [0.8, 0.5, -0.7, 1.1]]),)
    },
    operators=["gradient"],
    tags=_SCALAR,
    source=_NUMPY + "rfft2",
    native={
        "torch": lambda x: _power_of(torch, torch.fft.rfft2(x).reshape(-1)),
        "jax": lambda x: _power_of(jnp, jnp.fft.rfft2(x).reshape(-1)),
        "tensorflow": lambda x: _power_of_tensor(tf.reshape(tf.signal.rfft2d(x), [9])),
    },
)
def real_fourier_transform_of_two_axes(xp: Any, x: Any) -> Any:
    """Weighted power of the coefficients of a real image."""
    rows = 2 * np.pi * np.outer(np.arange(3), np.arange(3)) / 3
    columns = 2 * np.pi * np.outer(np.arange(4), np.arange(3)) / 4
    (c, s), (d, t) = ((xp.asarray(_cosine(a)), xp.asarray(_sine(a))) for a in (rows, columns))
    even, odd = xp.matmul(x, d), xp.matmul(x, t)
    re = xp.matmul(c, even) - xp.matmul(s, odd)
    im = -xp.matmul(s, even) - xp.matmul(c, odd)
    return _power(xp, xp.ravel(re), xp.ravel(im))


@gradcheck.case(
    name="native.inverse_transform_of_two_axes",
    inputs=lambda rng: {
        "ordinary": (np.array([[0.3, -1.2, 2.0], [1.4, -0.6, 0.1]]), np.array([[0.7, -0.6, 1.1], [0.8, 0.4, -0.9]]))
    },
    operators=_ALL,
    tags=["native", "signal", "matrix"],
    source=_NUMPY + "irfft2",
    native={
        "torch": lambda re, im: torch.fft.irfft2(torch.complex(re, im)) ** 2,
        "jax": lambda re, im: jnp.fft.irfft2(re + 1j * im) ** 2,
        "tensorflow": lambda re, im: tf.signal.irfft2d(tf.complex(re, im)) ** 2,
    },
)
def inverse_transform_of_two_axes(xp: Any, re: Any, im: Any) -> Any:
    """Squared real image of half of its coefficients."""
    added = xp.stack([re[0] + re[1], re[0] - re[1]]) / 2, xp.stack([im[0] + im[1], im[0] - im[1]]) / 2
    rows = [_inverse(xp, added[0][i], added[1][i], 4) for i in range(2)]
    return xp.stack(rows) ** 2


def _cosines(n: int, kind: int) -> Array:
    """The matrix of the cosine transform of type 2 or 3 in SciPy's normalisation."""
    k, j = np.arange(n)[:, None], np.arange(n)[None]
    if kind == 2:
        return np.asarray(2 * np.cos(np.pi * k * (2 * j + 1) / (2 * n)))
    return np.asarray(np.where(j == 0, 1.0, 2.0) * np.cos(np.pi * (2 * k + 1) * j / (2 * n)))


@gradcheck.case(
    name="native.cosine_transform",
    inputs=lambda rng: {"ordinary": (_SIX[:4],)},
    operators=_ALL,
    tags=_VECTOR,
    source="SciPy Reference, scipy.fft.dct",
    native={
        "torch": lambda x: torch.asarray(_cosines(4, 2), dtype=x.dtype) @ x**2,
        "jax": lambda x: jax.scipy.fft.dct(x**2),
        "tensorflow": lambda x: tf.signal.dct(x**2),
    },
)
def cosine_transform(xp: Any, x: Any) -> Any:
    """Cosine transform of the second type of squares."""
    return xp.matmul(xp.asarray(_cosines(4, 2)), x**2)


@gradcheck.case(
    name="native.inverse_cosine_transform",
    inputs=lambda rng: {"ordinary": (_SIX[:4],)},
    operators=_ALL,
    tags=_VECTOR,
    source="SciPy Reference, scipy.fft.idct",
    native={
        "jax": lambda x: 8 * jax.scipy.fft.idct(x**2),
        "tensorflow": lambda x: tf.signal.dct(x**2, type=3),
    },
)
def inverse_cosine_transform(xp: Any, x: Any) -> Any:
    """Cosine transform of the third type of squares, which undoes the second."""
    return xp.matmul(xp.asarray(_cosines(4, 3)), x**2)


@gradcheck.case(
    name="native.spectrogram",
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.0, 0.9, -0.4, 1.5, 0.7, -0.8]),)},
    operators=_SECOND_ORDER,
    tags=_SCALAR,
    source=_TF + "stft",
    native={
        "torch": lambda x: _power_of(
            torch,
            torch.stft(x, 4, hop_length=2, window=torch.asarray(_HANN), center=False, return_complex=True).T.reshape(
                -1
            ),
        ),
        "jax": lambda x: _power_of(
            jnp,
            2
            * jsignal.stft(x, nperseg=4, noverlap=2, window=jnp.asarray(_HANN), boundary=None, padded=False)[
                2
            ].T.reshape(-1),
        ),
        "tensorflow": lambda x: _power_of_tensor(
            tf.reshape(tf.signal.stft(x, 4, 2, window_fn=lambda n, dtype: tf.constant(_HANN, dtype)), [9])
        ),
    },
)
def spectrogram(xp: Any, x: Any) -> Any:
    """Weighted power of the short-time transform of a signal."""
    frames = [_transform(xp, xp.asarray(_HANN) * x[i : i + 4], 4, 3) for i in (0, 2, 4)]
    return _power(xp, xp.concatenate([re for re, _ in frames]), xp.concatenate([im for _, im in frames]))


@gradcheck.case(
    name="native.frames",
    inputs=lambda rng: {"ordinary": (np.array([0.3, -1.2, 2.0, 0.9, -0.4, 1.5, 0.7]),)},
    operators=_ALL,
    tags=["native", "signal", "matrix"],
    source=_TF + "frame",
    native={
        "torch": lambda x: x.unfold(0, 3, 2) ** 2,
        "jax": lambda x: jax.lax.conv_general_dilated_patches(x[None, None], (3,), (2,), "VALID")[0].T ** 2,
        "tensorflow": lambda x: tf.signal.frame(x, 3, 2) ** 2,
    },
)
def frames(xp: Any, x: Any) -> Any:
    """Squares of overlapping pieces of a signal."""
    return xp.stack([x[0:3], x[2:5], x[4:7]]) ** 2


@gradcheck.case(
    name="native.fft_convolution",
    inputs=lambda rng: {"ordinary": (_FIVE, np.array([0.5, -1.5, 0.8]))},
    operators=_ALL,
    tags=_VECTOR,
    source="SciPy Reference, scipy.signal.fftconvolve",
    native={
        "torch": lambda x, y: torch.fft.irfft(torch.fft.rfft(x, n=7) * torch.fft.rfft(y, n=7), n=7),
        "jax": lambda x, y: jsignal.fftconvolve(x, y),
        "tensorflow": lambda x, y: tf.signal.irfft(tf.signal.rfft(x, [7]) * tf.signal.rfft(y, [7]), [7]),
    },
)
def fft_convolution(xp: Any, x: Any, y: Any) -> Any:
    """Full convolution by Fourier transforms."""
    return _convolved(xp, x, y)


def _convolved(xp: Any, x: Any, y: Any) -> Any:
    rows = [xp.concatenate([xp.zeros(i), y[i] * x, xp.zeros(2 - i)]) for i in range(3)]
    return rows[0] + rows[1] + rows[2]
