from tfp_flows.testing import behaviour, values


def test_log_det_is_that_of_the_autodiff_jacobian(subject):
    assert values.log_det_against_autodiff(subject) < 1e-8


def test_forward_log_det_is_minus_inverse_log_det(subject):
    assert values.forward_log_det_against_inverse(subject) < 1e-10


def test_log_dets_have_the_batch_shape_at_every_rank(subject):
    assert behaviour.batch_shapes(subject) == 0
