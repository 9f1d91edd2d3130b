"""Space to channels (RealNVP, section 3.6)."""

from typing import Any, Literal

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import TensorPair

Order = Literal["channel", "position", "diagonal"]
_ORDERS = ("channel", "position", "diagonal")


class Squeeze(EventBijector):
    """Tiles of f x f pixels become channels: data `[..., H, W, C]` to `[..., H/f, W/f, C*f*f]`.

    The log-det is 0. With `dy, dx` the place of a pixel in its tile and `c` its channel, the
    squeezed channel is

    - `"channel"`: `c*f*f + dy*f + dx`, all pixels of one channel side by side, as in the released
      code of RealNVP and Glow;
    - `"position"`: `(dy*f + dx)*C + c`, as `tf.nn.space_to_depth` and Flow++ have it;
    - `"diagonal"`: as `"position"`, but the pixels of the diagonal come first, then those beside
      it. For f = 2 the order is top left, bottom right, top right, bottom left: the first half of
      the channels is one colour of the checkerboard, which RealNVP goes on with when it factors
      out the other.

    Dinh et al. 2017, https://arxiv.org/abs/1605.08803. `tfb.Invert(Squeeze(...))` undoes it.

    Args:
      factor: height and width of a tile.
      order: of the squeezed channels.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: for another order, and later for images that the tiles do not cover.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors
      >>> bijectors.Squeeze().inverse(tf.zeros([5, 28, 28, 1])).shape
      TensorShape([5, 14, 14, 4])
    """

    def __init__(
        self,
        factor: int = 2,
        order: Order = "channel",
        *,
        validate_args: bool = False,
        name: str = "squeeze",
    ) -> None:
        parameters = dict(locals())
        self._factor = check_int("factor", factor, 2)
        if not isinstance(order, str) or order not in _ORDERS:
            raise ValueError(f"`order` must be one of {_ORDERS}; got {order!r}.")
        self._order = order
        super().__init__(
            forward_min_event_ndims=3,
            is_constant_jacobian=True,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        f = self._factor
        height, width, channels = self._squeezed(_static_event(self, x))
        flat, restore = flatten_batch(x, 3)
        tiles = tf.reshape(flat, [-1, height, f, width, f, channels // (f * f)])
        if self._order == "channel":
            tiles = tf.transpose(tiles, [0, 1, 3, 5, 2, 4])
        else:
            tiles = tf.transpose(tiles, [0, 1, 3, 2, 4, 5])
        tiles = self._reordered(tiles, self._diagonal_first())
        return restore(tf.reshape(tiles, [-1, height, width, channels]), 3), tf.zeros([], x.dtype)

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        f = self._factor
        height, width, channels = _static_event(self, z)
        full = self._unsqueezed((height, width, channels))
        flat, restore = flatten_batch(z, 3)
        if self._order == "channel":
            tiles = tf.reshape(flat, [-1, height, width, full[2], f, f])
            tiles = tf.transpose(tiles, [0, 1, 4, 2, 5, 3])
        else:
            tiles = tf.reshape(flat, [-1, height, width, f, f, full[2]])
            tiles = self._reordered(tiles, np.argsort(self._diagonal_first()))
            tiles = tf.transpose(tiles, [0, 1, 3, 2, 4, 5])
        return restore(tf.reshape(tiles, [-1, *full]), 3), tf.zeros([], z.dtype)

    def _reordered(self, tiles: tf.Tensor, order: np.ndarray) -> tf.Tensor:
        """Another order of the f*f pixels in tiles `[N, H, W, f, f, C]`."""
        if self._order != "diagonal":
            return tiles
        shape = tiles.shape
        pixels = tf.reshape(tiles, [-1, *shape[1:3], self._factor**2, shape[5]])
        return tf.reshape(tf.gather(pixels, order, axis=3), [-1, *shape[1:]])

    def _diagonal_first(self) -> np.ndarray:
        dy, dx = np.divmod(np.arange(self._factor**2), self._factor)
        return np.lexsort([dy, (dx - dy) % self._factor])

    def _squeezed(self, event_shape: tuple) -> tuple[int, int, int]:
        height, width, channels = event_shape
        f = self._factor
        if height % f or width % f:
            raise ValueError(
                f"`{self.name}` must be given heights and widths divisible by {f}; got events of "
                f"shape {event_shape}. Crop or pad them, for example to "
                f"{(height + -height % f, width + -width % f, channels)}."
            )
        return height // f, width // f, channels * f * f

    def _unsqueezed(self, event_shape: tuple) -> tuple[int, int, int]:
        height, width, channels = event_shape
        f = self._factor
        if channels % (f * f):
            raise ValueError(
                f"`{self.name}` must be given latents with a number of channels divisible by "
                f"{f * f}; got events of shape {event_shape}."
            )
        return height * f, width * f, channels // (f * f)

    def _inverse_event_shape(self, output_shape: tf.TensorShape) -> tf.TensorShape:
        return _map_shape(self._squeezed, output_shape)

    def _forward_event_shape(self, input_shape: tf.TensorShape) -> tf.TensorShape:
        return _map_shape(self._unsqueezed, input_shape)

    def _inverse_event_shape_tensor(self, output_shape: tf.Tensor) -> tf.Tensor:
        f = self._factor
        return tf.concat([output_shape[:-3], output_shape[-3:] // [f, f, 1] * [1, 1, f * f]], 0)

    def _forward_event_shape_tensor(self, input_shape: tf.Tensor) -> tf.Tensor:
        f = self._factor
        return tf.concat([input_shape[:-3], input_shape[-3:] * [f, f, 1] // [1, 1, f * f]], 0)


def _static_event(bijector: Any, value: tf.Tensor) -> tuple:
    event_shape = value.shape[-3:]
    if event_shape.rank != 3 or not event_shape.is_fully_defined():
        raise ValueError(
            f"`{bijector.name}` must be given images [..., H, W, C] of static H, W and C; got "
            f"shape {value.shape}."
        )
    return tuple(event_shape)


def _map_shape(function: Any, shape: tf.TensorShape) -> tf.TensorShape:
    if shape.rank is None or not shape[-3:].is_fully_defined():
        return tf.TensorShape(None if shape.rank is None else [*shape[:-3], None, None, None])
    if shape.rank < 3:
        raise ValueError(f"An image must have shape [..., H, W, C]; got {shape}.")
    return tf.TensorShape([*shape[:-3], *function(tuple(shape[-3:]))])
