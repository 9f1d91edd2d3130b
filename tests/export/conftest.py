import pathlib
import runpy
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import export

SERVING = pathlib.Path(__file__).with_name("serving.py")
ALONE = """
import runpy, sys
sys.modules.update(dict.fromkeys(("keras", "tf_keras", "tensorflow_probability", "tfp_flows")))
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def server():
    """Makes a stand-in for TensorFlow Serving of the directory of a SavedModel."""
    return runpy.run_path(SERVING)["Server"]


@pytest.fixture
def serve(tmp_path):
    """Exports `{name: (flow, given)}`; gives what a process with TensorFlow alone finds."""

    def serve(flows, sizes):
        for name, (flow, given) in flows.items():
            export.save(flow, tmp_path / name / "1")
            np.savez(tmp_path / name / "given.npz", sizes=sizes, **given)
        command = [sys.executable, "-I", "-c", ALONE, SERVING, *(tmp_path / name for name in flows)]
        subprocess.run(command, check=True)
        return {name: dict(np.load(tmp_path / name / "got.npz")) for name in flows}

    return serve


@pytest.fixture
def scramble():
    """Moves all float variables but the statistics, as training does, in a twinkling."""

    def scramble(flow):
        for i, variable in enumerate(flow.trainable_variables):
            noise = tf.random.stateless_normal(variable.shape, [i, 1], dtype=variable.dtype)
            variable.assign_add(0.05 * noise)
        return flow

    keras.utils.set_random_seed(0)
    return scramble
