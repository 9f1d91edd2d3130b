"""Latents level by level, and back."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, latents
from tfp_flows.distributions import standard_normal
from tfp_flows.testing.subject import scrambled

tfd, tfb = tfp.distributions, tfp.bijectors
CONTEXT = np.array([0.5, -1.0, 2.0], "float32")


def _shapes(flow):
    return bijectors.latent_shapes(flow.bijector, (8, 8, 1))


@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
def test_round_trip_at_any_batch_shape(flow, images, batch):
    x = images(*batch)
    z = latents.encode(flow, x)
    assert [part.shape for part in z] == [(*batch, *shape) for shape in _shapes(flow)]
    np.testing.assert_allclose(latents.decode(flow, z), x, rtol=1e-3, atol=1e-4)


def test_levels_are_those_of_the_flat_latent_in_order(two, images):
    x = images(3)
    flat = two.bijector.inverse(x).numpy()
    fine, coarse = latents.encode(two, x)
    np.testing.assert_array_equal(fine, flat[:, :32].reshape(3, 4, 4, 2))
    np.testing.assert_array_equal(coarse, flat[:, 32:].reshape(3, 2, 2, 8))


def test_unknown_batch_size(flow, images):
    @tf.function(input_signature=[tf.TensorSpec([None, None, 8, 8, 1])])
    def around(x):
        z = latents.encode(flow, x)
        assert [part.shape[2:] for part in z] == _shapes(flow)
        return latents.decode(flow, z)

    x = images(2, 3)
    np.testing.assert_allclose(around(x), x, rtol=1e-3, atol=1e-4)


def test_context_reaches_the_flow(conditional, images):
    x = images(3)
    z = latents.encode(conditional, x, CONTEXT)
    other = latents.encode(conditional, x, -CONTEXT)
    assert not np.allclose(z[-1], other[-1])
    np.testing.assert_allclose(latents.decode(conditional, z, CONTEXT), x, rtol=1e-3, atol=1e-4)


def test_one_context_for_each_event(conditional, images):
    x, contexts = images(2), np.stack([CONTEXT, -CONTEXT])
    both = latents.encode(conditional, x, contexts)
    for i in range(2):
        alone = latents.encode(conditional, x[i], contexts[i])
        for part, wanted in zip(both, alone, strict=True):
            np.testing.assert_allclose(part[i], wanted, rtol=1e-4, atol=1e-5)


def test_a_held_sample_is_encoded_with_the_variables_of_now(flow):
    x = flow.sample(2, seed=1)
    before = latents.encode(flow, x)
    with scrambled(flow.bijector, scale=0.1, seed=8):
        after = latents.encode(flow, x)
        assert not np.allclose(before[-1], after[-1])
        np.testing.assert_allclose(latents.decode(flow, after), x, rtol=1e-3, atol=1e-4)


def test_a_stock_flow_of_scalars():
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Shift(2.0))
    (z,) = latents.encode(flow, [2.0, 5.0])
    assert z.numpy().tolist() == [0.0, 3.0]
    assert latents.decode(flow, [z]).numpy().tolist() == [2.0, 5.0]


def test_an_empty_batch():
    flow = tfd.TransformedDistribution(standard_normal((3,)), tfb.Scale(2.0))
    (z,) = latents.encode(flow, np.zeros((0, 2, 3), "float32"))
    assert latents.decode(flow, [z]).shape == z.shape == (0, 2, 3)


def test_float64_input_is_cast_to_the_flow(flow, images):
    assert latents.encode(flow, images(2).astype("float64"))[0].dtype == tf.float32


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (np.zeros((2, 8, 8, 1), np.uint8), TypeError, "floating; got uint8. Dequantize"),
        (np.zeros((2, 8, 8, 3)), ValueError, r"shape \[..., 8, 8, 1\]; got \(2, 8, 8, 3\)"),
        (np.zeros((8, 1)), ValueError, r"shape \[..., 8, 8, 1\]; got \(8, 1\)"),
        (np.full((8, 8, 1), np.nan), ValueError, "finite; got 64 NaN or infinite"),
        (np.full((8, 8, 1), np.inf), ValueError, "finite; got 64 NaN or infinite"),
    ],
)
def test_refuses_events(flow, bad, error, message):
    with pytest.raises(error, match=f"`x` must .*{message}"):
        latents.encode(flow, bad)


def test_refuses_nan_in_a_graph(flow, images):
    x = images(2)
    x[1, 0, 0, 0] = np.nan
    with pytest.raises(tf.errors.InvalidArgumentError, match="`x` must be finite"):
        tf.function(lambda x: latents.encode(flow, x))(x)


def test_refuses_another_number_of_levels(two):
    fine, coarse = tf.zeros([2, 4, 4, 2]), tf.zeros([2, 2, 2, 8])
    with pytest.raises(ValueError, match=r"\(4, 4, 2\), \(2, 2, 8\)\]; got 1, so level 1 has none"):
        latents.decode(two, [fine])
    with pytest.raises(ValueError, match="got 3, so level 2"):
        latents.decode(two, [fine, coarse, coarse])
    with pytest.raises(TypeError, match="`latents` must be a list of one tensor for each level"):
        latents.decode(two, fine)


def test_names_the_level_whose_latents_do_not_fit(two):
    fine, coarse = tf.zeros([2, 4, 4, 2]), tf.zeros([2, 2, 2, 8])
    with pytest.raises(ValueError, match=r"`latents\[1\]` .*\[..., 2, 2, 8\]; got \(2, 2, 2, 4\)"):
        latents.decode(two, [fine, coarse[..., :4]])
    with pytest.raises(ValueError, match=r"`latents\[1\]` .* level 0, \(2,\); got \(1,\)"):
        latents.decode(two, [fine, coarse[:1]])
    with pytest.raises(ValueError, match=r"`latents\[0\]` must be finite"):
        latents.decode(two, [fine / 0.0, coarse])
    with pytest.raises(TypeError, match=r"`latents\[0\]` must be floating; got int32"):
        latents.decode(two, [tf.cast(fine, tf.int32), coarse])


@pytest.mark.parametrize("bad", [tfd.Normal(0.0, 1.0), tfb.Exp(), None])
def test_refuses_what_is_no_transformed_distribution(bad):
    with pytest.raises(TypeError, match=r"`flow` must be a `tfd.TransformedDistribution`"):
        latents.encode(bad, 0.0)


def test_refuses_a_batch_of_flows():
    flow = tfd.TransformedDistribution(tfd.Normal([0.0, 1.0], 1.0), tfb.Shift(2.0))
    with pytest.raises(ValueError, match=r"single distribution.*got batch shape \(2,\)"):
        latents.encode(flow, [0.0, 1.0])


def test_refuses_a_context_that_nobody_takes(flow, images):
    with pytest.raises(ValueError, match="`context` must not be given"):
        latents.encode(flow, images(), CONTEXT)
    stock = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Shift(2.0))
    with pytest.raises(ValueError, match="`context` must not be given"):
        latents.decode(stock, [0.0], CONTEXT)


def test_asks_for_a_missing_context(conditional, images):
    with pytest.raises(ValueError, match="`context` must be given"):
        latents.encode(conditional, images())
