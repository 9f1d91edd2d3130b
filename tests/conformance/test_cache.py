from tfp_flows.testing import behaviour


def test_log_dets_are_never_stale(subject):
    assert behaviour.stale_log_dets(subject) < 1e-10
