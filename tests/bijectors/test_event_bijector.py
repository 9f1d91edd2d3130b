"""The base class: two methods of the user's become a whole TFP bijector."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors

tfb, tfd = tfp.bijectors, tfp.distributions
TWO = np.log(2.0)


class Double(bijectors.EventBijector):
    """`x = 2 z` over vectors, and over as many contexts as are wanted."""

    def __init__(self, log_det=None, context_shape=None, name="double"):
        parameters = dict(locals())
        self._context_shape = context_shape
        self.log_det = log_det
        self.calls = []
        super().__init__(forward_min_event_ndims=1, parameters=parameters, name=name)

    def _forward_and_log_det(self, z, context=None):
        self.calls.append("forward")
        return 2 * z, self._constant(z)

    def _inverse_and_log_det(self, x, context=None):
        self.calls.append("inverse")
        return x / 2, -self._constant(x)

    def _constant(self, value):
        if self.log_det is not None:
            return tf.constant(self.log_det, value.dtype)
        return tf.cast(value.shape[-1] * TWO, value.dtype)


def test_four_hooks_follow_from_two_methods():
    bijector, z = Double(), tf.ones([5, 3])
    np.testing.assert_array_equal(bijector.forward(z), 2 * z)
    np.testing.assert_array_equal(bijector.inverse(tf.identity(z)), z / 2)
    np.testing.assert_allclose(bijector.forward_log_det_jacobian(z), [3 * TWO] * 5, rtol=1e-6)
    np.testing.assert_allclose(bijector.inverse_log_det_jacobian(z), [-3 * TWO] * 5, rtol=1e-6)


def test_the_private_hooks_agree_with_the_public_methods():
    bijector, z = Double(), tf.ones([5, 3])
    np.testing.assert_array_equal(bijector._forward(z), bijector.forward(z))
    np.testing.assert_array_equal(bijector._inverse(z), bijector.inverse(z))
    for way in ("forward", "inverse"):
        public = getattr(bijector, f"{way}_log_det_jacobian")(tf.identity(z))
        np.testing.assert_array_equal(getattr(bijector, f"_{way}_log_det_jacobian")(z), public)


@pytest.mark.parametrize("batch", [(), (5,), (2, 5), (0,)], ids=str)
def test_a_log_det_for_all_events_gets_the_shape_of_the_batch(batch):
    z = tf.ones([*batch, 3])
    assert Double().forward_log_det_jacobian(z).shape == batch
    assert Double().inverse_log_det_jacobian(z).shape == batch


def test_a_log_det_for_some_events_is_broadcast():
    bijector = Double(log_det=[1.0, 2.0])
    got = bijector.forward_log_det_jacobian(tf.ones([5, 2, 3]))
    np.testing.assert_array_equal(got, [[1.0, 2.0]] * 5)


def test_unknown_batches_get_log_dets_of_their_size():
    function = tf.function(
        Double().inverse_log_det_jacobian, input_signature=[tf.TensorSpec([None, None, 3])]
    )
    np.testing.assert_allclose(function(tf.ones([2, 4, 3])), np.full([2, 4], -3 * TWO), rtol=1e-6)


def test_value_and_log_det_come_in_one_pass_past_the_cache():
    bijector, z = Double(), tf.ones([5, 3])
    held = bijector.forward(z)
    x, log_det = bijector.forward_and_log_det(z)
    assert x is not held
    assert bijector.calls == ["forward", "forward"]
    assert float(log_det) == pytest.approx(3 * TWO)


def test_it_works_in_stock_bijectors_and_distributions():
    chain = tfb.Chain([tfb.Shift(1.0), Double(), tfb.Invert(Double()), Double()])
    flow = tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), 3), chain)
    x = flow.sample(5, seed=0)
    wanted = tfd.Sample(tfd.Normal(1.0, 2.0), 3).log_prob(x)
    np.testing.assert_allclose(flow.log_prob(tf.identity(x)), wanted, rtol=1e-5)


def test_objects_are_equal_only_to_themselves():
    one, other = Double(), Double()
    assert one != other
    assert one == one  # noqa: PLR0124 - equality is what is tested
    assert hash(one) != hash(other)
    assert {one: 1}[one] == 1


def test_both_methods_must_be_written():
    class Half(bijectors.EventBijector):
        def _forward_and_log_det(self, z, context=None):
            return z, tf.zeros([])

    with pytest.raises(TypeError, match="_inverse_and_log_det"):
        Half(forward_min_event_ndims=1, parameters={})


def test_a_subclass_says_whether_it_takes_a_context():
    told, untold = Double(context_shape=(2,)), Double()
    assert told.context_shape == (2,)
    assert untold.context_shape is None
    x = tf.ones([5, 3])
    assert told.inverse(x, context=tf.ones([2])).shape == (5, 3)
    with pytest.raises(ValueError, match="`context` must be given: `double`"):
        told.inverse(x)
    with pytest.raises(ValueError, match="`context` must not be given: `double`"):
        untold.inverse(x, context=tf.ones([2]))


def test_numpy_arrays_and_lists_go_past_the_cache_too():
    x, _ = Double().forward_and_log_det(np.ones([5, 3]))
    assert x.dtype == tf.float64
    z, _ = Double().inverse_and_log_det([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(z, [0.5, 1.0, 1.5])


def test_batch_shape_and_repr_are_known():
    assert Double().experimental_batch_shape() == ()
    assert "double" in repr(Double())
