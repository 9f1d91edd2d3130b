"""What all nets share: the shapes, their checks and the batch axes."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from tfp_flows.ops.arguments import check_int, check_shape
from tfp_flows.ops.batch import flatten_batch


class KerasNet(keras.Model):
    """`[..., *moved_shape[:-1], num_params * moved_shape[-1]]` from kept entries and context.

    A subclass makes its layers in `__init__`, builds them in `build`, and defines
    `flat_call(kept, context)` for tensors with exactly one batch axis. A net factory makes the
    net and builds it. Outputs have the compute dtype of the policy.

    Args:
      spec: Net factory, a dataclass with a field `dtype`.
      kept_shape: Event shape of the input.
      moved_shape: Event shape of the entries the parameters are for.
      num_params: Number of parameters for each of them.
      context_shape: Event shape of the context; None for no context.

    Raises:
      TypeError: If a shape is no tuple of ints, or `num_params` is no int.
      ValueError: If a size or `num_params` is too small, or `moved_shape` is empty.
    """

    def __init__(
        self,
        spec: Any,
        kept_shape: tuple[int, ...],
        moved_shape: tuple[int, ...],
        num_params: int,
        context_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(dtype=spec.dtype)
        check_int("num_params", num_params, 1)
        self.spec = spec
        self.num_params = num_params
        self.kept_shape = check_shape("kept_shape", kept_shape, minimum=0)
        self.moved_shape = _check_moved(moved_shape)
        self.context_shape = None
        if context_shape is not None:
            self.context_shape = check_shape("context_shape", context_shape, minimum=0)

    @property
    def params_shape(self) -> tuple[int, ...]:
        """Event shape of the output: `num_params` blocks of channels on the last axis."""
        return (*self.moved_shape[:-1], self.num_params * self.moved_shape[-1])

    def call(self, kept: tf.Tensor, context: tf.Tensor | None = None) -> tf.Tensor:
        """Raw parameters `[..., *params_shape]`.

        Args:
          kept: Tensor `[..., *kept_shape]`, of any batch shape.
          context: Tensor `[..., *context_shape]` of the same batch shape; None without context.

        Returns:
          Tensor `[..., *moved_shape[:-1], num_params * moved_shape[-1]]`.

        Raises:
          ValueError: If a shape is wrong, or the context is missing or unexpected.
        """
        self._check_inputs(kept, context)
        flat, restore = flatten_batch(kept, len(self.kept_shape))
        if context is not None:
            context, _ = flatten_batch(context, len(self.context_shape))
        return restore(self.flat_call(flat, context), len(self.moved_shape))

    def flat_call(self, kept: tf.Tensor, context: tf.Tensor | None) -> tf.Tensor:
        """Raw parameters `[N, *params_shape]` of `[N, *kept_shape]` and `[N, *context_shape]`."""
        raise NotImplementedError

    def accepted(self, shape: tuple[int, ...]) -> tuple[int | None, ...]:
        """The event shape an input may have, for the one it was built with; None is any size."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """Plain values that make the net again."""
        spec = dataclasses.replace(self.spec, dtype=self.dtype_policy.name)
        return {
            "spec": dataclasses.asdict(spec),
            "kept_shape": self.kept_shape,
            "moved_shape": self.moved_shape,
            "num_params": self.num_params,
            "context_shape": self.context_shape,
        }

    def _check_inputs(self, kept: tf.Tensor, context: tf.Tensor | None) -> None:
        check_event("kept", kept, self.accepted(self.kept_shape))
        if self.context_shape is None:
            if context is not None:
                raise ValueError(f"`context` must be None; got shape {context.shape}.")
            return
        wanted = self.accepted(self.context_shape)
        if context is None:
            raise ValueError(f"`context` must have shape {_show(wanted)}; got None.")
        check_event("context", context, wanted)
        _check_same_batch(_batch(kept, self.kept_shape), _batch(context, self.context_shape))


def _check_moved(moved_shape: tuple[int, ...]) -> tuple[int, ...]:
    moved_shape = check_shape("moved_shape", moved_shape)
    if not moved_shape:
        raise ValueError(f"`moved_shape` must have at least one axis; got {moved_shape}.")
    return moved_shape


def check_event(name: str, x: tf.Tensor, wanted: tuple[int | None, ...]) -> None:
    """Refuse tensors whose last axes are not as wanted; None is any size.

    Raises:
      ValueError: If they are not, as far as it is known.
    """
    rank = x.shape.rank
    if rank is None:
        return
    event = x.shape[max(rank - len(wanted), 0) :]
    if not event.is_compatible_with(wanted):
        raise ValueError(f"`{name}` must have shape {_show(wanted)}; got {x.shape}.")


def _batch(x: tf.Tensor, event_shape: tuple[int, ...]) -> tf.TensorShape:
    rank = x.shape.rank
    return tf.TensorShape(None) if rank is None else x.shape[: rank - len(event_shape)]


def _check_same_batch(kept: tf.TensorShape, context: tf.TensorShape) -> None:
    if not kept.is_compatible_with(context):
        raise ValueError(f"`context` must have the batch shape {kept} of `kept`; got {context}.")


def _show(shape: tuple[int | None, ...]) -> str:
    sizes = ["...", *("any" if size is None else str(size) for size in shape)]
    return f"[{', '.join(sizes)}]"
