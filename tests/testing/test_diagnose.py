"""A look inside a flow names the layer that is to blame."""

import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, flows, partitions, testing, transforms

tfb, tfd = tfp.bijectors, tfp.distributions


def coupling(name, context_shape=None):
    num_inputs = 2 if context_shape is None else 2 + context_shape[0]

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            values = np.random.default_rng(num_inputs).normal(size=(num_inputs, 4))
            self.kernel = tf.Variable(tf.constant(values, tf.float32))

        def __call__(self, *known):
            return tf.concat(known, axis=-1) @ self.kernel

    return bijectors.Coupling(
        partitions.Halves(), transforms.Affine(), Net(), context_shape=context_shape, name=name
    )


class Spoils(bijectors.EventBijector):
    """Makes one entry of the latents something else."""

    def __init__(self, value, name="spoils"):
        parameters = dict(locals())
        self.value = value
        super().__init__(forward_min_event_ndims=1, parameters=parameters, name=name)

    def _forward_and_log_det(self, z, context=None):
        return z, tf.zeros_like(z[..., 0])

    def _inverse_and_log_det(self, x, context=None):
        spoiled = tf.reshape(tf.range(tf.size(x)) == 6, x.shape)
        return tf.where(spoiled, self.value, x), tf.zeros_like(x[..., 0])


def flow_of(bijector, event_shape=(4,)):
    return tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), event_shape), bijector)


def data():
    return tf.constant(np.random.default_rng(0).normal(size=(3, 4)), tf.float32)


def names(reports):
    return [report.layer for report in reports]


def total(reports):
    return sum(np.mean(report.log_det) for report in reports)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_layer_that_is_not_finite_is_named_with_the_place(value, capsys):
    flow = flow_of(bijectors.Chain([coupling("fine"), Spoils(value), coupling("after")]))
    reports = testing.diagnose(flow, data())
    assert names(reports) == ["0 fine", "1 spoils", "2 after"]
    assert reports[0].not_finite is None
    assert reports[1].not_finite == (1, 2)
    assert not np.isfinite(reports[1].largest)
    lines = capsys.readouterr().out.splitlines()
    assert "non-finite" not in lines[0]
    assert lines[1].startswith("1 spoils")
    assert lines[1].endswith("first non-finite at (1, 2)")


def test_figures_are_those_of_each_layer_on_its_own():
    links, x = [coupling("a"), tfb.Scale(2.0), coupling("b")], data()
    reports = testing.diagnose(flow_of(bijectors.Chain(links)), x)
    for link, report in zip(links, reports, strict=True):
        log_det = link.inverse_log_det_jacobian(x, event_ndims=1)
        np.testing.assert_allclose(report.log_det, [np.min(log_det), np.max(log_det)], rtol=1e-6)
        x = link.inverse(tf.identity(x))
        assert report.largest == pytest.approx(np.max(np.abs(x)))
        assert report.round_trip < 1e-5


def test_a_bad_inverse_shows_in_the_round_trip_of_its_layer():
    flow = flow_of(bijectors.Chain([coupling("fine"), Spoils(9.0), coupling("after")]))
    trips = [report.round_trip for report in testing.diagnose(flow, data())]
    assert trips[0] < 1e-5
    assert trips[1] > 5
    assert trips[2] < 1e-4


def test_printed_lines_are_what_is_returned(capsys):
    reports = testing.diagnose(flow_of(bijectors.Chain([coupling("a"), coupling("b")])), data())
    lines = capsys.readouterr().out.splitlines()
    assert lines == [str(report) for report in reports]
    pattern = r"0 a +round trip +\S+ +way back +\S+ +log-det +\S+ \.\. +\S+ +largest +\S+$"
    assert re.match(pattern, lines[0])


NESTED = {
    "our Chains": lambda a, b, c: bijectors.Chain([bijectors.Chain([a, b]), c]),
    "stock Chains": lambda a, b, c: tfb.Chain([tfb.Chain([a]), bijectors.Chain([b, c])]),
    "Invert of Invert": lambda a, b, c: tfb.Invert(tfb.Invert(bijectors.Chain([a, b, c]))),
}


@pytest.mark.parametrize("nest", NESTED)
def test_nested_chains_are_opened_in_the_order_the_data_meet_them(nest):
    flow = flow_of(NESTED[nest](coupling("a"), coupling("b"), coupling("c")))
    reports = testing.diagnose(flow, data())
    assert [re.sub("invert_|^. ", "", name) for name in names(reports)] == ["a", "b", "c"]


