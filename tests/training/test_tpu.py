"""What TPUs need of a training step, as far as a machine without one can tell."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, distributions, flows, nets, transforms

SHAPE = (4, 4, 1)
FLOWS = {
    "coupling_flow": lambda: flows.coupling_flow(SHAPE, num_couplings=1),
    "nice": lambda: flows.nice(SHAPE, num_couplings=1, net=nets.MLP((4,))),
    "realnvp": lambda: flows.realnvp(SHAPE, num_levels=1, filters=4, num_blocks=1),
    "glow": lambda: flows.glow(SHAPE, num_levels=1, num_steps=1, filters=4),
    "flowpp": lambda: distributions.Dequantized(
        flows.flowpp(
            SHAPE,
            couplings=((0, 1),),
            transform=transforms.LogisticMixture(2),
            net=nets.FlowPPNet(4, 1, num_heads=2),
        ),
        4,
    ),
}
# Of strings and Python, of sizes that depend on values, and what XLA has no kernel for.
REFUSED = (
    "AsString",
    "BooleanMask",
    "CheckNumerics",
    "DecodeRaw",
    "EagerPyFunc",
    "HashTable",
    "LookupTable",
    "Lu",
    "NonZero",
    "Print",
    "PyFunc",
    "Ragged",
    "Sparse",
    "String",
    "Unique",
    "Where",
)


def make(name):
    keras.utils.set_random_seed(0)
    model = FlowModel(FLOWS[name]())
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=True)
    dtype = model.distribution.dtype
    x = np.random.default_rng(0).uniform(0.1, 0.9, (8, *SHAPE))
    return model, tf.cast(x * 4 if dtype.is_integer else x, dtype)


def all_operations(graph):
    """Those of branches, loops and calls too."""
    yield from graph.get_operations()
    for function in graph.as_graph_def().library.function:
        yield from function.node_def


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_steps_have_static_shapes_and_no_host(name):
    model, x = make(name)
    graph = tf.function(model.train_step).get_concrete_function(x).graph
    kinds = {getattr(op, "type", None) or op.op for op in all_operations(graph)}
    assert not {kind for kind in kinds if kind.startswith(REFUSED)}
    for op in graph.get_operations():
        # The axes along which a gradient is summed: XLA finds them when it compiles.
        if "BroadcastGradientArgs" in (op.type, *(x.op.type for x in op.inputs)):
            continue
        for output in op.outputs:
            assert output.shape.is_fully_defined(), f"{op.type} {op.name} {output.shape}"


@pytest.mark.slow  # XLA takes its time.
@pytest.mark.parametrize("name", FLOWS)
def test_steps_compile(name):
    model, x = make(name)
    logs = model.fit(x, batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite(logs["loss"]).all()
