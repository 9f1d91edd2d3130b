import numpy as np
import pytest
import tensorflow as tf
from table import CONDITIONAL_ROWS, ROWS

conditional = pytest.mark.parametrize("row", CONDITIONAL_ROWS, ids=lambda row: row.name)
others = [row for row in ROWS if row not in CONDITIONAL_ROWS]


@conditional
def test_context_matters(subject):
    other = subject.inverse(subject.x, subject.context + 1)
    assert np.max(np.abs(other - subject.inverse(subject.x))) > 1e-3


@conditional
def test_missing_context_is_an_error(subject):
    with pytest.raises(ValueError, match="`context` must be given"):
        subject.inverse(subject.x, None)


@conditional
def test_one_context_serves_a_whole_batch(subject):
    many = tf.repeat(subject.context[:1], subject.x.shape[0], axis=0)
    for one in (subject.context[:1], subject.context[0]):
        np.testing.assert_allclose(
            subject.inverse(subject.x, one), subject.inverse(subject.x, many), atol=1e-12
        )


@pytest.mark.parametrize("row", others, ids=lambda row: row.name)
def test_unexpected_context_is_an_error(subject):
    with pytest.raises(ValueError, match="`context` must not be given"):
        subject.bijector.inverse(subject.x, context=tf.zeros([6, 3], tf.float64))
