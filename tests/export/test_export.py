"""SavedModels give the numbers of the flow where there is TensorFlow and nothing else."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, flows, latents, nets, partitions, training

tfd, tfb = tfp.distributions, tfp.bijectors
MLP = nets.MLP((4,), zero_init=False)
SIZES = (1, 3, 257)


def _events(shape, dtype="float32"):
    return np.random.default_rng(0).uniform(0.1, 0.9, (max(SIZES), *shape)).astype(dtype)


def _standardized():
    return flows.coupling_flow((3,), num_couplings=1, net=MLP, standardize=([0.5] * 3, [0.3] * 3))


def _conditional():
    return flows.coupling_flow((3,), num_couplings=1, net=MLP, context_shape=(2,))


def _images():
    net = nets.ConvResNet(2, 1, dropout=0.5, zero_init=False)
    return flows.coupling_flow((4, 4, 1), num_couplings=1, net=net)


def _nice():
    return flows.nice((4, 4, 1), num_couplings=2, net=nets.MLP((8,), uniform=0.01))


def _realnvp():
    return flows.realnvp((4, 4, 1), num_levels=1, filters=2, num_blocks=1)


def _glow():
    return flows.glow((4, 4, 1), num_levels=2, num_steps=1, filters=4, num_classes=2)


def _float64():
    net = nets.MLP((4,), dtype="float64", zero_init=False)((1,), (2,), 2)
    coupling = bijectors.AffineCoupling(partitions.Halves(), net, event_shape=(3,))
    base = tfd.Sample(tfd.Normal(np.float64(0), np.float64(1)), [3])
    return tfd.TransformedDistribution(base, bijectors.Chain([coupling]))


def _stock_flow():
    made = tfb.AutoregressiveNetwork(2, event_shape=[3], hidden_units=[6], activation="tanh")
    base = tfd.Sample(tfd.Normal(0.0, 1.0), [3])
    return tfd.TransformedDistribution(base, tfb.MaskedAutoregressiveFlow(made))


def _off_centre():
    base = tfd.MultivariateNormalDiag(tf.Variable([0.0, 1.0, 2.0]))
    return tfd.TransformedDistribution(base, tfb.Scale(tf.Variable(2.0)))


def _mixture():
    logits, places = tf.Variable([0.1, -0.2]), tf.Variable([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    normal = tfd.Independent(tfd.Normal(places, 1.0), 1)
    return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), normal)


FEW = (_standardized, _conditional, _off_centre, _mixture)
REST = (_images, _nice, _realnvp, _glow, _float64, _stock_flow)


def wanted(flow, given, size, bin_width=1.0):
    """What a SavedModel has to say, from the flow itself."""
    x, context = given["x"][:size], given.get("context")
    keywords = {} if context is None else {"context": context[:size]}
    kwargs = {"bijector_kwargs": keywords} if keywords else {}
    answers = {"log_prob": flow.log_prob(x, **kwargs)}
    nats = -answers["log_prob"] / x[0].size
    answers["bits_per_dim"] = (nats - np.log(bin_width)) / np.log(2)
    answers["sample"] = answers["sample_1"] = flow.sample(size, seed=[0, 5], **kwargs)
    if hasattr(flow, "bijector"):
        answers["encode"] = z = flow.bijector.inverse(x, **keywords)
        answers["decode"] = flow.bijector.forward(tf.identity(z), **keywords)
        if np.all(flow.distribution.mean() == 0):
            answers["sample"] = latents.sample(flow, size, temperature=0.7, seed=5, **keywords)
        else:
            del answers["sample_1"]
    else:
        del answers["sample_1"]
    return answers


def check(name, flow, given, got):
    sizes = {int(key.rpartition("_")[2]) for key in got if key.startswith("encode_")} or SIZES
    for size in sizes:
        answers = wanted(flow, given, size)
        assert {f"{key}_{size}" for key in answers} == {k for k in got if k.endswith(f"_{size}")}
        for key, value in answers.items():
            found = got[f"{key}_{size}"]
            assert found.dtype == flow.dtype.as_numpy_dtype
            np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-5, err_msg=f"{name} {key}")
    for form in "rows", "columns":
        np.testing.assert_allclose(got[f"{form}_json"], got["log_prob_3"], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "makers", [FEW, pytest.param(REST, marks=pytest.mark.slow)], ids=["few", "rest"]
)
def test_every_kind_of_flow_gives_the_same_numbers_elsewhere(serve, scramble, makers):
    made = {}
    for make in makers:
        flow = make()
        given = {"x": _events(flow.event_shape, flow.dtype.as_numpy_dtype)}
        if make is _conditional:
            given["context"] = np.random.default_rng(1).normal(size=(257, 2)).astype("float32")
        if make is _glow:
            given["context"] = np.eye(2, dtype="float32")[np.arange(257) % 2]
        training.initialize(flow, given if "context" in given else given["x"])
        made[make.__name__[1:]] = scramble(flow), given
    found = serve(made, SIZES)
    for name, (flow, given) in made.items():
        check(name, flow, given, found[name])
    if makers is FEW:
        assert "encode_3" in found["off_centre"]
        assert "encode_3" not in found["mixture"]
