from tfp_flows.testing import behaviour


def test_function_of_unknown_batch_equals_eager(subject):
    assert behaviour.unknown_batch(subject) < 1e-10


def test_xla_equals_eager(subject):
    assert behaviour.xla(subject) < 1e-8
