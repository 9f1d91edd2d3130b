"""A damaged backup is told by name, and the one before it is found."""

import keras
import numpy as np
import pytest

from tfp_flows import FlowModel, flows, nets, training
from tfp_flows.training.backups import Backups, Place

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")


def _model(units=4):
    keras.utils.set_random_seed(1)
    model = FlowModel(flows.coupling_flow((2,), num_couplings=1, net=nets.MLP((units,))))
    model.compile(keras.optimizers.Adam(0.05))
    return model


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Three states, of which two are kept, and the variables of these."""
    backups, model = Backups(tmp_path_factory.mktemp("backups") / "backup"), _model()
    states = []
    for place in (Place(1), Place(1, 5, {"nll/total": 2.5}), Place(2)):
        model.fit(X, verbose=0)
        backups.write(model, place)
        states.append(_values(model))
    return backups.directory, states[1:]


def _values(model):
    return [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]


def _copy(directory, to):
    to.mkdir()
    for path in directory.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return Backups(to)


def _assert_is(model, state):
    for one, two in zip(_values(model), state, strict=True):
        np.testing.assert_array_equal(one, two)


def test_two_states_are_kept_with_all_that_is_in_them(written):
    directory, states = written
    names = sorted(path.name for path in directory.iterdir())
    assert names == ["epoch_000001_batch_000005.keras", "epoch_000002.keras"]
    model = _model()
    assert Backups(directory).restore(model) == Place(2, 0, {})
    _assert_is(model, states[1])


def test_the_state_before_a_damaged_one_is_found(written, tmp_path, damage, caplog):
    backups, model = _copy(written[0], tmp_path / "backup"), _model()
    file = backups.directory / "epoch_000002.keras"
    damage(file)
    assert backups.restore(model) == Place(1, 5, {"nll/total": 2.5})
    _assert_is(model, written[1][0])
    assert f"{file} is damaged (" in caplog.text
    assert "goes back to epoch_000001_batch_000005.keras" in caplog.text
    names = sorted(path.name for path in backups.directory.iterdir())
    assert names == ["epoch_000001_batch_000005.keras", "epoch_000002.keras.damaged"]
    # It is told once.
    caplog.clear()
    assert backups.newest()[0].batch == 5
    assert not caplog.text
    backups.remove()
    assert not backups.directory.exists()


def test_no_byte_of_the_weights_can_change_unseen(written, tmp_path):
    backups = _copy(written[0], tmp_path / "backup")
    file = backups.directory / "epoch_000002.keras"
    content, model = file.read_bytes(), _model()
    random = np.random.default_rng(0)
    for place in random.integers(len(content), size=150):
        changed = bytearray(content)
        changed[place] ^= 1 << int(random.integers(8))
        file.write_bytes(changed)
        found = backups.newest()
        if found[1] == file:  # A date in the archive, say.
            assert backups.restore(model) == Place(2, 0, {})
            _assert_is(model, written[1][1])
        else:
            file.with_name(f"{file.name}.damaged").unlink()


def test_nothing_starts_anew_in_silence(written, tmp_path):
    backups = _copy(written[0], tmp_path / "backup")
    for file in backups.directory.iterdir():
        file.write_bytes(b"x")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"whole backup; got damaged ones only: .*02\.keras"):
            backups.restore(_model())
    callback = training.Backup(backups.directory)
    with pytest.raises(ValueError, match="Without them the training starts anew"):
        _model().fit(X, callbacks=callback, verbose=0)


def test_weights_of_another_model_are_no_damage(written, tmp_path):
    backups = _copy(written[0], tmp_path / "backup")
    with pytest.raises(ValueError, match=r"02\.keras` must hold the weights of this model"):
        backups.restore(_model(units=5))
    assert len(list(backups.directory.iterdir())) == 2


def test_the_command_says_it_and_ends_with_the_same_numbers(call, stopped, finished_run, caplog):
    first, newest = sorted((stopped / "backup").iterdir())
    newest.write_bytes(newest.read_bytes()[:-500])
    assert call("train", "--resume", stopped)[0] == 0
    assert f"{newest} is damaged" in caplog.text
    assert f"goes back to {first.name}" in caplog.text
    models = [keras.saving.load_model(run / "model.keras") for run in (stopped, finished_run)]
    for one, two in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_command_names_backups_that_are_all_damaged(call, stopped):
    files = sorted((stopped / "backup").iterdir())
    for file in files:
        file.write_bytes(file.read_bytes()[:-100])
    code, _, err = call("train", "--resume", stopped)
    assert code == 1
    assert all(str(file) in err for file in files)
    assert err.count("\n") == 1
    assert sorted((stopped / "backup").iterdir()) == files


def test_backup_and_restore_of_keras_goes_back_where_the_file_is_cut(tmp_path):
    def fit(epochs):
        model = _model()
        backup = keras.callbacks.BackupAndRestore(
            tmp_path / "keras", double_checkpoint=True, delete_checkpoint=False
        )
        model.fit(X, epochs=epochs, shuffle=False, callbacks=[backup], verbose=0)
        return model

    fit(3)
    file = tmp_path / "keras" / "latest.weights.h5"
    file.write_bytes(file.read_bytes()[:3000])
    np.testing.assert_allclose(fit(4).predict(X, verbose=0), _straight(4), rtol=1e-5)


def _straight(epochs):
    model = _model()
    model.fit(X, epochs=epochs, shuffle=False, verbose=0)
    return model.predict(X, verbose=0)
