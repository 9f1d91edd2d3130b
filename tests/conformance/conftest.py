import contextlib
import functools

import pytest
import tensorflow as tf
from subjects import bijector_of, context_of, flow_of
from table import ROWS

from tfp_flows.testing.subject import Subject, random_data, scrambled

# What compiles, traces or writes everything once more: for variants of a row, such as "Halves
# (channels)", and for those that are a chain of other rows, among the slow tests.
LONG = {
    "test_xla_equals_eager",
    "test_two_replicas_give_the_gradients_of_one",
    "test_saved_model_gives_the_same_densities",
    "test_keras_fit_lowers_the_loss_and_moves_every_variable",
    "test_weights_file_holds_every_variable",
    "test_checkpoint_holds_every_variable_once",
    "test_function_of_unknown_batch_equals_eager",
    "test_log_dets_have_the_batch_shape_at_every_rank",
}
LIKE_OTHERS = {
    *("Halves", "Alternating", "Leading", "Stripes", "Mask"),
    *("Additive", "Affine", "Scale", "ExpScale", "SigmoidScale", "TanhScale", "GaussianMixture"),
    *("AdditiveCoupling", "AffineCoupling", "GaussianMixtureCoupling", "LogisticMixtureCoupling"),
    *("Chain", "nice", "realnvp", "glow"),
}

MOVED = contextlib.ExitStack()


def pytest_collection_modifyitems(items):
    for item in items:
        row = item.callspec.params.get("row") if hasattr(item, "callspec") else None
        if row is None or item.originalname not in LONG:
            continue
        if "(" in row.name or row.name in LIKE_OTHERS:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def row(request):
    return request.param


@functools.cache
def bijector_off_its_start(row):
    """Built once in a process: that takes longer than most tests, none of which changes it."""
    bijector = bijector_of(row.create("float64"))
    MOVED.enter_context(scrambled(bijector, scale=row.scramble, seed=7))
    return bijector


@pytest.fixture
def subject(row):
    """The row in float64, with its variables moved off their start, and data of its own."""
    x = random_data(row.event_shape, tf.float64, seed=1)
    return Subject(bijector_off_its_start(row), x, len(row.event_shape))


@pytest.fixture
def flow(row):
    """The row as a float32 distribution, with its variables moved off their start."""
    made = flow_of(row.create("float32"), row.event_shape)
    with scrambled(made.bijector, scale=row.scramble, seed=7):
        yield made


@pytest.fixture
def batch(row, flow):
    """Events and keywords for `flow.log_prob`."""
    x = random_data(row.event_shape, tf.float32, seed=2)
    return x, context_of(flow.bijector, x, row.event_shape)
