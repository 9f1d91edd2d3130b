import tensorflow as tf
from subjects import bijector_of

from tfp_flows.testing import behaviour
from tfp_flows.testing.subject import Subject


def test_every_variable_it_reads_is_tracked(subject):
    assert behaviour.untracked_variables(subject) == 0


def test_every_variable_gets_a_gradient(subject):
    assert behaviour.untrained_variables(subject) == 0


def test_all_variables_exist_before_the_first_call(row):
    bijector = bijector_of(row.create("float32"))
    before = len(bijector.trainable_variables)
    Subject(bijector, tf.ones([2, *row.event_shape]), len(row.event_shape)).both(
        tf.ones([2, *row.event_shape])
    )
    assert len(bijector.trainable_variables) == before > 0
