"""What the one-call flows have in common."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.bijectors import Chain, Coupling, Logit
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.distributions import standard_logistic, standard_normal
from tfp_flows.nets import ZeroConv
from tfp_flows.ops.arguments import check_int, check_kind, check_shape
from tfp_flows.partitions import Halves, Partition
from tfp_flows.transforms import Affine, ExpScale, ScalarTransform
from tfp_flows.typing import Bijector, Distribution, NetFactory, Shape

# Of the learned priors. The bound is out of reach in training, and outliers do not overflow.
GAUSSIAN = Affine(ExpScale(bound=16.0))
_BASES = {"normal": standard_normal, "logistic": standard_logistic}


def coupling(
    partition: Partition,
    transform: ScalarTransform,
    net: NetFactory,
    event_shape: Shape,
    context_shape: Shape | None,
) -> Coupling:
    """A coupling with a network made for it."""
    check_kind("transform", transform, ScalarTransform)
    if not callable(net):
        raise TypeError(f"`net` must be a factory of networks, such as `nets.MLP()`; got {net!r}.")
    shapes = partition.part_shapes(event_shape)
    return Coupling(
        partition,
        transform,
        net(*shapes, transform.num_params, context_shape),
        event_shape=event_shape,
        context_shape=context_shape,
    )


def network_dtype(dtype: str) -> str | None:
    """Of default networks: they follow the global policy of Keras, but in float64 flows."""
    return "float64" if dtype == "float64" else None


def gaussian_prior(shape: Shape, dtype: str) -> Coupling:
    """A Gaussian of the channels that leave, given those that stay, as the map of it to N(0, I)."""
    net = ZeroConv(dtype=network_dtype(dtype))
    return coupling(Halves(event_ndims=3), GAUSSIAN, net, shape, None)


def check_context(context_shape: Shape | None, num_classes: int | None) -> Shape | None:
    """The shape of one context: classes are one-hot vectors.

    Raises:
      ValueError: if both are given, or one has a size that is too small.
    """
    if num_classes is not None and context_shape is not None:
        raise ValueError(
            "Only one of `context_shape` and `num_classes` may be given; got "
            f"{context_shape} and {num_classes}."
        )
    if num_classes is not None:
        return (check_int("num_classes", num_classes, 1),)
    return None if context_shape is None else check_shape("context_shape", context_shape)


def check_image(event_shape: Shape) -> Shape:
    """The shape of one image, `(H, W, C)`.

    Raises:
      ValueError: if it has another rank.
    """
    event_shape = check_shape("event_shape", event_shape)
    if len(event_shape) != 3:
        raise ValueError(f"`event_shape` must be (H, W, C); got {event_shape}.")
    return event_shape


def check_levels(num_levels: int, squeezes: int, event_shape: Shape) -> None:
    """Accepts images that can be squeezed so many times.

    Raises:
      ValueError: if height or width cannot be halved so often; says at which level.
    """
    check_int("num_levels", num_levels, 1)
    for level in range(squeezes):
        sizes = [size // 2**level for size in event_shape[:2]]
        if any(size % 2 for size in sizes):
            unit = 2**squeezes
            below, above = (
                tuple((size + up) // unit * unit for size in event_shape[:2])
                for up in (0, unit - 1)
            )
            crop = f", crop to {below}" if all(below) else ""
            raise ValueError(
                f"`event_shape` must have height and width divisible by {unit} for "
                f"{num_levels} levels; got {event_shape}, which is {tuple(sizes)} and odd at "
                f"level {level}. Use fewer levels{crop} or pad to {above}."
            )


def flow_of(
    links: Sequence[Bijector],
    event_shape: Shape,
    dtype: str,
    base: str = "normal",
    *,
    recompute: Recompute | None = None,
) -> Distribution:
    """The base pushed through the links, which are in the order the data meet them.

    Raises:
      ValueError: for another base.
    """
    if base not in _BASES:
        raise ValueError(f"`prior` must be one of {tuple(_BASES)}; got {base!r}.")
    bijector = Chain(links, recompute=recompute)
    latent_shape = tuple(bijector.inverse_event_shape(tf.TensorShape(event_shape)))
    latents = _BASES[base](latent_shape, tf.as_dtype(dtype))
    return tfp.distributions.TransformedDistribution(
        latents, bijector, kwargs_split_fn=split_keywords
    )


def split_keywords(kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keywords of `log_prob` and `sample` for the base and for the bijector.

    Raises:
      TypeError: if there are others, which TFP would drop in silence.
    """
    known = ("distribution_kwargs", "bijector_kwargs")
    if unknown := [name for name in kwargs if name not in known]:
        raise TypeError(
            f"A flow must be given its keywords by `bijector_kwargs`, as in `bijector_kwargs="
            f'{{"context": labels}}`; got {unknown}. `latents.sample` and `FlowModel.sample` take '
            "`context=labels`."
        )
    base, bijector = (kwargs.get(name, {}) for name in known)
    return base, bijector


def preprocessing(logit_alpha: float | None, dtype: str, *, low: float = -0.5) -> list[Bijector]:
    """Data in [0, 1] to the line, or to [low, low + 1] without `logit_alpha`."""
    if logit_alpha is not None:
        return [Logit(logit_alpha)]
    return [tfp.bijectors.Shift(tf.constant(-low, tf.as_dtype(dtype)))] if low else []