def test_an_inverted_chain_is_opened_backwards():
    links, x = [coupling("a"), coupling("b")], data()[:1]
    reports = testing.diagnose(flow_of(tfb.Invert(bijectors.Chain(links))), x)
    assert names(reports) == ["0 invert_b", "1 invert_a"]
    wanted = bijectors.Chain(links).forward_log_det_jacobian(x)[0]
    assert total(reports) == pytest.approx(float(wanted), rel=1e-5)


def test_distributions_of_distributions_are_opened():
    inner = flow_of(bijectors.Chain([coupling("c")]))
    middle = tfd.TransformedDistribution(inner, coupling("b"))
    flow = tfd.TransformedDistribution(tfd.Independent(middle, 0), tfb.Chain([coupling("a")]))
    x = data()[:1]
    reports = testing.diagnose(flow, x)
    assert names(reports) == ["0 a", "1 b", "2 c"]
    links = [coupling("a"), coupling("b"), coupling("c")]
    wanted = bijectors.Chain(links).inverse_log_det_jacobian(x)[0]
    assert total(reports) == pytest.approx(float(wanted), rel=1e-5)


def test_parallel_bijectors_are_not_taken_for_a_chain():
    blocks = tfb.Blockwise([tfb.Scale(2.0), tfb.Scale(3.0)], block_sizes=[2, 2])
    (report,) = testing.diagnose(flow_of(blocks), data())
    assert report.log_det == pytest.approx((-2 * np.log(6.0), -2 * np.log(6.0)))


def test_log_dets_belong_to_whole_events_where_ranks_change():
    links = [tfb.Scale(2.0), tfb.Reshape([2, 2], [4]), coupling("a")]
    flow = flow_of(bijectors.Chain(links))
    reports = testing.diagnose(flow, tf.reshape(data(), [3, 2, 2]))
    assert reports[0].log_det == pytest.approx((-4 * np.log(2.0),) * 2)
    assert reports[1].log_det == (0.0, 0.0)
    assert [report.layer for report in reports] == ["0 scale", "1 reshape", "2 a"]


def test_a_bare_bijector_can_be_diagnosed():
    (report,) = testing.diagnose(coupling("alone"), data())
    assert report.layer == "0 alone"
    reports = testing.diagnose(bijectors.Chain([tfb.Scale(2.0)]), data())
    assert reports[0].log_det == pytest.approx((-np.log(2.0), -np.log(2.0)))


def test_conditional_layers_are_given_the_context():
    links = [coupling("plain"), tfb.Invert(coupling("told", context_shape=(2,)))]
    flow, x = flow_of(bijectors.Chain(links)), data()
    for context in (tf.ones([3, 2]), np.ones([2])):
        reports = testing.diagnose(flow, x, context)
        wanted = links[1].inverse(links[0].inverse(x), context=tf.ones([3, 2]))
        assert reports[-1].largest == pytest.approx(np.max(np.abs(wanted)))


def test_a_missing_context_is_told():
    flow = flow_of(bijectors.Chain([coupling("told", context_shape=(2,))]))
    with pytest.raises(ValueError, match="`context` must be given: `told`"):
        testing.diagnose(flow, data())


def test_a_context_that_nobody_takes_is_told():
    with pytest.raises(ValueError, match="`context` must not be given"):
        testing.diagnose(flow_of(coupling("plain")), data(), tf.ones([3, 2]))


@pytest.mark.parametrize("what", [tfd.Normal(0.0, 1.0), "flow", None], ids=str)
def test_what_holds_no_bijector_is_refused(what):
    with pytest.raises(TypeError, match="`flow` must be a transformed distribution or a bijector"):
        testing.diagnose(what, data())


def test_lists_and_numpy_arrays_are_data(capsys):
    flow = flows.coupling_flow((2,), num_couplings=2)
    for x in ([[1.0, 2.0]], np.ones([1, 2], np.float32), [[1, 2]]):
        reports = testing.diagnose(flow, x)
        assert [report.layer for report in reports] == ["0 coupling", "1 coupling"]
    assert len(capsys.readouterr().out.splitlines()) == 6


def test_the_way_back_ends_with_the_round_trip_of_the_flow():
    bijector = bijectors.Chain([coupling("a"), tfb.Scale(1e3), tfb.Shift(7.0), coupling("b")])
    reports = testing.diagnose(bijector, data())
    back = bijector.forward(tf.identity(bijector.inverse(data())))
    assert reports[0].way_back == np.max(np.abs(back - data()))
    # Beside 7, thousandths lose three digits, and the scale brings them back enlarged.
    assert reports[0].way_back > 30 * reports[0].round_trip
