"""What `fit` and `evaluate` are called with, so that Keras makes of it what was meant."""

import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.batches import Batches
from tfp_flows.data.table import Table


def mended(method: Callable[..., Any], args: Any, kwargs: Any) -> inspect.BoundArguments:
    """The arguments of a call of `fit`, `evaluate` or `predict`.

    Keras drops the weights of events in silence unless there are targets: it gets targets of size
    0. And it warns of its own default, `shuffle=True`, with every dataset and generator.

    Raises:
      TypeError: if the events are a `data.Table`.
      ValueError: if there are not as many contexts as events.
    """
    bound = inspect.signature(method).bind(*args, **kwargs)
    given = bound.arguments
    if given.get("sample_weight") is not None:
        given["y"] = _targets(given.get("y"), given["sample_weight"])
    validation = given.get("validation_data")
    if isinstance(validation, tuple | list) and len(validation) == 3:
        x, y, sample_weight = validation
        given["validation_data"] = validation = (x, _targets(y, sample_weight), sample_weight)
    is_ordered = isinstance(given.get("x"), tf.data.Dataset | Batches | types.GeneratorType)
    if is_ordered and "shuffle" in bound.signature.parameters:
        given.setdefault("shuffle", False)
    for argument, inputs in (("x", given.get("x")), ("validation_data", validation)):
        if isinstance(inputs, Table):
            raise TypeError(f"`{argument}` must be batches, `table.batches(64)`; got {inputs}.")
        _check_sizes(inputs)
    return bound


def check_no_loss(compile_model: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """What `compile` is given by name; a `ValueError` for what would be ignored."""
    given = inspect.signature(compile_model).bind(*args, **kwargs).arguments
    for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
        if given.get(name) is not None:
            raise ValueError(
                f"`{name}` must not be given: the loss of a `FlowModel` is the negative "
                f"log-density, and its metrics are `nll` and `bits_per_dim`; got {given[name]!r}."
            )
    return given


def check_xla(strategy: tf.distribute.Strategy) -> None:
    """Raises a `ValueError` for a strategy whose steps TensorFlow cannot compile."""
    count = strategy.num_replicas_in_sync
    if count > 1 and all("CPU" in device for device in strategy.extended.worker_devices):
        raise ValueError(
            f"`jit_compile` must be False for a strategy of {count} CPUs, whose steps TensorFlow "
            "cannot compile; got True."
        )


def check_no_targets(y: Any) -> None:
    """Raises a `ValueError` if the data come with targets, which a density has no use for."""
    if y is not None and tuple(getattr(y, "shape", ()))[1:] != (0,):
        raise ValueError(
            "`FlowModel` must be given events alone; got pairs `(x, y)`. Leave `y` out, such as by "
            "`labels=False` of `data.images`, or make the flow conditional on it, by `num_classes` "
            "or `context_shape` of the functions in `tfp_flows.flows`."
        )


def _targets(y: Any, sample_weight: Any) -> Any:
    if y is not None or sample_weight is None:
        return y
    return np.zeros([len(sample_weight), 0], np.float32)


def _check_sizes(inputs: Any) -> None:
    if isinstance(inputs, tuple | list) and inputs:
        inputs = inputs[0]
    if isinstance(inputs, dict):
        sizes = {key: len(value) for key, value in inputs.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"`context` must be as many as the events `x`; got sizes {sizes}.")
