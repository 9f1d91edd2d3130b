"""Networks in 16 bits, as the optimizer has to know them."""

from typing import Any

import keras
import tensorflow as tf

from tfp_flows.bijectors import KerasNetwork
from tfp_flows.typing import Distribution


def computes_in_float16(distribution: Distribution) -> bool:
    """Whether a network computes in float16, where small gradients become 0.

    bfloat16 has the range of float32.
    """
    return any(
        layer.compute_dtype == "float16"
        for module in distribution.submodules
        if isinstance(module, KerasNetwork)
        for network in tf.nest.flatten(module.network)
        if isinstance(network, keras.Layer)
        for layer in network._flatten_layers()  # pyright: ignore[reportPrivateUsage]
    )


def with_scaled_loss(optimizer: Any) -> Any:
    """The optimizer in a `keras.optimizers.LossScaleOptimizer`, unless it is one."""
    if optimizer is None or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
