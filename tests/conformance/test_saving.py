import keras
import numpy as np
import pytest
import tensorflow as tf
from subjects import flow_of
from table import FLOW_ROWS

import tfp_flows

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def test_checkpoint_holds_every_variable_once(row, flow, batch, tmp_path):
    x, kwargs = batch
    path = tf.train.Checkpoint(flow=flow).save(str(tmp_path / "checkpoint"))
    stored = [name for name, _ in tf.train.list_variables(path) if name.startswith("flow")]
    assert len(stored) == len(flow.variables)
    again = flow_of(row.create("float32"), row.event_shape)
    status = tf.train.Checkpoint(flow=again).restore(path)
    status.assert_consumed()
    np.testing.assert_allclose(again.log_prob(x, **kwargs), flow.log_prob(x, **kwargs), rtol=1e-5)


def test_weights_file_holds_every_variable(row, flow, batch, tmp_path):
    x, kwargs = batch
    path = tmp_path / "model.weights.h5"
    tfp_flows.FlowModel(flow).save_weights(path)
    again = flow_of(row.create("float32"), row.event_shape)
    assert not np.allclose(again.log_prob(x, **kwargs), flow.log_prob(x, **kwargs), rtol=1e-5)
    tfp_flows.FlowModel(again).load_weights(path)
    np.testing.assert_allclose(again.log_prob(x, **kwargs), flow.log_prob(x, **kwargs), rtol=1e-5)


@pytest.mark.parametrize("row", FLOW_ROWS, ids=lambda row: row.name)
def test_keras_file_of_a_one_call_flow_is_complete(flow, batch, tmp_path):
    x, kwargs = batch
    tfp_flows.FlowModel(flow).save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").distribution
    np.testing.assert_allclose(again.log_prob(x, **kwargs), flow.log_prob(x, **kwargs), rtol=1e-5)


def test_saved_model_gives_the_same_densities(row, flow, batch, tmp_path):
    x, kwargs = batch
    context = [v["context"] for v in kwargs.values()]
    tfp_flows.export.save(flow, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    wanted = flow.log_prob(x, **kwargs)
    np.testing.assert_allclose(loaded.log_prob(x, *context), wanted, rtol=1e-4, atol=1e-4)
    z = loaded.encode(x, *context)
    np.testing.assert_allclose(loaded.decode(z, *context), x, atol=1e-3)
    assert loaded.sample(6, 0, *context).shape == (6, *row.event_shape)
