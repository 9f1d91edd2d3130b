"""Names for the types that cross a room's threshold.

TFP declares its submodules as plain `ModuleType`, so `tfb.Bijector` is no type to a checker:
annotate with the names here instead.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import tensorflow as tf
import tensorflow_probability as tfp

if TYPE_CHECKING:
    from tensorflow_probability.python.bijectors.bijector import Bijector as Bijector
    from tensorflow_probability.python.distributions.distribution import (
        Distribution as Distribution,
    )
else:
    Bijector = tfp.bijectors.Bijector
    Distribution = tfp.distributions.Distribution

Shape: TypeAlias = tuple[int, ...]
"""The static shape of one event, such as `(32, 32, 3)`."""

Net: TypeAlias = Callable[..., Any]
"""`net(kept)` or `net(kept, context)` gives raw parameters; see `tfp_flows.bijectors.Coupling`."""

NetFactory: TypeAlias = Callable[..., Net]
"""`factory(kept_shape, moved_shape, num_params, context_shape)` gives a `Net`."""

TensorPair: TypeAlias = tuple[tf.Tensor, tf.Tensor]
"""A value and a log-slope or log-det."""

Way: TypeAlias = Literal["forward", "inverse"]
"""From latent to data, or from data to latent."""
