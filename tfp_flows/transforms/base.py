"""What a coupling asks of a scalar transform."""

import abc
from typing import ClassVar

import tensorflow as tf

from tfp_flows.transforms.scalar_bijector import ScalarBijector
from tfp_flows.typing import Bijector, TensorPair, Way


class ScalarTransform(abc.ABC):
    """A family of increasing maps of the line, one for each vector of raw numbers.

    Subclasses are frozen dataclasses. `raw` carries, on its last axis, `num_params` blocks, each
    as wide as the last axis of the values: parameter `k` of entry `c` stands at `k * C + c`. That
    is how a dense layer or a convolution puts them out, so nothing has to be moved.

    `raw == 0` is the identity, unless the docstring says otherwise; so a network whose last layer
    starts at zero starts the flow at the identity.
    """

    iterates: ClassVar[Way | None] = None
    """The direction without a closed form, if one has none."""

    @property
    @abc.abstractmethod
    def num_params(self) -> int:
        """How many raw numbers choose one member of the family."""

    @abc.abstractmethod
    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        """`x = f(z)` and `log(dx/dz)`: `[..., C]`, `[..., num_params * C]` -> two of `[..., C]`."""

    @abc.abstractmethod
    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        """`z = f^-1(x)` and `log(dz/dx)`, shapes as in `forward_and_log_det`."""

    def bijector(self, raw: tf.Tensor) -> Bijector:
        """The members of the family that `raw` chooses, as a scalar `tfb.Bijector`.

        Args:
          raw: `[..., num_params]`; the bijector has batch shape `[...]`.

        Raises:
          ValueError: if the last axis of `raw` is not `num_params` long.

        Example:
          >>> from tfp_flows.transforms import Affine
          >>> float(Affine().bijector([[0.5, 0.0]]).inverse(1.0)[0])
          1.5
        """
        return ScalarBijector(self, raw)

    def _blocks(self, raw: tf.Tensor) -> list[tf.Tensor]:
        """The `num_params` blocks of `raw`, each `[..., C]`."""
        return tf.split(raw, self.num_params, axis=-1)
