"""Four logical devices, so that strategies have something to mirror; quiet logs; fast traces."""

import gc
import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_configure(config):
    if config.getoption("dist", "no") != "no":
        return  # The process that hands out the tests runs none.

    import keras  # noqa: F401 - to be frozen
    import tensorflow as tf
    import tensorflow_probability  # noqa: F401 - to be frozen

    # A fifth of the time of tests that trace: the collector went through the libraries again and
    # again, and the workers' threads were more than the cores.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 4
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """The same numbers in every run and every order, also in fixtures: they come after this."""
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="module")
def few_objects():
    """Whole collections come ever more rarely, and then take a minute: one after each file."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def mirrored():
    """Two replicas, for tests of any folder."""
    import tensorflow as tf

    class Mirrored(tf.distribute.MirroredStrategy):
        # Two strategies of one process reduce under the same keys, and fail when the shapes differ.
        _collective_key_base = 2000

    return Mirrored(["CPU:0", "CPU:1"])
