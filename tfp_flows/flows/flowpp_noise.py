"""The learned dequantizer of Flow++."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.bijectors import Chain
from tfp_flows.bijectors.recompute import Recompute
from tfp_flows.distributions import FlowNoise, standard_normal
from tfp_flows.flows.flowpp import MIXTURE, steps
from tfp_flows.flows.parts import check_image, network_dtype
from tfp_flows.flows.recipe import one_call
from tfp_flows.nets import FlowPPContext, FlowPPNet
from tfp_flows.ops.arguments import check_int, check_kind
from tfp_flows.partitions import Partition, Stripes
from tfp_flows.transforms import ScalarTransform
from tfp_flows.typing import NetFactory, Shape


@one_call
def flowpp_noise(
    event_shape: Shape,
    *,
    num_couplings: int = 4,
    transform: ScalarTransform = MIXTURE,
    net: NetFactory | None = None,
    context_net: FlowPPContext | None = None,
    partition: Partition = Stripes(),
    mix_channels: bool = True,
    recompute: Recompute | None = None,
    dtype: str = "float32",
) -> FlowNoise:
    """Noise for integer images, from a flow like `flows.flowpp` that looks at the image.

    `u = sigmoid(v)`, where `v` is what the flow makes of N(0, I). Its couplings work in that
    direction in closed form, so that a training step inverts nothing. With another flow beside
    it, `distributions.Dequantized(flows.glow(shape), 256, flows.flowpp_noise(shape))` works, too.

    Ho et al. 2019, https://arxiv.org/abs/1902.00275, section 3.1.

    Args:
      event_shape: `(H, W, C)` of the images, with an even `W`.
      num_couplings: how many.
      transform: of all couplings. Default: mixtures of 32 logistics.
      net: factory of the networks of the couplings. Default: `nets.FlowPPNet(num_blocks=2)`.
      context_net: from the image to what the couplings see of it. Default: `nets.FlowPPContext()`.
      partition: of the couplings, as in `flows.flowpp`.
      mix_channels: whether there are 1x1 convolutions.
      recompute: `"inverse"` or `"checkpoint"` keep few activations for training; see
        `bijectors.Chain`. `None` keeps all, which is fastest.
      dtype: `"float32"` or `"float64"`.

    Raises:
      ValueError: if a number or size is not one of those above.
      TypeError: if an argument is of another kind.

    Example:
      >>> from tfp_flows import distributions, flows, nets, transforms
      >>> noise = flows.flowpp_noise(
      ...     (8, 8, 1),
      ...     num_couplings=2,
      ...     transform=transforms.LogisticMixture(4),
      ...     net=nets.FlowPPNet(8, 1),
      ...     context_net=nets.FlowPPContext(4, 1),
      ... )
      >>> flow = flows.coupling_flow((8, 8, 1), num_couplings=2, logit_alpha=0.05)
      >>> distributions.Dequantized(flow, 256, noise).sample(3).shape
      TensorShape([3, 8, 8, 1])
    """
    event_shape = check_image(event_shape)
    if event_shape[1] % 2:
        raise ValueError(f"`event_shape` must have an even width; got {event_shape}.")
    check_int("num_couplings", num_couplings, 1)
    check_kind("partition", partition, Partition)
    context_net = context_net or FlowPPContext(dtype=network_dtype(dtype))
    check_kind("context_net", context_net, FlowPPContext)
    context = context_net(event_shape)
    links = steps(
        num_couplings,
        event_shape,
        partition=partition,
        transform=transform,
        net=net or FlowPPNet(num_blocks=2, dtype=network_dtype(dtype)),
        mix_channels=mix_channels,
        context_shape=context.context_shape,
        dtype=dtype,
    )
    chain = Chain(list(links), recompute=recompute)
    flow = tfp.distributions.TransformedDistribution(
        standard_normal(event_shape, tf.as_dtype(dtype)), tfp.bijectors.Invert(chain)
    )
    return FlowNoise(flow, context)
