"""Composition in one pass, with contexts."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow_probability.python.bijectors import chain as tfp_chain

from tfp_flows.bijectors.alternation import run
from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.context import common_context_shape
from tfp_flows.bijectors.links import Step, Told, steps_of
from tfp_flows.bijectors.recompute import Recompute, run_recomputed
from tfp_flows.phases import is_initializing
from tfp_flows.typing import Bijector, TensorPair


# The public `tfb.Chain` turns into a CompositeTensor in subclasses, which loses variables.
class Chain(EventBijector, tfp_chain._Chain):  # pyright: ignore[reportPrivateUsage, reportIncompatibleMethodOverride]
    """`x = f1(f2(... fn(z)))` for `Chain([f1, ..., fn])`: the list is in the order data meet it.

    As `tfb.Chain`, with these differences. A `context=` goes to every link that takes one, and a
    keyword that nobody takes is an error (TFP drops it in silence); keywords for a single link go
    by its name, as in TFP. Value and log-det are computed together. Results never leak between
    graphs and never go stale, for stock links as well.

    With `recompute` backpropagation goes from link to link and has the activations of one link at a
    time in memory; memory hardly grows with the number of links, and each network runs once more:

        x[i-1] = f_i^-1(x[i])    dx[i-1] = (df_i/dx)^T dx[i]    dtheta[i] = (df_i/dtheta)^T dx[i]

    - `"inverse"` keeps the end of the chain, and gets the input of each link back from its output.
      Links that are not linear, nor couplings in closed form, keep their input instead: mixtures
      from data to latent, batch normalization, inverted and stock ones. So does one link of 16, as
      the rounding errors of the inverses add up. Gomez et al. 2017,
      https://arxiv.org/abs/1707.04585.
    - `"checkpoint"` keeps the input of each link, and is exact. Chen et al. 2016,
      https://arxiv.org/abs/1604.06174.

    Dropout drops the same again, and nothing that a layer counts or averages is updated twice. What
    is not as it was, by 1% of the largest entry, raises a `tf.errors.InvalidArgumentError`, and
    makes the gradient NaN under XLA: noise of networks that does not come from seeds of Keras 3,
    or an inverse that is too inexact. There are no second derivatives, and none with respect to
    tensors that a plain function of yours closes over.

    Args:
      bijectors: the links, ours or TFP's.
      recompute: `None` keeps what backpropagation needs, `"inverse"` and `"checkpoint"` compute it
        again.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if links want contexts of different shapes, or if the chain does not map one
        tensor to one tensor and back, or for another `recompute`.
      TypeError: if something in the list is no bijector.

    Example:
      >>> import tensorflow_probability as tfp
      >>> from tfp_flows import bijectors
      >>> chain = bijectors.Chain([tfp.bijectors.Exp(), tfp.bijectors.Shift(1.0)])
      >>> float(chain.forward(-1.0))
      1.0
    """

    def __init__(
        self,
        bijectors: Sequence[Bijector],
        *,
        recompute: Recompute | None = None,
        validate_args: bool = False,
        name: str = "chain",
    ) -> None:
        bijectors = list(bijectors)
        parameters = dict(locals())
        for link in bijectors:
            if not isinstance(link, Bijector):
                raise TypeError(f"`bijectors` must hold bijectors; got {link!r}.")
        if recompute not in (None, "inverse", "checkpoint"):
            raise ValueError(
                f'`recompute` must be "inverse", "checkpoint" or None; got {recompute!r}.'
            )
        self._recompute = recompute
        self._context_shape = common_context_shape(bijectors)
        super().__init__(
            bijectors=bijectors,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        self._check_ends()

    @classmethod
    def _parameter_properties(cls, dtype: Any) -> dict[str, Any]:
        return tfp_chain._Chain._parameter_properties(dtype)  # pyright: ignore[reportPrivateUsage]

    # TFP's compositions sum log-dets link by link through the links' own caches; ours are in our
    # cache already, so the hooks of the plain base class serve.
    _call_forward_log_det_jacobian = Bijector._call_forward_log_det_jacobian
    _call_inverse_log_det_jacobian = Bijector._call_inverse_log_det_jacobian

    def _forward_and_log_det(
        self, z: tf.Tensor, context: tf.Tensor | None = None, **kwargs: Any
    ) -> TensorPair:
        steps = steps_of(reversed(self.bijectors), "forward", self.forward_min_event_ndims)
        return self._run(steps, z, Told(context, kwargs))

    def _inverse_and_log_det(
        self, x: tf.Tensor, context: tf.Tensor | None = None, **kwargs: Any
    ) -> TensorPair:
        steps = steps_of(self.bijectors, "inverse", self.inverse_min_event_ndims)
        return self._run(steps, x, Told(context, kwargs))

    def _run(self, steps: list[Step], value: tf.Tensor, told: Told) -> TensorPair:
        if self._recompute is None or is_initializing():
            return run(steps, value, told)
        return run_recomputed(steps, value, told, self._recompute)

    def _checked(
        self, value: tf.Tensor, event_ndims: int, kwargs: dict, *, is_required: bool = True
    ) -> dict:
        names = {link.name for link in self.bijectors}
        routed = {name: kwargs.pop(name) for name in names & set(kwargs)}
        # A link that is not named there misses its context by itself.
        is_required = is_required and not routed
        checked = super()._checked(value, event_ndims, kwargs, is_required=is_required)
        return {**checked, **routed}

    def _check_ends(self) -> None:
        ends = [self.forward_min_event_ndims, self.inverse_min_event_ndims]
        if any(map(tf.nest.is_nested, ends)) or not self._is_injective:
            raise ValueError(
                "`bijectors` must together map one tensor to one tensor and back, use `tfb.Chain` "
                f"for others; got {[link.name for link in self.bijectors]} of event ranks {ends}."
            )
