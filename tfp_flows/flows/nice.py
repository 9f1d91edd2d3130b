"""NICE: non-linear independent components estimation."""

import math
from collections.abc import Sequence

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.bijectors import Elementwise
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.flows.parts import check_context, coupling, flow_of, preprocessing
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import MLP
from tfp_flows.ops.arguments import check_int, check_kind, check_shape
from tfp_flows.partitions import Alternating, Partition
from tfp_flows.transforms import Additive, ScalarTransform, Scale
from tfp_flows.typing import Bijector, Distribution, NetFactory, Shape

_PAPER_NET = MLP((1000,) * 5, uniform=0.01)


@one_call
def nice(
    event_shape: Shape,
    *,
    num_couplings: int | None = None,
    partition: Partition = Alternating(),
    transform: ScalarTransform = Additive(),
    net: NetFactory | Sequence[NetFactory] = _PAPER_NET,
    prior: str = "logistic",
    logit_alpha: float | None = None,
    centered: bool = False,
    context_shape: Shape | None = None,
    num_classes: int | None = None,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> Distribution:
    """Additive couplings on the flattened event, then one learned scale for each entry.

    The defaults are those of the paper for MNIST. Where the released code reverses the vector
    after each coupling, the two parities of the partition take turns here: the same up to the
    order of the entries. Dinh et al. 2015, https://arxiv.org/abs/1410.8516.

    Args:
      event_shape: shape of one event, of any rank from 1 on.
      num_couplings: how many; 4 unless `net` says how many.
      partition: of the flat vector, for the first coupling; the others take turns.
      transform: of all couplings.
      net: factory of the networks, or one factory for each coupling. Default: MLPs of five hidden
        layers of 1000 ReLUs.
      prior: `"logistic"` or `"normal"`.
      logit_alpha: data in [0, 1] first go through `bijectors.Logit(alpha)`; `None`: as they are.
      centered: data in [0, 1] first go to [-1, 1], as NICE has it for CIFAR-10.
      context_shape: shape of one context, for conditional flows.
      num_classes: the context is a class, out of so many: integers, or one-hot vectors.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`, of events and densities.

    Returns:
      A `tfd.TransformedDistribution` with the given event shape and latents `[D]`.

    Raises:
      ValueError: if a number, size or name is not one of those above.
      TypeError: if an argument is of another kind.

    Example:
      >>> from tfp_flows import flows, nets
      >>> flow = flows.nice((8, 8, 1), net=nets.MLP((32,)))
      >>> flow.sample(3).shape
      TensorShape([3, 8, 8, 1])
    """
    event_shape = check_shape("event_shape", event_shape)
    context_shape = check_context(context_shape, num_classes)
    check_kind("partition", partition, Partition)
    factories = _factories(net, num_couplings)
    size = math.prod(event_shape)
    links = preprocessing(logit_alpha, dtype, low=0.0)
    if centered:
        links.extend(_centering(dtype))
    if len(event_shape) != 1:
        links.append(tfp.bijectors.Reshape(event_shape, event_shape_in=(size,)))
    for factory in factories:
        links.append(coupling(partition, transform, factory, (size,), context_shape))
        partition = partition.flipped()
    links.append(Elementwise(Scale(), (size,), dtype=tf.as_dtype(dtype)))
    return flow_of(links, event_shape, dtype, prior, recompute=recompute)


def _factories(
    net: NetFactory | Sequence[NetFactory], num_couplings: int | None
) -> Sequence[NetFactory]:
    if not isinstance(net, list | tuple):
        number = 4 if num_couplings is None else num_couplings
        return [net] * check_int("num_couplings", number, 1)
    if num_couplings not in (None, len(net)) or not net:
        raise ValueError(
            "`net` must be one factory for each of the couplings; got "
            f"{len(net)} for `num_couplings={num_couplings}`."
        )
    return net


def _centering(dtype: str) -> list[Bijector]:
    half = tf.constant(0.5, tf.as_dtype(dtype))
    return [tfp.bijectors.Shift(half), tfp.bijectors.Scale(half)]
