"""One strategy for all tests of this folder."""

import pytest
import tensorflow as tf


class _Mirrored(tf.distribute.MirroredStrategy):
    # Two strategies of one process reduce under the same keys, and fail when the shapes differ.
    _collective_key_base = 1000


@pytest.fixture(scope="session")
def strategy():
    return _Mirrored(["CPU:0", "CPU:1"])
