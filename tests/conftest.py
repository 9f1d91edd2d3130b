"""Four logical devices, so that strategies have something to mirror; quiet logs."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import pytest
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 4
)


class _Mirrored(tf.distribute.MirroredStrategy):
    # Two strategies of one process reduce under the same keys, and fail when the shapes differ.
    _collective_key_base = 2000


@pytest.fixture(scope="session")
def mirrored():
    """Two replicas, for tests of any folder."""
    return _Mirrored(["CPU:0", "CPU:1"])
