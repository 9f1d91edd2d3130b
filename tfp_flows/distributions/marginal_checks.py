"""What `Marginal` is given, with errors that say what was wanted."""

from typing import Any

import tensorflow as tf

from tfp_flows.ops.shape import check_event_shape
from tfp_flows.typing import Distribution, Shape


def parts_of(structure: Any) -> dict[str, Any]:
    """What belongs to each part of a joint distribution, by name; empty if they have none."""
    if hasattr(structure, "_asdict"):
        return dict(structure._asdict())
    return dict(structure) if isinstance(structure, dict) else {}


def check_parts(joint: Any, observed: Any, posterior: Any) -> tuple[Shape, str]:
    """Accepts a joint distribution of two tensors; gives the shape of `x` and the name of `z`.

    Raises:
      TypeError: if it is no distribution, or one of other parts.
      ValueError: if no part is called `observed`, or the shapes are not static, do not fit the
        posterior or stand for a batch of distributions.
    """
    if not isinstance(joint, Distribution):
        raise TypeError(f"`joint` must be a joint distribution; got {joint!r}.")
    shapes = parts_of(joint.event_shape)
    if len(shapes) != 2 or not all(isinstance(s, tf.TensorShape) for s in shapes.values()):
        raise TypeError(
            "`joint` must have two parts with names, each one tensor, as a "
            f"`tfd.JointDistributionNamed` can have; got event shapes {joint.event_shape}."
        )
    if observed not in shapes:
        raise ValueError(f"`observed` must be one of {list(shapes)}; got {observed!r}.")
    (latent,) = set(shapes) - {observed}
    if not all(shape.is_fully_defined() for shape in shapes.values()):
        raise ValueError(f"`joint` must have static event shapes; got {shapes}.")
    if any(shape.rank for shape in tf.nest.flatten(joint.batch_shape)):
        raise ValueError(f"`joint` must have batch shape (); got {joint.batch_shape}.")
    if isinstance(posterior, Distribution) and posterior.event_shape != shapes[latent]:
        raise ValueError(
            f"`posterior` must have events of shape {tuple(shapes[latent])}, as {latent!r}; got "
            f"{posterior} of event shape {posterior.event_shape}."
        )
    return tuple(shapes[observed]), latent


def check_events(x: Any, dtype: tf.DType, event_shape: Shape) -> tf.Tensor:
    """`x` as a tensor `[..., *event_shape]` of the given dtype.

    Raises:
      TypeError: if that would round it.
      ValueError: if it has another shape.
    """
    x = tf.convert_to_tensor(x, dtype_hint=dtype if dtype.is_floating else None)
    if x.dtype.is_floating and not dtype.is_floating:
        raise TypeError(f"`x` must be of integers, as {dtype.name}; got {x.dtype.name}.")
    check_event_shape("x", x, event_shape)
    return tf.cast(x, dtype)


def check_variables(marginal: Any, event: Any) -> None:
    """Raises a `ValueError` if a log-density reads variables that would never be trained.

    Args:
      marginal: a `Marginal`.
      event: a sample of its joint distribution.
    """
    with tf.GradientTape() as tape:
        marginal.joint.log_prob(event)
    # Under a distribution strategy a tape sees the replicas' copies.
    container = tf.distribute.get_strategy().extended.value_container
    visible = {id(variable) for variable in marginal.trainable_variables}
    hidden = [v.name for v in tape.watched_variables() if id(container(v)) not in visible]
    if hidden:
        raise ValueError(
            f"`joint` must show its variables to TFP; got {hidden}, which its density reads but "
            "which are not in its `variables`. Assign them to an attribute, as in `joint.decoder "
            "= decoder`; Keras networks as a `bijectors.KerasNetwork`."
        )
