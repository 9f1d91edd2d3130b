"""Invertible 1x1 convolution (Glow, section 3.2)."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import TensorPair

Parametrization = Literal["lu", "full"]
Start = Literal["rotation", "identity"]


class InvertibleConv1x1(EventBijector):
    """Inverse `z = x W` on the last axis: a learned mixing of channels, with log-det `log|det W|`.

    One event is one vector of channels; images `[..., H, W, C]` are `H*W` of them each. On plain
    vectors it is the linear flow.

    - `"lu"`: `W = P L (U + diag(exp(log_scale)))` with a fixed permutation `P`, which holds the
      signs, too; `L` and `U` are triangular, and `W` cannot become singular. `C*C` numbers in one
      variable: `L` below its diagonal, `log_scale` on it, `U` above. The log-det is
      `sum(log_scale)`.
    - `"full"`: `W` itself, as in the released code. Inverse and log-det are computed in float64;
      a learning rate that is too high can still drive `W` near a singular matrix.

    Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039, equations 9 to 11.

    Args:
      num_channels: `C`, the length of the last axis.
      parametrization: `"lu"` or `"full"`.
      start: `"rotation"`, uniformly drawn from the orthogonal matrices, of either sign of the
        determinant; or `"identity"`.
      dtype: of the variables.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: for another parametrization or start.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors
      >>> layer = bijectors.InvertibleConv1x1(12)
      >>> layer.inverse(tf.ones([5, 8, 8, 12])).shape
      TensorShape([5, 8, 8, 12])
    """

    def __init__(
        self,
        num_channels: int,
        *,
        parametrization: Parametrization = "lu",
        start: Start = "rotation",
        dtype: tf.DType = tf.float32,
        validate_args: bool = False,
        name: str = "invertible_conv1x1",
    ) -> None:
        parameters = dict(locals())
        self._num_channels = check_int("num_channels", num_channels, 1)
        for argument, given, known in [
            ("parametrization", parametrization, ("lu", "full")),
            ("start", start, ("rotation", "identity")),
        ]:
            if not isinstance(given, str) or given not in known:
                raise ValueError(f"`{argument}` must be one of {known}; got {given!r}.")
        super().__init__(
            forward_min_event_ndims=1,
            is_constant_jacobian=True,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        matrix = tf.eye(self._num_channels, dtype=tf.float64)
        if start == "rotation":
            matrix = _random_rotation(self._num_channels)
        make = _LU if parametrization == "lu" else _Full
        self._weight = make(matrix, tf.as_dtype(dtype))

    @property
    def matrix(self) -> tf.Tensor:
        """`W`, `[C, C]`."""
        return self._weight.matrix_and_log_det(self._weight.dtype)[0]

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        matrix, log_det = self._weight.inverse_and_log_det()
        return self._mix(z, tf.cast(matrix, z.dtype)), tf.cast(log_det, z.dtype)

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        matrix, log_det = self._weight.matrix_and_log_det(x.dtype)
        return self._mix(x, matrix), tf.cast(log_det, x.dtype)

    def _mix(self, event: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
        if event.shape[-1] != self._num_channels:
            raise ValueError(
                f"`{self.name}` must be given {self._num_channels} channels; got shape "
                f"{tuple(event.shape)}."
            )
        flat, restore = flatten_batch(event, 1)
        return restore(tf.matmul(flat, matrix), 1)


class _LU(tf.Module):
    """`W = P L (U + diag(exp(log_scale)))`, packed in one variable."""

    def __init__(self, matrix: tf.Tensor, dtype: tf.DType) -> None:
        super().__init__()
        packed, permutation = tf.linalg.lu(matrix)
        diagonal = tf.linalg.diag_part(packed)
        # With the signs `S` of the diagonal, P L U = (P S) (S L S) (S U): they join `P`.
        signs = tf.sign(diagonal)
        packed *= signs[:, tf.newaxis] * tf.where(np.tri(*packed.shape, k=-1) > 0, signs, 1)
        packed = tf.linalg.set_diag(packed, tf.math.log(tf.abs(diagonal)))
        # As a matrix: the gradient of a gather is ten times as many operations as a product.
        rows = tf.one_hot(tf.math.invert_permutation(permutation), packed.shape[0], dtype=dtype)
        self._packed = tf.Variable(tf.cast(packed, dtype), name="packed_lu")
        self._permutation = tf.Variable(
            rows * tf.cast(signs, dtype), trainable=False, name="permutation"
        )

    @property
    def dtype(self) -> tf.DType:
        return self._packed.dtype

    def matrix_and_log_det(self, dtype: tf.DType) -> TensorPair:
        lower, upper, log_det = self._factors(dtype)
        permutation = tf.cast(self._permutation, dtype)
        return tf.matmul(permutation, tf.matmul(lower, upper)), log_det

    def inverse_and_log_det(self) -> TensorPair:
        """The inverse of `W` and its log-det, in float64."""
        # Triangular systems: nothing here can fail as the inverse of a matrix can.
        lower, upper, log_det = self._factors(tf.float64)
        permutation = tf.cast(self._permutation, tf.float64)
        half = tf.linalg.triangular_solve(lower, tf.transpose(permutation))
        return tf.linalg.triangular_solve(upper, half, lower=False), -log_det

    def _factors(self, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        packed = tf.cast(self._packed, dtype)
        # Masks, as they are the fewest operations to trace and to run.
        eye = np.eye(packed.shape[0], dtype=dtype.as_numpy_dtype)
        below = np.tri(packed.shape[0], k=-1, dtype=eye.dtype)
        log_scale = packed * eye
        lower = packed * below + eye
        upper = packed * below.T + tf.exp(log_scale) * eye
        return lower, upper, tf.reduce_sum(log_scale)


class _Full(tf.Module):
    """`W` itself."""

    def __init__(self, matrix: tf.Tensor, dtype: tf.DType) -> None:
        super().__init__()
        self._matrix = tf.Variable(tf.cast(matrix, dtype), name="matrix")

    @property
    def dtype(self) -> tf.DType:
        return self._matrix.dtype

    def matrix_and_log_det(self, dtype: tf.DType) -> TensorPair:
        return tf.cast(self._matrix, dtype), _log_abs_det(tf.cast(self._matrix, tf.float64))

    def inverse_and_log_det(self) -> TensorPair:
        """The inverse of `W` and its log-det, in float64."""
        matrix = tf.cast(self._matrix, tf.float64)
        return tf.linalg.inv(matrix), -_log_abs_det(matrix)


@tf.custom_gradient
def _log_abs_det(matrix: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """`log|det W|`, whose gradient is the inverse of `W`, transposed."""
    # By QR: XLA does not know `tf.linalg.slogdet`.
    diagonal = tf.linalg.diag_part(tf.linalg.qr(matrix).r)
    value = tf.reduce_sum(tf.math.log(tf.abs(diagonal)))
    return value, lambda upstream: upstream * tf.linalg.inv(matrix, adjoint=True)


def _random_rotation(size: int) -> tf.Tensor:
    """A draw from the Haar measure: without the signs, QR prefers some matrices."""
    q, r = tf.linalg.qr(tf.random.normal([size, size], dtype=tf.float64))
    return q * tf.sign(tf.linalg.diag_part(r))
