"""Integers under a flow."""

from typing import Any

import tensorflow as tf

from tfp_flows.data.levels import check_num_levels, level_dtype
from tfp_flows.distributions.bounds import BoundedDistribution, lower_bound
from tfp_flows.distributions.dequantized_checks import (
    check_events,
    check_flow,
    check_not_nan,
    nan_where_out_of_range,
)
from tfp_flows.distributions.noise import Noise
from tfp_flows.distributions.uniform_noise import UniformNoise
from tfp_flows.ops.arguments import check_kind
from tfp_flows.typing import Distribution


class Dequantized(BoundedDistribution):
    """Integers `x` in `0..num_levels - 1`, each the bin of real numbers that a flow gives it.

        P(x) = integral of p_flow(y) over the y that are quantized to x

    Samples are quantized samples of the flow. The probability of an event has no closed form;
    `log_prob` gives a lower bound of its logarithm, in nats, from noise `q(y|x)` in the bin:

        log P(x) >= E[log p_flow(y) - log q(y|x)]                       with y ~ q(y|x)
        log P(x) >= E[log(1/n sum_k p_flow(y_k) / q(y_k|x))]            importance weighted

    With uniform or learned noise `y = (x + u) / num_levels`, and flows live on [0, 1) as
    all of this package do; with argmax noise there is one more axis. The first bound is
    `log p_flow(y) - D log(num_levels)` for uniform noise. The second one is never looser, and
    tightens with `n`. `-log_prob / (D log 2)` are bits/dim.

    `FlowModel` trains flow and noise together; its `bin_width` is 1, as x are integers.

    Theis et al. 2016, https://arxiv.org/abs/1511.01844 (uniform noise); Ho et al. 2019,
    https://arxiv.org/abs/1902.00275, section 3.1 (learned); Hoogeboom et al. 2021,
    https://arxiv.org/abs/2102.05379 (argmax); Burda et al. 2016,
    https://arxiv.org/abs/1509.00519 (importance weights).

    Args:
      flow: a continuous distribution over one tensor of static shape.
      num_levels: number of values of an integer, 2..65536; 256 for 8-bit images.
      noise: `UniformNoise()`, which is the default, `FlowNoise(...)` or `ArgmaxNoise()`.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      TypeError: if `flow` is no continuous distribution, `num_levels` no integer or `noise` no
        `Noise`.
      ValueError: if `num_levels` is out of range, or flow and noise have different event shapes.

    Example:
      >>> from tfp_flows import distributions, flows
      >>> flow = flows.coupling_flow((2,), logit_alpha=0.05)
      >>> pixels = distributions.Dequantized(flow, 256)
      >>> pixels.sample(3).dtype
      tf.uint8
      >>> pixels.log_prob([0, 255], num_samples=8, importance_weighted=True).shape
      TensorShape([])
    """

    def __init__(
        self,
        flow: Distribution,
        num_levels: int,
        noise: Noise | None = None,
        *,
        validate_args: bool = False,
        name: str = "dequantized",
    ) -> None:
        parameters = dict(locals())
        check_flow(flow)
        self._num_levels = check_num_levels(num_levels)
        self._noise = UniformNoise() if noise is None else noise
        check_kind("noise", self._noise, Noise)
        self._flow = flow
        super().__init__(
            level_dtype(self._num_levels),
            self._noise.data_shape(tuple(flow.event_shape), self._num_levels),
            parameters,
            validate_args=validate_args,
            name=name,
        )

    @property
    def flow(self) -> Distribution:
        """The density of `y`."""
        return self._flow

    @property
    def distribution(self) -> Distribution:
        """The flow, under the name that TFP gives to what a distribution is made of."""
        return self._flow

    @property
    def num_levels(self) -> int:
        """Number of values of an integer."""
        return self._num_levels

    @property
    def noise(self) -> Noise:
        """What takes integers to real numbers."""
        return self._noise

    def quantize(self, y: tf.Tensor) -> tf.Tensor:
        """Integers `[..., *event_shape]` of samples of the flow, however these were drawn.

        Raises:
          ValueError: if there are NaN among them.
          tf.errors.InvalidArgumentError: if there are, in a graph. XLA leaves the check out.
        """
        return tf.cast(self._noise.quantize(check_not_nan(y), self._num_levels), self.dtype)

    def _log_prob(
        self,
        x: tf.Tensor,
        *,
        num_samples: Any = 1,
        importance_weighted: bool = False,
        seed: Any = None,
        bijector_kwargs: dict[str, Any] | None = None,
    ) -> tf.Tensor:
        """A lower bound of the log-probability, in nats: `[..., *event_shape] -> [...]`.

        The samples of noise are run one after the other, so that many take no more memory than
        one, but under a gradient tape.

        Args:
          x: integers `[..., *event_shape]`.
          num_samples: how much noise is drawn for each event; an integer tensor, too.
          importance_weighted: whether the logarithm of the mean weight is taken, the tighter
            bound, or the mean logarithm.
          seed: of the noise: an integer, or a pair as TFP's stateless seeds; `None`: it is new in
            each call. Under XLA the same seed gives other noise.
          bijector_kwargs: keywords of the flow, such as `{"context": labels}`.

        Raises:
          TypeError: if `x` holds no integers, or `num_samples` or `seed` is none.
          ValueError: if `x` is of another shape or out of range, or `num_samples` less than 1.
          tf.errors.InvalidArgumentError: if `x` is out of range, in a graph. XLA leaves the check
            out: then the event gets NaN.
        """
        dtype, event_shape = self._flow.dtype, tuple(self.event_shape)
        x = tf.cast(x, tf.int32)  # As samples come from `experimental_sample_and_log_prob`.
        draw = self._noise.sampler(x, self._num_levels, event_shape, dtype)
        kwargs = {} if bijector_kwargs is None else {"bijector_kwargs": bijector_kwargs}

        def log_weight(seed: tf.Tensor) -> tf.Tensor:
            y, log_q = draw(seed)
            return self._flow.log_prob(y, **kwargs) - log_q

        bound = lower_bound(
            log_weight, num_samples, seed, dtype, importance_weighted=importance_weighted
        )
        return nan_where_out_of_range(bound, x, self._num_levels, len(event_shape))

    def _checked_events(self, x: Any) -> tf.Tensor:
        return check_events(x, self._num_levels, tuple(self.event_shape))

    def _call_sample_n(self, sample_shape: Any, seed: Any, **kwargs: Any) -> tf.Tensor:
        return self.quantize(self._flow.sample(sample_shape, seed=seed, **kwargs))

    def _batch_shape(self) -> tf.TensorShape:
        return self._flow.batch_shape
