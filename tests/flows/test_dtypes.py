import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import flows

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def test_a_float64_flow_takes_and_gives_float64():
    flow = flows.coupling_flow((4,), num_couplings=2, dtype="float64")
    x = tf.ones([3, 4], tf.float64)
    assert flow.log_prob(x).dtype == flow.sample(3).dtype == tf.float64
    assert {variable.dtype for variable in flow.trainable_variables} == {tf.float64}


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16"])
def test_a_keras_file_remembers_the_policy_its_networks_were_made_under(policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    try:
        flow = flows.coupling_flow((4,), num_couplings=1)
    finally:
        keras.config.set_dtype_policy("float32")
    tfp_flows.FlowModel(flow).save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").distribution
    for made in (flow, again):
        assert made.bijector.bijectors[0].net.dtype_policy.name == policy
    assert keras.config.dtype_policy().name == "float32"
    x = np.ones([2, 4], np.float32)
    np.testing.assert_allclose(again.log_prob(x), flow.log_prob(x))
