"""SavedModels of integers under a flow, where there is TensorFlow and nothing else."""

import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import export, flows, nets, training
from tfp_flows.distributions import ArgmaxNoise, Dequantized, FlowNoise, standard_normal

LEVELS = 16
SIZES = (1, 3, 65)


def _flow(**kwargs):
    net = nets.MLP((4,), zero_init=False)
    return flows.coupling_flow((3,), num_couplings=1, net=net, **kwargs)


def _uniform():
    return Dequantized(_flow(logit_alpha=0.05), LEVELS)


def _many_levels_and_learned():
    return Dequantized(_flow(logit_alpha=0.05), 1000, FlowNoise(_flow(context_shape=(3,))))


def _argmax():
    return Dequantized(standard_normal((3, LEVELS)), LEVELS, ArgmaxNoise())


def _conditional():
    return Dequantized(_flow(logit_alpha=0.05, num_classes=2), LEVELS)


@pytest.mark.slow
def test_bounds_and_samples_are_those_of_the_distribution(serve, scramble):
    made = {}
    for make in (_uniform, _many_levels_and_learned, _argmax, _conditional):
        pixels = scramble(make())
        given = {"x": np.random.default_rng(0).integers(0, LEVELS, (65, 3)).astype(np.int32)}
        if make is _conditional:
            given["context"] = np.eye(2, dtype=np.float32)[np.arange(65) % 2]
        made[make.__name__[1:]] = pixels, given
    found = serve(made, SIZES)
    for name, (pixels, given) in made.items():
        for size in SIZES:
            check(name, pixels, given, found[name], size)
        columns = found[name]["columns_json"]
        np.testing.assert_allclose(columns, found[name]["log_prob_3"], rtol=1e-6)
    assert "sample_1_3" not in found["argmax"]  # No temperature: its flow has no latents.


def check(name, pixels, given, got, size):
    x, kwargs = given["x"][:size], {"seed": [0, 5]}
    if "context" in given:
        kwargs["bijector_kwargs"] = {"context": given["context"][:size]}
    bound = pixels.log_prob(x, **kwargs)
    tighter = pixels.log_prob(x, num_samples=3, importance_weighted=True, **kwargs)
    wanted = {
        "log_prob": bound,
        "bits_per_dim": -bound / 3 / np.log(2),
        "log_prob_importance_weighted": tighter,
    }
    for key, value in wanted.items():
        found = got[f"{key}_{size}"]
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-5, err_msg=f"{name} {key}")
    sample = got["sample_{}".format(f"1_{size}" if f"sample_1_{size}" in got else size)]
    np.testing.assert_array_equal(sample, pixels.sample(size, **kwargs), err_msg=name)
    assert sample.dtype == np.int32
    assert not {f"encode_{size}", f"decode_{size}"} & got.keys()


def test_the_loaded_functions_refuse_other_levels(tmp_path):
    export.save(_uniform(), tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    for bad in ([[0, 1, 16]], np.array([[0, 300, 1]]), np.array([[0, -1, 1]])):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.15"):
            loaded.log_prob(bad, seed=1)
    assert loaded.log_prob(np.array([[0, 1, 15]], np.uint8), seed=1).shape == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be an integer of"):
        loaded.log_prob_importance_weighted(tf.zeros([1, 3], tf.int32), 0, 1)
    with pytest.raises((TypeError, ValueError)):
        loaded.log_prob(tf.zeros([1, 3]), 1)
    with pytest.raises(ValueError, match="`bin_width` must be 1 for integers"):
        export.save(_uniform(), tmp_path / "other", bin_width=1 / 16)


# Keras 3.15 saves through NumPy's old `__array__` signature.
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["nice_small", "realnvp_small", "glow_small", "flowpp_small"])
def test_a_trained_preset_gives_the_same_numbers_elsewhere(name, serve):
    flow = getattr(flows.presets, name)((8, 8, 1))
    images = np.random.default_rng(0).integers(0, 256, (256, 8, 8, 1)).astype(np.uint8)
    x = images if name == "flowpp_small" else (images / 256).astype(np.float32)
    training.initialize(flow, x)
    model = tfp_flows.FlowModel(flow)
    model.compile("adam")
    model.fit(x, batch_size=64, epochs=2, verbose=0)
    given = {"x": x.astype(np.int32) if name == "flowpp_small" else x}
    got = serve({name: (flow, given)}, SIZES)[name]
    for size in SIZES:
        kwargs = {"seed": [0, 5]} if name == "flowpp_small" else {}
        wanted = flow.log_prob(x[:size], **kwargs)
        np.testing.assert_allclose(got[f"log_prob_{size}"], wanted, rtol=1e-5, atol=1e-5)
        assert got[f"sample_{size}"].shape == (size, 8, 8, 1)
