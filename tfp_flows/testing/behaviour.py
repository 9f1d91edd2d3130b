"""Checks of how a bijector behaves: shapes, types, graphs, variables, cache."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.testing.subject import Subject, accepted_dtypes, scrambled


def batch_shapes(subject: Subject) -> float:
    """How many of the batch ranks 0 to 3 give other shapes or values than one flat batch."""
    z, log_det = subject.both(subject.x)
    wrong = 0
    for batch in [(), (6,), (2, 3), (1, 2, 3)]:
        n = int(np.prod(batch))
        x = _with_batch(subject.x[:n], batch)
        context = None if subject.context is None else _with_batch(subject.context[:n], batch)
        got_z = subject.inverse(x, context)
        got_log_det = subject.inverse_log_det(x, context)
        wrong += not (
            got_z.shape == (*batch, *z.shape[1:])
            and _broadcasts(got_log_det.shape, batch)
            and _close(tf.reshape(got_z, [n, *z.shape[1:]]), z[:n])
            and _close(tf.reshape(tf.broadcast_to(got_log_det, batch), [n]), log_det[:n])
        )
    return float(wrong)


def dtypes(subject: Subject) -> float:
    """How many of the dtypes that the bijector takes come back as another one."""
    wrong = 0
    for dtype in accepted_dtypes(subject.bijector, subject.x, subject.data_ndims):
        z, log_det = subject.cast(dtype).both(tf.cast(subject.x, dtype))
        wrong += z.dtype != dtype or log_det.dtype != dtype
    return float(wrong)


def unknown_batch(subject: Subject) -> float:
    """Largest difference between eager mode and a `tf.function` of unknown batch size."""
    return _difference(subject, jit_compile=False, batch=None)


def xla(subject: Subject) -> float:
    """Largest difference between eager mode and XLA."""
    return _difference(subject, jit_compile=True, batch=subject.x.shape[0])


def untracked_variables(subject: Subject) -> float:
    """How many variables a density reads that `trainable_variables` does not show."""
    with tf.GradientTape() as tape:
        subject.both(subject.x)
    visible = {id(variable) for variable in subject.bijector.trainable_variables}
    return float(sum(id(variable) not in visible for variable in tape.watched_variables()))


def untrained_variables(subject: Subject) -> float:
    """How many trainable variables get no gradient from a density."""
    variables = subject.bijector.trainable_variables
    with tf.GradientTape() as tape:
        z, log_det = subject.both(subject.x)
        loss = 0.5 * tf.reduce_sum(z**2) - tf.reduce_sum(log_det)
    return float(sum(g is None for g in tape.gradient(loss, variables)))


def stale_log_dets(subject: Subject) -> float:
    """Error of the log-det for one and the same tensor after the variables have moved."""
    bijector, x, ndims = subject.bijector, subject.x, subject.data_ndims
    kwargs = {} if subject.context is None else {"context": subject.context}
    bijector.inverse_log_det_jacobian(x, event_ndims=ndims, **kwargs)
    with scrambled(bijector, scale=0.1, seed=1):
        after = bijector.inverse_log_det_jacobian(x, event_ndims=ndims, **kwargs)
        fresh = subject.inverse_log_det(x)
    return float(np.max(np.abs(tf.cast(after - fresh, tf.float64))))


def _difference(subject: Subject, *, jit_compile: bool, batch: int | None) -> float:
    z, log_det = subject.both(subject.x)
    specs = [tf.TensorSpec([batch, *subject.x.shape[1:]], subject.x.dtype)]
    if subject.context is not None:
        specs.append(tf.TensorSpec([batch, *subject.context.shape[1:]], subject.context.dtype))

    def both(x: tf.Tensor, context: Any = None) -> tuple[tf.Tensor, tf.Tensor]:
        return subject.both(x, context)

    compiled = tf.function(both, input_signature=specs, jit_compile=jit_compile, autograph=False)
    inputs = [subject.x] if subject.context is None else [subject.x, subject.context]
    got_z, got_log_det = compiled.get_concrete_function()(*inputs)
    return max(_error(got_z, z), _error(got_log_det, log_det))


def _with_batch(x: tf.Tensor, batch: tuple[int, ...]) -> tf.Tensor:
    return tf.reshape(x, [*batch, *x.shape[1:]])


def _broadcasts(shape: tf.TensorShape, batch: tuple[int, ...]) -> bool:
    if shape.rank > len(batch):
        return False
    return all(s in (1, b) for s, b in zip(reversed(shape), reversed(batch), strict=False))


def _close(a: tf.Tensor, b: tf.Tensor) -> bool:
    return _error(a, b) < 1e-4


def _error(a: tf.Tensor, b: tf.Tensor) -> float:
    a, b = tf.cast(a, tf.float64), tf.cast(b, tf.float64)
    error = np.max(np.abs(a - b) / (1 + np.abs(b)))
    return float(error) if np.isfinite(error) else float("inf")
