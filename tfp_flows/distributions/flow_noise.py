"""A learned dequantizer: variational dequantization."""

import math
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.conditioner import Conditioner
from tfp_flows.data.dequantize import into_bins
from tfp_flows.distributions.conditional import check_conditional, draw_given
from tfp_flows.distributions.noise import Draw, Noise
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import Distribution, Net, Shape, TensorPair


class FlowNoise(Noise):
    """`y = (x + u) / num_levels` with `u = sigmoid(v)` and `v` from a flow that knows `x`.

    In nats, with `D` numbers in an event,

        log q(y|x) = log p(v | context) + sum(softplus(v) + softplus(-v)) + D log(num_levels)

    where `context = net(x / num_levels - 0.5)`. A training step samples from the flow: one whose
    quick side is the other one, as an autoregressive one, goes into `tfb.Invert` first.
    At the start the noise should be wide. That of a `flows.coupling_flow` is: it starts as
    `sigmoid(N(0, 1))`. Importance weights have heavy tails where the noise is rarer than the
    flow has it, such as at the edges of the bins: compare several numbers of samples. Layers that
    are set by data are set by `training.initialize`, from noise.

    Ho et al. 2019, https://arxiv.org/abs/1902.00275, section 3.1.

    Args:
      flow: a conditional `tfd.TransformedDistribution` over R^D with the event shape of the data,
        such as `flows.coupling_flow((H, W, C), context_shape=(H, W, C))`.
      net: a Keras layer or model, or another callable, from `[N, *event_shape]` to
        `[N, *context_shape]`; `None`: the context is `x / num_levels - 0.5` itself.
      name: as in `tf.Module`.

    Raises:
      TypeError: if `flow` is no transformed distribution, or `net` is not callable.
      ValueError: if `flow` takes no context, or contexts of another shape than they are made in.

    Example:
      >>> from tfp_flows import distributions, flows
      >>> noise = distributions.FlowNoise(flows.coupling_flow((2,), context_shape=(2,)))
      >>> flow = flows.coupling_flow((2,), logit_alpha=0.05)
      >>> distributions.Dequantized(flow, 256, noise).log_prob([[0, 255], [7, 8]]).shape
      TensorShape([2])
    """

    def __init__(
        self, flow: Distribution, net: Net | None = None, *, name: str = "flow_noise"
    ) -> None:
        super().__init__(name=name)
        shapes = check_conditional("flow", flow)
        self._flow = flow
        self._shapes = self._no_dependency(shapes)  # pyright: ignore[reportAttributeAccessIssue]
        self._given_net = self._no_dependency(net)  # pyright: ignore[reportAttributeAccessIssue]
        self._net = None if net is None else Conditioner(net, 1)
        event_shape, context_shape = shapes
        if self._net is not None:
            self._net.probe([event_shape], context_shape)
        elif context_shape != event_shape:
            raise ValueError(
                "`flow` must take contexts of the shape of its events, unless `net` makes others; "
                f"got events of shape {event_shape} and contexts of shape {context_shape}."
            )

    @property
    def flow(self) -> Distribution:
        """The flow of `v`."""
        return self._flow

    def data_shape(self, flow_shape: Shape, num_levels: int) -> Shape:
        """The same, which must be that of the noise."""
        del num_levels
        if flow_shape != self._shapes[0]:
            raise ValueError(
                f"`noise` must have events of the shape of the flow's, {flow_shape}; got a noise "
                f"of event shape {self._shapes[0]}."
            )
        return flow_shape

    def sampler(self, x: tf.Tensor, num_levels: int, event_shape: Shape, dtype: tf.DType) -> Draw:
        ndims = len(event_shape)
        flat, restore = flatten_batch(x, ndims)
        context = self._context(flat, num_levels)
        constant = math.prod(event_shape) * math.log(num_levels)

        def draw(seed: tf.Tensor) -> TensorPair:
            v, log_q = draw_given(self._flow, context, seed)
            log_slope = -tf.nn.softplus(v) - tf.nn.softplus(-v)
            log_q += constant - tf.reduce_sum(log_slope, axis=list(range(1, ndims + 1)))
            y = into_bins(flat, tf.sigmoid(v), num_levels)
            return restore(tf.cast(y, dtype), ndims), restore(tf.cast(log_q, dtype), 0)

        return draw

    def get_config(self) -> dict[str, Any]:
        """`flow` and `net`."""
        return {"flow": self._flow, "net": self._given_net}

    def _context(self, x: tf.Tensor, num_levels: int) -> tf.Tensor:
        centred = tf.cast(x, self._flow.dtype) / num_levels - 0.5
        if self._net is None:
            return centred
        event_shape, context_shape = self._shapes
        return self._net.raw([(centred, len(event_shape))], context_shape, self._flow.dtype)
