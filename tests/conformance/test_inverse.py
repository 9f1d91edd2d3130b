from tfp_flows.testing import values


def test_forward_undoes_inverse(subject):
    assert values.round_trip_of_data(subject) < 1e-10


def test_inverse_undoes_forward(subject):
    assert values.round_trip_of_latents(subject) < 1e-10
