"""Arguments of `sample` as tensors."""

import operator
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import one_hot
from tfp_flows.ops.seeds import stateless_seed
from tfp_flows.training.batch import bijector_kwargs, check_context, context_shape, real_dtype
from tfp_flows.typing import Distribution


def sample_arguments(
    distribution: Distribution, n: Any, seed: Any, context: Any
) -> tuple[tf.Tensor, tf.Tensor, dict[str, Any]]:
    """`n`, a stateless seed and keywords: tensors, as numbers would be traced anew for each value.

    Raises:
      TypeError: if `n` or `seed` is no integer.
      ValueError: if `n` is negative, or the context unexpected, of another batch size, or a class
        that there is not.
    """
    n = _integer("n", n)
    if n < 0:
        raise ValueError(f"`n` must be at least 0; got {n}.")
    if context is not None:
        context = tf.convert_to_tensor(context)
        single, dtype = context_shape(distribution), real_dtype(distribution)
        if context.dtype.is_integer and single is not None:
            context = one_hot(distribution.name, single, context, dtype)
        if context.dtype.is_floating or single is None:
            context = tf.cast(context, dtype)
            check_context(context, distribution, (n,))
        if tuple(context.shape) == single:
            context = tf.broadcast_to(context, [n, *context.shape])
    return tf.constant(n, tf.int32), stateless_seed(seed), bijector_kwargs(context)


def _integer(argument: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise TypeError(f"`{argument}` must be an integer; got {value!r}.") from error
