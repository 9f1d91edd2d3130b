"""Pictures of samples: the right pixels in the right files."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import distributions, flows, latents, nets, training


def _flow(shape=(4, 4, 1), **kwargs):
    keras.utils.set_random_seed(0)
    net = nets.ConvResNet(2, 1, zero_init=False)
    return flows.coupling_flow(shape, num_couplings=2, net=net, logit_alpha=0.05, **kwargs)


def _model(distribution=None):
    model = training.FlowModel(distribution or _flow())
    model.compile(keras.optimizers.Adam(0.01))
    return model


def _read(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def _images(path, rows, columns, size, zoom):
    """The images of a grid, `[rows * columns, size, size, C]`."""
    picture = _read(path)
    side = size * zoom + 1
    assert picture.shape[:2] == (rows * side + 1, columns * side + 1)
    places = [
        (side * row + 1, side * column + 1) for row in range(rows) for column in range(columns)
    ]
    return np.stack([picture[i : i + side - 1 : zoom, j : j + side - 1 : zoom] for i, j in places])


def test_each_epoch_has_a_file_for_each_temperature(tmp_path):
    model = _model()
    grid = training.SampleGrid(tmp_path / "samples", every=2, rows=2, columns=3)
    x = np.random.default_rng(0).uniform(size=(16, 4, 4, 1))
    model.fit(x, epochs=4, callbacks=[grid], verbose=0)
    names = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert names == [f"epoch_000{e}_temperature_{t}.png" for e in (2, 4) for t in ("0.7", "1")]
    images = _images(tmp_path / "samples" / names[2], 2, 3, 4, 8)
    wanted = latents.sample(model.distribution, 6, temperature=0.7, seed=0)
    np.testing.assert_array_equal(images, np.round(255 * wanted).astype(np.uint8))
    before = _read(tmp_path / "samples" / names[0])
    assert np.abs(before - _read(tmp_path / "samples" / names[2]).astype(int)).max() > 0


def test_integers_have_their_own_levels(tmp_path):
    integers = distributions.Dequantized(_flow((4, 4, 3)), 17)
    grid = training.SampleGrid(tmp_path, rows=1, columns=5, temperatures=[0.0, 1.0])
    grid.set_model(_model(integers))
    still, moving = grid.write("before")
    assert still.name == "before_temperature_0.png"
    y = latents.sample(integers.flow, 5, temperature=1.0, seed=0)
    wanted = np.round(np.clip(np.floor(17 * y), 0, 16) * 255 / 16).astype(np.uint8)
    np.testing.assert_array_equal(_images(moving, 1, 5, 4, 8), wanted)
    assert len(np.unique(_images(still, 1, 5, 4, 8), axis=0)) == 1


def test_other_scales_are_told(tmp_path):
    model = _model()
    grid = training.SampleGrid(tmp_path, rows=1, columns=4, value_range=(-1, 1), seed=3)
    grid.set_model(model)
    wanted = latents.sample(model.distribution, 4, temperature=1.0, seed=3)
    images = _images(grid.write("x")[1], 1, 4, 4, 8)
    np.testing.assert_array_equal(images, np.round(127.5 * (1 + wanted)).astype(np.uint8))


def test_contexts_reach_the_flow(tmp_path):
    flow = flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4, num_classes=3)
    for variable in flow.trainable_variables:
        variable.assign_add(tf.random.stateless_normal(variable.shape, (0, 1), 0, 0.3))
    classes = [0, 1, 2]
    grid = training.SampleGrid(tmp_path, rows=1, columns=3, temperatures=[1], context=classes)
    grid.set_model(_model(flow))
    wanted = latents.sample(flow, 3, seed=0, context=classes)
    images = _images(grid.write("x")[0], 1, 3, 4, 8)
    np.testing.assert_array_equal(images, np.round(255 * np.clip(wanted, 0, 1)).astype(np.uint8))


@pytest.mark.parametrize("kind", ["flow", "integers"])
def test_samples_that_are_not_finite_are_seen(tmp_path, caplog, kind):
    flow = _flow()
    for variable in flow.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))
    model = _model(flow if kind == "flow" else distributions.Dequantized(flow, 256))
    grid = training.SampleGrid(tmp_path, rows=1, columns=2)
    grid.set_model(model)
    with caplog.at_level(logging.WARNING, "tfp_flows"):
        path = grid.write("bad")[0]
    assert "2 of 2 samples hold NaN or inf" in caplog.text
    np.testing.assert_array_equal(_images(path, 1, 2, 4, 8)[1, 0, 0], [255, 0, 255])


def test_tensorboard_gets_the_pictures(tmp_path):
    pytest.importorskip("tensorboard")
    grid = training.SampleGrid(tmp_path, rows=1, columns=2, log_dir=tmp_path / "logs")
    x = np.random.default_rng(0).uniform(size=(8, 4, 4, 1))
    _model().fit(x, epochs=2, callbacks=[grid], verbose=0)
    (path,) = (tmp_path / "logs").iterdir()
    events = [tf.compat.v1.Event.FromString(e.numpy()) for e in tf.data.TFRecordDataset(str(path))]
    found = {(event.step, value.tag): value for event in events for value in event.summary.value}
    assert set(found) == {(e, f"samples/temperature_{t}") for e in (0, 1) for t in ("0.7", "1")}
    picture = found[1, "samples/temperature_1"].tensor.string_val[2]
    wanted = _read(tmp_path / "epoch_0002_temperature_1.png")
    np.testing.assert_array_equal(tf.io.decode_png(picture), wanted)


def test_bad_arguments_are_refused(tmp_path):
    for name, value in (("every", 0), ("rows", 0), ("columns", -1), ("seed", -1)):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            training.SampleGrid(tmp_path, **{name: value})
    for value in ([-1.0], [], 0.7):
        with pytest.raises(ValueError, match="`temperatures` must be"):
            training.SampleGrid(tmp_path, temperatures=value)
    with pytest.raises(ValueError, match="`value_range` must be"):
        training.SampleGrid(tmp_path, value_range=(1, 0))
    with pytest.raises(RuntimeError, match="`set_model` must be called"):
        training.SampleGrid(tmp_path).write("x")
    grid = training.SampleGrid(tmp_path)
    for shape in ((4,), (4, 4, 2)):
        with pytest.raises(ValueError, match="1 or 3 channels; got event shape"):
            grid.set_model(_model(flows.coupling_flow(shape, num_couplings=1)))
    with pytest.raises(TypeError, match="must be a `FlowModel`"):
        grid.set_model(keras.Sequential())
    assert not list(tmp_path.iterdir())


def test_a_missing_context_is_found_before_training(tmp_path):
    flow = flows.nice((4, 4, 1), num_classes=3)
    model = training.FlowModel(flow)
    with pytest.raises(ValueError, match=r"`context` must be given for samples .* \(3,\)"):
        training.SampleGrid(tmp_path).set_model(model)
    wrong = training.SampleGrid(tmp_path, rows=2, columns=2, context=np.zeros([3, 3], np.float32))
    wrong.set_model(model)
    with pytest.raises(ValueError, match="`context`"):
        wrong.on_train_begin()
