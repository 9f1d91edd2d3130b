"""16 bits stay inside of the networks, and cost no bits."""

import keras
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, data, distributions, flows, nets

HALF = {"mixed_float16": tf.float16, "mixed_bfloat16": tf.bfloat16}
IMAGES = (8, 8, 1)
FLOWS = {
    "coupling_flow": lambda: flows.coupling_flow(IMAGES, num_couplings=2, logit_alpha=0.05),
    "nice": lambda: flows.nice((8,), net=nets.MLP((4,))),
    "realnvp": lambda: flows.realnvp(IMAGES, num_levels=2, num_blocks=1, filters=4),
    "glow": lambda: flows.glow(IMAGES, num_levels=2, num_steps=1, filters=4, num_classes=3),
    "flowpp": lambda: flows.flowpp(
        IMAGES, couplings=((0, 1), (1, 0)), net=nets.FlowPPNet(filters=8, num_blocks=1)
    ),
}


@pytest.fixture(params=HALF)
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.fixture
def in_networks(monkeypatch):
    """The operations that Keras layers made, by name, since the test began."""
    made, call = set(), keras.Layer.__call__
    outermost = [True]

    def recorded(layer, *args, **kwargs):
        graph = tf.compat.v1.get_default_graph()
        if not outermost[0] or tf.executing_eagerly():
            return call(layer, *args, **kwargs)
        before = {op.name for op in graph.get_operations()}
        outermost[0] = False
        try:
            return call(layer, *args, **kwargs)
        finally:
            outermost[0] = True
            made.update(op.name for op in graph.get_operations() if op.name not in before)

    monkeypatch.setattr(keras.Layer, "__call__", recorded)
    return made


def of_16_bits(operation):
    return any(output.dtype in HALF.values() for output in operation.outputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_only_networks_have_tensors_of_16_bits(name, policy, in_networks):
    flow = FLOWS[name]()
    given = {"bijector_kwargs": {"context": tf.constant([0, 2])}} if name == "glow" else {}
    event = tf.TensorSpec([2, *flow.event_shape], tf.float32)
    graph = tf.function(lambda x: flow.log_prob(x, **given)).get_concrete_function(event).graph
    half = {operation.name for operation in graph.get_operations() if of_16_bits(operation)}
    assert half, "the networks must compute in 16 bits"
    assert half <= in_networks
    # Nor in the functions that it calls: loops, gradients of their own.
    library = graph.as_graph_def().library.function
    kinds = {n.attr["T"].type for f in library for n in f.node_def if "T" in n.attr}
    assert HALF[policy].as_datatype_enum not in kinds
    assert {output.dtype for output in graph.outputs} == {tf.float32}


def trained(policy):
    """Bits/dim of test digits after 200 steps of the same training."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    images, test = data.load_digits("train")[0], data.load_digits("test")[0]
    net = nets.ConvResNet(filters=8, num_blocks=1)
    flow = flows.coupling_flow(IMAGES, num_couplings=2, net=net, logit_alpha=0.01)
    model = FlowModel(distributions.Dequantized(flow, data.DIGITS_NUM_LEVELS))
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 200)
    model.compile(keras.optimizers.Adam(schedule, global_clipnorm=100.0))
    batches = data.images(
        images, batch_size=64, num_levels=data.DIGITS_NUM_LEVELS, dequantize=False, seed=0
    )
    steps = len(images) // 64
    model.fit(batches, epochs=-(-200 // steps), verbose=0)
    return model.evaluate(test, verbose=0, return_dict=True)["bits_per_dim"]


@pytest.mark.slow
def test_bits_per_dim_are_those_of_float32():
    try:
        bits = {policy: trained(policy) for policy in ("float32", *HALF)}
    finally:
        keras.config.set_dtype_policy("float32")
    for policy in HALF:
        assert abs(bits[policy] - bits["float32"]) < 0.01, bits
