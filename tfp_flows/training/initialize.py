"""Data-dependent initialization: one pass of data sets what depends on it."""

import itertools
import types
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfp_flows.phases import initializing
from tfp_flows.training.batch import bijector_kwargs, event_and_context
from tfp_flows.training.checks import check_distribution
from tfp_flows.training.workers import local
from tfp_flows.typing import Distribution


def initialize(flow: Distribution, batch: Any) -> None:
    """Sets the data-dependent layers of a flow, in order, by one pass of data through it.

    `bijectors.ActNorm` and the activation normalization inside Glow's networks then put out
    channels of mean 0 and variance 1. Whether a layer is set is one of its saved variables: a
    layer that is set already, or was restored, stays as it is. `FlowModel.fit` calls this with
    its first batch; sampling or scoring before that changes nothing.

    Under a distribution strategy with several workers each gives its own part of the batch, and
    the statistics are those of all parts.

    Args:
      flow: a distribution.
      batch: events `[n, *event_shape]`, or `{"x": events, "context": contexts}`; some hundreds
        for layers with one number a channel, more for those with one a pixel.

    Raises:
      TypeError: if `flow` is no distribution, or `batch` no tensor of its kind of numbers.
      ValueError: if the batch is empty, holds NaN or inf, or has another shape than the flow.

    Example:
      >>> import tensorflow as tf, tensorflow_probability as tfp
      >>> from tfp_flows import bijectors, distributions, training
      >>> flow = tfp.distributions.TransformedDistribution(
      ...     distributions.standard_normal((2,)), bijectors.ActNorm((2,)))
      >>> training.initialize(flow, tf.random.normal([100, 2], mean=5.0))
      >>> bool(tf.abs(tf.reduce_mean(flow.sample(1000)) - 5.0) < 0.5)
      True
    """
    check_distribution("flow", flow)
    if isinstance(batch, dict):
        batch = {key: tf.convert_to_tensor(value) for key, value in batch.items()}
    else:
        batch = tf.convert_to_tensor(batch)
    x, context = event_and_context(batch, flow)
    if x.shape[0] == 0:
        raise ValueError(f"`batch` must hold at least one event; got shape {tuple(x.shape)}.")
    _check_finite(x)
    if flow.dtype.is_floating:
        x = tf.cast(x, flow.dtype)  # As Keras does.
    if needs_initialization(flow):
        _run(flow, x, context)


def needs_initialization(flow: Distribution) -> bool:
    """Whether a layer of the flow waits for `initialize`."""
    # As a tensor: a variable of several replicas is always true.
    return any(not bool(tf.convert_to_tensor(flag)) for flag in _flags(flow))


def first_batch(data: dict[str, Any]) -> Any:
    """A batch of what `fit` is called with; a generator gets it back.

    Args:
      data: arguments of `fit`, of which a generator is replaced.

    Raises:
      ValueError: if the data are of a kind that cannot be looked into.
    """
    x, y = data.get("x"), data.get("y")
    if isinstance(x, types.GeneratorType):
        first = next(x)
        data["x"] = _chained(first, x)
        return keras.utils.unpack_x_y_sample_weight(first)[:2]
    if isinstance(x, tf.distribute.DistributedDataset):
        return local(keras.utils.unpack_x_y_sample_weight(next(iter(x)))[:2])
    if isinstance(x, tf.data.Dataset):
        return keras.utils.unpack_x_y_sample_weight(next(iter(x)))[:2]
    if isinstance(x, keras.utils.PyDataset):
        return keras.utils.unpack_x_y_sample_weight(x[0])[:2]
    arrays = {"x": x} if not isinstance(x, dict) else x
    if not all(hasattr(value, "shape") for value in arrays.values()):
        raise ValueError(
            "The first batch of `x` must be readable, to initialize layers that depend on data; "
            f"got a {type(x).__name__}. Call `training.initialize(flow, batch)` before `fit`."
        )
    # From everywhere: arrays are often sorted, by class for example.
    size = len(next(iter(arrays.values())))
    some = np.unique(np.linspace(0, size - 1, min(size, _ENOUGH)).astype(int))
    # Arrays often come without `y`.
    return tf.nest.map_structure(
        lambda value: None if value is None else tf.gather(value, some), (x, y)
    )


_ENOUGH = 256  # As Glow's released code takes for images of 32 x 32.


def _chained(first: Any, rest: Any) -> Any:
    # A generator, as that is what Keras wants; it takes no `itertools.chain`.
    yield from itertools.chain([first], rest)


def _flags(flow: Distribution) -> list[tf.Variable]:
    """The variables by which layers remember; see `bijectors.ActNorm` and `nets.ScaledConv2D`."""
    return [v for v in flow.variables if v.dtype == tf.bool and "initialized" in v.name]


def _run(flow: Distribution, x: tf.Tensor, context: Any) -> None:
    kwargs = bijector_kwargs(context)

    def one_pass(x: tf.Tensor) -> None:
        # Inside the replica: each has a thread, and so a phase, of its own.
        with initializing():
            flow.log_prob(tf.identity(x), **kwargs)

    flag = _flags(flow)[0]
    strategy = getattr(flag, "distribute_strategy", tf.distribute.get_strategy())
    if strategy.num_replicas_in_sync == 1:
        one_pass(x)
    else:
        # All replicas of one worker get its whole part, which changes no mean.
        only_graphs = isinstance(strategy, tf.distribute.TPUStrategy)
        strategy.run(tf.function(one_pass) if only_graphs else one_pass, args=(x,))


def _check_finite(x: tf.Tensor) -> None:
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        raise ValueError(
            f"`batch` must be finite; got NaN or inf, first at index {bad[0].tolist()}."
        )
