"""What portable functions see of TensorFlow: arrays with NumPy's operators, and NumPy's vocabulary for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import optree
import tensorflow as tf

from gradcheck.functions import Array
from gradcheck.namespaces import LibraryNamespace, PortableArray
from gradcheck_tensorflow.functions import TensorFunctions


class TensorflowArray(PortableArray):
    """A tensor with NumPy's operators and indexing.

    TensorFlow can give its own tensors such operators, but only by a switch for the whole
    process (``tf.experimental.numpy.experimental_enable_numpy_behavior``), which is the caller's.

    Parameters
    ----------
    tensor : tf.Tensor
        What is wrapped.
    xp : TensorflowNamespace
        The namespace whose functions the operators are.
    """

    __slots__ = ("tensor", "xp")

    def __init__(self, tensor: Any, xp: TensorflowNamespace) -> None:
        self.tensor, self.xp = tensor, xp

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The length of each axis; None for one that depends on the data, inside ``tf.function``."""
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, as NumPy's."""
        dtype: np.dtype[Any] = np.dtype(self.tensor.dtype.as_numpy_dtype)
        return dtype

    def __bool__(self) -> bool:
        return bool(self.tensor)

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"only an integer array is an index, got {self.dtype}")
        return int(self.tensor)

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a NumPy function was given an array of xp, which would cut the derivative; use xp's functions")

    def __repr__(self) -> str:
        return f"TensorflowArray({self.tensor!r})"


class TensorflowNamespace(LibraryNamespace):
    """NumPy's vocabulary for `TensorflowArray`.

    Parameters
    ----------
    dtype : numpy.dtype
        The real dtype of floating constants.
    """

    library = "tensorflow"
    lacking = ("special.log_ndtr", "special.erfcx", "special.exp1")

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__(dtype)
        self._functions = TensorFunctions(dtype)
        self.getitem = self._lifted(self._functions.getitem)

    def from_numpy(self, array: Array) -> TensorflowArray:
        """Convert a constant."""
        return TensorflowArray(tf.constant(np.array(array)), self)

    def is_array(self, value: Any) -> bool:
        """Whether `value` is an array of this namespace."""
        return isinstance(value, TensorflowArray)

    def wrap(self, tree: Any) -> Any:
        """Replace the tensors of a pytree by arrays of this namespace."""
        return optree.tree_map(lambda leaf: TensorflowArray(leaf, self) if tf.is_tensor(leaf) else leaf, tree)

    def unwrap(self, tree: Any) -> Any:
        """Replace the arrays of this namespace in a pytree by their tensors."""
        return optree.tree_map(lambda leaf: leaf.tensor if isinstance(leaf, TensorflowArray) else leaf, tree)

    def _find(self, name: str) -> Callable[..., Any]:
        if hasattr(type(self), name):  # creation, which is the same for every library
            return getattr(self, name)  # type: ignore[no-any-return]
        return self._lifted(self._functions.function(name))

    def _lifted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Turn a function of tensors into one of arrays."""

        def lifted(*args: Any, **kwargs: Any) -> Any:
            plain_args, plain_kwargs = self.unwrap((args, kwargs))
            return self.wrap(function(*plain_args, **plain_kwargs))

        return lifted
