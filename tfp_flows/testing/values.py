"""Checks of the numbers: inverse, log-det, sign, finiteness."""

import math

import numpy as np
import tensorflow as tf

from tfp_flows.testing.subject import Subject

_ROWS_AT_ONCE = 128


def round_trip_of_data(subject: Subject) -> float:
    """Largest relative error of `forward(inverse(x))`."""
    return _relative(subject.forward(subject.inverse(subject.x)), subject.x)


def round_trip_of_latents(subject: Subject) -> float:
    """Largest relative error of `inverse(forward(z))`."""
    z = subject.inverse(subject.x)
    return _relative(subject.inverse(subject.forward(z)), z)


def log_det_against_autodiff(subject: Subject) -> float:
    """Largest relative error of the inverse log-det, judged by the autodiff Jacobian."""
    return _relative(subject.both(subject.x)[1], autodiff_log_det(subject))


def forward_log_det_against_inverse(subject: Subject) -> float:
    """Largest relative error of `forward_log_det(z) == -inverse_log_det(x)`."""
    z, log_det = subject.both(subject.x)
    return _relative(-tf.broadcast_to(subject.forward_log_det(z), log_det.shape), log_det)


def gradients_are_finite(subject: Subject) -> float:
    """How many entries of the gradients by data and variables are NaN or inf."""
    variables = subject.bijector.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(subject.x)
        z, log_det = subject.both(subject.x)
        loss = 0.5 * tf.reduce_sum(z**2) - tf.reduce_sum(log_det)
    gradients = [g for g in tape.gradient(loss, [subject.x, *variables]) if g is not None]
    return float(sum(_count_not_finite(gradient) for gradient in gradients))


def extreme_data_stay_finite(subject: Subject) -> float:
    """How many latents, log-dets and gradients are NaN or inf for data 1e4 times as large."""
    far = Subject(subject.bijector, 1e4 * subject.x, subject.data_ndims)
    z, log_det = far.both(far.x)
    count = _count_not_finite(z) + _count_not_finite(log_det)
    return float(count) + gradients_are_finite(far)


def autodiff_log_det(subject: Subject) -> tf.Tensor:
    """`log|det dz/dx|` of each event, from the whole Jacobian."""
    size = math.prod(subject.x.shape[1:])
    chunks = [
        _rows_of_jacobian(subject, tf.range(start, min(start + _ROWS_AT_ONCE, size)), size)
        for start in range(0, size, _ROWS_AT_ONCE)
    ]
    # In float64, since 16 bits have no determinant.
    jacobian = tf.cast(tf.concat(chunks, axis=1), tf.float64)
    return tf.linalg.slogdet(jacobian).log_abs_determinant


def _rows_of_jacobian(subject: Subject, rows: tf.Tensor, size: int) -> tf.Tensor:
    """`[n, len(rows), size]`: of as many copies of each event, each with a row for itself."""
    # One pass backwards; TensorFlow's Jacobians need one for each row, or know not every operation.
    (n, *_), count = subject.x.shape, rows.shape[0]
    x, context = (
        None if given is None else tf.repeat(given, count, axis=0)
        for given in (subject.x, subject.context)
    )
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.cast(tf.reshape(subject.inverse(x, context), [n * count, size]), x.dtype)
    upstream = tf.tile(tf.one_hot(rows, size, dtype=x.dtype), [n, 1])
    zero = tf.UnconnectedGradients.ZERO
    gradient = tape.gradient(z, x, output_gradients=upstream, unconnected_gradients=zero)
    return tf.reshape(gradient, [n, count, size])


def _relative(value: tf.Tensor, wanted: tf.Tensor) -> float:
    # Another dtype is the business of another check.
    value, wanted = tf.cast(value, tf.float64), tf.cast(wanted, tf.float64)
    # NaN compares false with everything: it must not pass for small.
    largest = float(np.max(np.abs(value - wanted) / (1 + np.abs(wanted))))
    return largest if np.isfinite(largest) else float("inf")


def _count_not_finite(value: tf.Tensor) -> int:
    return int(tf.math.count_nonzero(~tf.math.is_finite(tf.convert_to_tensor(value))))
