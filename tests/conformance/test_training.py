import keras
import tensorflow as tf

import tfp_flows


def test_keras_fit_lowers_the_loss_and_moves_every_variable(flow, batch):
    x, kwargs = batch
    model = tfp_flows.FlowModel(flow)
    model.compile(keras.optimizers.Adam(1e-2))
    before = [tf.identity(variable) for variable in flow.trainable_variables]
    inputs = {"x": x, **kwargs["bijector_kwargs"]} if kwargs else x
    data = tf.data.Dataset.from_tensors(inputs).repeat(30)
    losses = model.fit(data, epochs=2, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert len(before) == len(flow.trainable_variables)
    for old, new in zip(before, flow.trainable_variables, strict=True):
        assert bool(tf.reduce_any(old != new)), new.name
