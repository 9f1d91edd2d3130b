import pytest
from table import ROWS

from tfp_flows.testing import values

# The stock sigmoid before a logit is flat far out; inputs that are rebuilt there are told to be
# inexact, see `bijectors.Chain`.
BOUNDED = [row for row in ROWS if row.name not in {"ExpScale", "Logit", "glow (recompute)"}]


def test_gradients_are_finite(subject):
    assert values.gradients_are_finite(subject) == 0


@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: row.name)
def test_far_out_everything_stays_finite(subject):
    assert values.extreme_data_stay_finite(subject) == 0
