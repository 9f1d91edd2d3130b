"""The coupling layer (NICE, https://arxiv.org/abs/1410.8516; RealNVP, 1605.08803)."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.conditioner import Conditioner
from tfp_flows.ops.arguments import check_kind, check_shape
from tfp_flows.partitions import Mask, Partition
from tfp_flows.transforms import ScalarTransform
from tfp_flows.typing import Net, Shape, TensorPair, Way


class Coupling(EventBijector):
    """Keeps one part of an event and transforms the other with parameters read off the first.

    Inverse (data to latent), with `(kept, moved) = partition.split(x)`:
    `z = merge(kept, f^-1(moved; net(kept)))` and `log_det = sum log|df^-1/dmoved|`.
    Forward is the same with `f`; the network is never inverted.

    Args:
      partition: who is kept and who moves; see `tfp_flows.partitions`.
      transform: the family of scalar maps; see `tfp_flows.transforms`.
      net: `net(kept)`, or `net(kept, context)` if there is a context: any callable from
        `[batch, *kept_shape]` to raw parameters `[batch, *moved_shape[:-1], num_params * C]`, `C`
        the last size of `moved_shape`. A Keras 3 or tf_keras layer or model, a `tf.Module`, a
        function. `tfp_flows.nets` has factories of such networks.
      event_shape: shape of one event, if known. The network is then built and everything that
        can be checked is checked at once; without it the network must be built already.
      context_shape: shape of one context, for conditional flows; `None` without one.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the partition cannot split the event, the network puts out a wrong shape,
        reads variables that could never be trained, or is not built.
      TypeError: if an argument is not of the kind named above.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors, nets, partitions, transforms
      >>> net = nets.MLP(hidden=(8,))((2,), (2,), num_params=2)
      >>> coupling = bijectors.Coupling(partitions.Halves(), transforms.Affine(), net)
      >>> coupling.inverse(tf.ones([5, 4])).shape
      TensorShape([5, 4])
    """

    def __init__(
        self,
        partition: Partition,
        transform: ScalarTransform,
        net: Net,
        *,
        event_shape: Shape | None = None,
        context_shape: Shape | None = None,
        validate_args: bool = False,
        name: str = "coupling",
    ) -> None:
        parameters = dict(locals())
        check_kind("partition", partition, Partition)
        check_kind("transform", transform, ScalarTransform)
        if event_shape is None and isinstance(partition, Mask):
            event_shape = partition.kept.shape
        if event_shape is not None:
            event_shape = check_shape("event_shape", event_shape)
        if context_shape is not None:
            context_shape = check_shape("context_shape", context_shape)
        self._partition = partition
        self._transform = transform
        self._context_shape = self._no_dependency(context_shape)
        self._event_shape = self._no_dependency(event_shape)
        super().__init__(
            forward_min_event_ndims=partition.event_ndims,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        self._net = Conditioner(net, transform.num_params)
        if event_shape is None:
            self._net.require_built()
        else:
            kept_shape, moved_shape = partition.part_shapes(event_shape)
            contexts = [] if context_shape is None else [context_shape]
            self._net.probe([kept_shape, *contexts], moved_shape)

    @property
    def partition(self) -> Partition:
        """Who is kept and who moves."""
        return self._partition

    @property
    def transform(self) -> ScalarTransform:
        """The family of scalar maps."""
        return self._transform

    @property
    def net(self) -> Net:
        """The network."""
        return self._net.network

    @property
    def event_shape(self) -> Shape | None:
        """Shape of one event, if it was given."""
        return None if self._event_shape is None else tuple(self._event_shape)

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        kept, moved = self.split(z)
        moved, log_det = self._move("forward", kept, moved, context)
        return self._partition.merge(kept, moved), log_det

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        kept, moved = self.split(x)
        moved, log_det = self._move("inverse", kept, moved, context)
        return self._partition.merge(kept, moved), log_det

    def _move(
        self, way: Way, kept: tf.Tensor, moved: tf.Tensor, context: tf.Tensor | None = None
    ) -> TensorPair:
        raw = self._raw(kept, moved, context)
        moved, log_slope = getattr(self._transform, f"{way}_and_log_det")(moved, raw)
        return moved, self._partition.sum(log_slope)

    def split(self, event: tf.Tensor) -> TensorPair:
        """The two parts of an event.

        Raises:
          ValueError: if the event has another shape than those that it was made for.
        """
        self._check_event(event)
        return self._partition.split(event)

    def move(self, way: Way, kept: tf.Tensor, moved: tf.Tensor, **kwargs: Any) -> TensorPair:
        """The moved part after a pass of an event that is split already, and the log-det.

        Args:
          way: direction of the pass, `"forward"` or `"inverse"`.
          kept: the part that is kept.
          moved: the other part.
          **kwargs: `context`, for couplings that take one.
        """
        kwargs = self._checked(moved, self._partition.event_ndims, kwargs)
        with tf.name_scope(self.name):
            return self._move(way, kept, moved, **kwargs)

    def rerun(
        self, way: Way, end: tf.Tensor, nudge: tf.Tensor, **kwargs: Any
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """A pass with the output `end` once more, at the price of one run of the network.

        The entries that are kept say at both ends what the others went through.

        Args:
          way: direction of the pass, `"forward"` or `"inverse"`.
          end: what came out of it.
          nudge: zeros of the same shape; gradients with respect to them are those with respect to
            the input of the pass.
          **kwargs: `context`, for couplings that take one.

        Returns:
          The input, the output, and the log-det of the pass.
        """
        kwargs = self._checked(end, self._partition.event_ndims, kwargs)
        ways = [self._transform.forward_and_log_det, self._transform.inverse_and_log_det]
        there, back = ways if way == "forward" else reversed(ways)
        kept, moved = self.split(end + nudge)
        raw = self._raw(kept, moved, **kwargs)
        start = back(tf.stop_gradient(moved), tf.stop_gradient(raw))[0]
        start = tf.stop_gradient(start)
        ended, log_slope = there(start + self._partition.split(nudge)[1], raw)
        return (
            self._partition.merge(tf.stop_gradient(kept), start),
            self._partition.merge(kept, ended),
            self._partition.sum(log_slope),
        )

    def _raw(
        self, kept: tf.Tensor, moved: tf.Tensor, context: tf.Tensor | None = None
    ) -> tf.Tensor:
        ndims = self._partition.event_ndims
        known = [(kept, ndims)]
        if context is not None:
            known.append((context, len(self.context_shape or ())))
        return self._net.raw(known, tuple(moved.shape[-ndims:]), moved.dtype)

    def _check_event(self, event: tf.Tensor) -> None:
        given = event.shape[-self._partition.event_ndims :]
        if not given.is_fully_defined():
            raise ValueError(
                f"The event shape of what `{self.name}` is given must be static; got {given}."
            )
        if self._event_shape is None:
            self._partition.part_shapes(tuple(given))
        elif tuple(given) != self._event_shape:
            raise ValueError(
                f"`{self.name}` must be given events of shape {self._event_shape}; got "
                f"{tuple(event.shape)}."
            )
