import keras
import numpy as np
import tensorflow as tf

from tfp_flows import bijectors, flows, nets, partitions, transforms


class ListNet(keras.Model):
    """Layers in a plain list, which `tf.train.Checkpoint` does not look into."""

    def __init__(self):
        super().__init__()
        self.list_of_layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(4)]

    def call(self, x):
        for layer in self.list_of_layers:
            x = layer(x)
        return x


def coupling():
    return bijectors.Coupling(partitions.Halves(), transforms.Affine(), ListNet(), event_shape=(4,))


def test_checkpoint_of_a_bare_bijector_holds_layers_in_lists(tmp_path):
    first, second, x = coupling(), coupling(), tf.ones([3, 4])
    path = tf.train.Checkpoint(flow=first).save(str(tmp_path / "checkpoint"))
    names = [name for name, _ in tf.train.list_variables(path) if name.startswith("flow")]
    assert len(names) == len(first.variables) == 4
    assert not np.allclose(first.inverse(x), second.inverse(x))
    tf.train.Checkpoint(flow=second).restore(path).assert_consumed()
    np.testing.assert_array_equal(first.inverse(x), second.inverse(x))


def test_checkpoint_of_a_bare_flow_holds_the_seeds_of_dropout(tmp_path):
    flow = flows.coupling_flow((4,), num_couplings=2, net=nets.MLP((8,), dropout=0.5))
    path = tf.train.Checkpoint(flow=flow).save(str(tmp_path / "checkpoint"))
    names = [name for name, _ in tf.train.list_variables(path) if name.startswith("flow")]
    assert len(names) == len(flow.variables) > len(flow.trainable_variables)
