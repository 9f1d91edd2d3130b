"""How a bijector calls a network: any batch, checked shapes, tracked variables."""

import inspect
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.networks import KerasNetwork
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.phases import is_training
from tfp_flows.typing import Net, Shape


class Conditioner(KerasNetwork):
    """Turns what is known into raw parameters `[..., *moved_shape[:-1], num_params * C]`.

    Args:
      net: `net(kept)` or `net(kept, context)`, called with exactly one batch axis.
      num_params: raw numbers for each moved entry.

    Raises:
      TypeError: if `net` is not callable.
    """

    def __init__(self, net: Net, num_params: int, name: str = "conditioner") -> None:
        if not callable(net) or isinstance(net, type) or _is_factory(net):
            raise TypeError(
                f"`net` must be callable: a layer, a model, a `tf.Module` or a function; got "
                f"{net!r}. A factory has to be called with shapes first."
            )
        super().__init__(net, name=name)
        self._num_params = num_params
        self._is_checked = False

    def raw(
        self,
        inputs: list[tuple[tf.Tensor, int]],
        moved_shape: Shape,
        dtype: tf.DType,
    ) -> tf.Tensor:
        """Calls the network.

        Args:
          inputs: what is known, each with the rank of one of its events, all of one batch shape;
            none for a network that is called without arguments.
          moved_shape: shape of the entries to transform.
          dtype: of the result; networks may compute in another one.

        Raises:
          ValueError: if the network puts out another shape than the transform needs, or in the
            first call if it reads variables that TFP cannot see.
        """
        flat = [flatten_batch(value, ndims) for value, ndims in inputs]
        raw = self._call([value for value, _ in flat])
        self._check(raw, flat[0][0].shape[0] if flat else 1, moved_shape)
        raw = tf.cast(raw, dtype)
        # Without inputs there is one answer, which broadcasts against any batch.
        return flat[0][1](raw, len(moved_shape)) if flat else raw[0]

    def probe(self, shapes: list[Shape], moved_shape: Shape) -> None:
        """Runs the network once on zeros: builds it, checks its output and its variables.

        Raises:
          ValueError: if the output shape is wrong, or if the network reads variables that are
            invisible to TFP and so would never be trained.
        """
        dtype = self._dtype()
        self.raw(
            [(tf.zeros([1, *shape], dtype), len(shape)) for shape in shapes], moved_shape, dtype
        )

    def require_built(self) -> None:
        """Raises a `ValueError` if variables are still to be made, or hidden in a function."""
        if not self.variables or not getattr(self.network, "built", True):
            raise ValueError(
                "`net` must be built, or `event_shape` given so that it can be; got "
                f"{self.network!r} with no variables that can be seen yet."
            )

    def _call(self, values: list[tf.Tensor]) -> Any:
        # Keras tells its layers by itself inside `fit`, but not in a training loop of one's own.
        is_told = is_training() and hasattr(self.network, "_call_has_training_arg")
        kwargs = {"training": True} if is_told else {}
        if self._is_checked:
            return self(*values, **kwargs)
        with tf.GradientTape() as tape:
            raw = self(*values, **kwargs)
        self._check_visible(tape.watched_variables())
        self._track_lost_variables()  # Those of layers that were built by this call.
        self._is_checked = True
        return raw

    def _check_visible(self, read: Any) -> None:
        visible = {id(variable) for variable in self.trainable_variables}
        # Under a distribution strategy a tape sees the replicas' copies.
        container = tf.distribute.get_strategy().extended.value_container
        hidden = [v.name for v in read if id(container(v)) not in visible]
        if hidden:
            raise ValueError(
                f"`net` reads variables that its bijector cannot see: {hidden}. Give the layer "
                "or `tf.Module` itself, or `bijectors.KerasNetwork(layers, function)`, instead "
                f"of {self.network!r}."
            )

    def _dtype(self) -> tf.DType:
        floating = [v.dtype for v in self.trainable_variables if v.dtype.is_floating]
        return floating[0] if floating else tf.float32

    def _check(self, raw: Any, batch_size: int | None, moved_shape: Shape) -> None:
        wanted = (batch_size, *moved_shape[:-1], self._num_params * moved_shape[-1])
        shape = tf.TensorShape(getattr(raw, "shape", None))
        if shape.rank is None or not shape.is_compatible_with(wanted):
            raise ValueError(
                f"`net` must put out shape {wanted}, {self._num_params} numbers for each of the "
                f"moved entries {moved_shape}; got {raw if shape.rank is None else shape}."
            )


def _is_factory(net: Any) -> bool:
    try:
        return "num_params" in inspect.signature(net).parameters
    except ValueError:  # Some callables written in C have none.
        return False
