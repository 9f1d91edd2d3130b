"""Checks of the numbers: inverse, log-det, sign, finiteness."""

import numpy as np
import tensorflow as tf

from tfp_flows.testing.subject import Subject


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
    # Persistent and without pfor, which does not know every operation of a user's network.
    flat_x = tf.reshape(subject.x, [subject.x.shape[0], -1])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(flat_x)
        z = subject.inverse(tf.reshape(flat_x, subject.x.shape))
        flat_z = tf.cast(tf.reshape(z, flat_x.shape), flat_x.dtype)
    jacobian = tape.batch_jacobian(flat_z, flat_x, experimental_use_pfor=False)
    # In float64, since 16 bits have no determinant.
    return tf.linalg.slogdet(tf.cast(jacobian, tf.float64)).log_abs_determinant


def _relative(value: tf.Tensor, wanted: tf.Tensor) -> float:
    # Another dtype is the business of another check.
    value, wanted = tf.cast(value, tf.float64), tf.cast(wanted, tf.float64)
    # NaN compares false with everything: it must not pass for small.
    largest = float(np.max(np.abs(value - wanted) / (1 + np.abs(wanted))))
    return largest if np.isfinite(largest) else float("inf")


def _count_not_finite(value: tf.Tensor) -> int:
    return int(tf.math.count_nonzero(~tf.math.is_finite(tf.convert_to_tensor(value))))
