"""From a table to a trained flow, and from its samples to rows."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import data, flows, nets


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    visits = rng.poisson(2.0, 400)
    spent = 1000.0 + 50.0 * visits + 5.0 * rng.normal(size=400)
    city = np.where(visits > 2, "Oslo", rng.choice(["Bonn", "Rome"], 400))
    return pd.DataFrame({"visits": visits, "spent": spent, "city": city})


@pytest.mark.slow
def test_a_flow_learns_a_table(frame):
    keras.utils.set_random_seed(0)
    training, test = data.table(frame, categorical=["city"]).split((0.75, 0.25))
    flow = flows.coupling_flow(
        (3,), num_couplings=4, net=nets.MLP((32,)), standardize=training.moments()
    )
    model = tfp_flows.FlowModel(flow)
    model.compile(keras.optimizers.Adam(5e-3))
    scored = test.batches(100, shuffle=False, seed=0)
    before = model.evaluate(scored, verbose=0, return_dict=True)["nll"]
    model.fit(training.batches(50, seed=0), epochs=20, verbose=0)
    after = model.evaluate(scored, verbose=0, return_dict=True)["nll"]
    # It starts as the Gaussian of the moments, which knows of no correlation.
    rows = np.concatenate(list(scored))
    gaussian = ((rows - training.moments()[0]) / training.moments()[1]) ** 2
    wanted = np.mean(np.sum(gaussian / 2 + np.log(training.moments()[1]), axis=1))
    assert before == pytest.approx(wanted + 1.5 * np.log(2 * np.pi), abs=0.2)
    assert after < before - 0.5
    drawn = training.to_frame(model.sample(200, seed=1))
    assert list(drawn.columns) == list(frame.columns)
    assert set(drawn["city"]) <= {"Bonn", "Oslo", "Rome"}
    assert drawn["visits"].dtype == np.int64
    assert drawn["visits"].corr(drawn["spent"]) > 0.8


def test_float64_tables_train_float64_flows():
    seconds = 1.6e9 + np.random.default_rng(0).normal(size=(64, 2))
    table = data.table(seconds)
    flow = flows.coupling_flow(
        (2,),
        num_couplings=2,
        net=nets.MLP((8,), dtype="float64"),
        standardize=table.moments(),
        dtype="float64",
    )
    model = tfp_flows.FlowModel(flow)
    model.compile(keras.optimizers.Adam(1e-3))
    history = model.fit(table.batches(32, dtype="float64"), epochs=1, verbose=0).history
    # It starts as the Gaussian of the moments.
    wanted = np.log(2 * np.pi * np.e) + np.log(table.moments()[1]).sum()
    assert history["nll"][0] == pytest.approx(wanted, abs=0.02)
    z = flow.bijector.inverse(tf.constant(seconds))
    np.testing.assert_allclose(np.std(z, axis=0), 1.0, rtol=0.02)


def test_a_table_is_no_batches(frame):
    table = data.table(frame, columns=["visits", "spent"])
    model = tfp_flows.FlowModel(flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((4,))))
    model.compile()
    match = r"must be batches, `table\.batches\(64\)`; got <Table of 400 rows, 'visits': integer"
    for method in (model.fit, model.evaluate, model.predict):
        with pytest.raises(TypeError, match=f"`x` {match}"):
            method(table)
    with pytest.raises(TypeError, match=f"`validation_data` {match}"):
        model.fit(table.batches(64), validation_data=table)
