"""Cumulative distribution functions of mixtures (Flow++, https://arxiv.org/abs/1902.00275)."""

import dataclasses
import math
from typing import ClassVar

import numpy as np
import tensorflow as tf

from tfp_flows.ops.arguments import check_int, check_kind, check_real
from tfp_flows.ops.laws import GAUSSIAN, LOGISTIC, Law
from tfp_flows.ops.mixtures import Mixture
from tfp_flows.ops.shape import reshape_event
from tfp_flows.transforms.base import ScalarTransform
from tfp_flows.transforms.scales import ScaleMap, TanhScale
from tfp_flows.typing import TensorPair


@dataclasses.dataclass(frozen=True)
class _MixtureTransform(ScalarTransform):
    """What mixtures of any law have in common."""

    num_components: int = 32
    _: dataclasses.KW_ONLY
    scale: ScaleMap = TanhScale(1.0)
    spread: float = 1.0
    log_scale_bound: float = 7.0

    iterates = "forward"
    law: ClassVar[Law]

    def __post_init__(self) -> None:
        check_int("num_components", self.num_components, 1)
        check_kind("scale", self.scale, ScaleMap)
        if not math.isfinite(check_real("spread", self.spread)):
            raise ValueError(f"`spread` must be finite; got {self.spread}.")
        if not 0 < check_real("log_scale_bound", self.log_scale_bound) <= 10:
            raise ValueError(f"`log_scale_bound` must be in (0, 10]; got {self.log_scale_bound}.")

    @property
    def num_params(self) -> int:
        return 2 + 3 * self.num_components

    def forward_and_log_det(self, z: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, log_scale, mixture = self._parameters(raw)
        z = (z - shift) * tf.exp(-log_scale)
        x, log_slope = mixture.from_law(z, self.log_scale_bound)
        return x, log_slope - log_scale

    def inverse_and_log_det(self, x: tf.Tensor, raw: tf.Tensor) -> TensorPair:
        shift, log_scale, mixture = self._parameters(raw)
        z, log_slope = mixture.to_law(x)
        return z * tf.exp(log_scale) + shift, log_slope + log_scale

    def _parameters(self, raw: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, Mixture]:
        size = raw.shape[-1] // self.num_params
        shift, raw_scale, rest = tf.split(raw, [size, size, raw.shape[-1] - 2 * size], axis=-1)
        blocks = reshape_event(rest, 1, (3, self.num_components, size))
        logits, means, log_scales = tf.unstack(blocks, axis=-3)
        log_scales = tf.clip_by_value(log_scales, -self.log_scale_bound, self.log_scale_bound)
        if self.spread and self.num_components > 1:
            place = np.linspace(-self.spread, self.spread, self.num_components)
            means += tf.constant(place[:, np.newaxis], raw.dtype) * log_scales
        mixture = Mixture(self.law, logits, means, log_scales)
        return shift, self.scale.log_scale(raw_scale), mixture


class LogisticMixture(_MixtureTransform):
    """The logit of the cdf of a mixture of logistics, then a scale and a shift.

    Inverse, from data to latent: `z = logit(F(x)) * exp(s) + t`, with
    `F(x) = sum_k w_k sigmoid((x - mean_k) exp(-l_k))`, `w = softmax(logits)` and log-slope
    `s + log F'(x) - log F(x) - log(1 - F(x))`. Forward finds `x` by 24 bisections (33 where the
    bound of `l` is 10) and 4 steps of Newton's method, from a bracket that is known to hold it; it
    is differentiable, as the implicit function it is. The map is onto the line, and a single
    component is an affine map.
    Ho et al. 2019, https://arxiv.org/abs/1902.00275, section 3.2.

    `raw` has `2 + 3K` blocks: `t`; the raw number of `s`; `K` logits; `K` raw means; `K` values of
    `l`. At `raw == 0` all components are alike and the map is the identity. Were `mean_k` just the
    raw number, they would also learn alike, and never be more than one. So
    `mean_k = raw_mean_k + spread_k * l_k`, where `spread_k` goes from `-spread` to `spread`.

    Values beyond 1e30 in float32 (1e13 for Gaussians), and latents beyond 1e28 (1e9) before scale
    and shift, are taken for these: there the map is no bijection any more, but finite. Raw means
    must be within. Gradients are finite for values and raw numbers up to 1e3. The inverse is to
    the last digits for components that are at most 2000 apart; far out, at `z`, the log-slope of
    a Gaussian mixture has an error of about `z^2` roundings, as the density itself.

    Args:
      num_components: `K`, 1 at least.
      scale: how the raw number becomes `s`, and its bounds; `tanh(raw)` in the paper.
      spread: how the components are set apart; 0 for networks which do not start at zero, as those
        of the paper.
      log_scale_bound: `l` is clipped to `[-bound, bound]`, 10 at most. The paper has the lower
        bound; the upper one is out of reach of data that were normalized.

    Raises:
      ValueError: if a number is not one of those above.
      TypeError: if an argument is of another kind; for values of 16 bits.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.transforms import LogisticMixture
      >>> z, log_slope = LogisticMixture(4).inverse_and_log_det(tf.ones([1]), tf.zeros([14]))
      >>> round(float(z[0]), 4), abs(round(float(log_slope[0]), 4))
      (1.0, 0.0)
    """

    law = LOGISTIC


class GaussianMixture(_MixtureTransform):
    """The Gaussian quantile of the cdf of a mixture of Gaussians, then a scale and a shift.

    Inverse, from data to latent: `z = Q(F(x)) * exp(s) + t`, with `P` the cdf of N(0, 1), `Q` its
    quantile function and `F(x) = sum_k w_k P((x - mean_k) exp(-l_k))`. It takes data that follow
    the mixture to N(0, 1). All else, the arguments too, is as in `LogisticMixture`.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.transforms import GaussianMixture
      >>> z, log_slope = GaussianMixture(4).inverse_and_log_det(tf.ones([1]), tf.zeros([14]))
      >>> round(float(z[0]), 4), abs(round(float(log_slope[0]), 4))
      (1.0, 0.0)
    """

    law = GAUSSIAN
