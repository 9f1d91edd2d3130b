import inspect

import pytest
from table import ROWS

from tfp_flows import bijectors, flows, partitions, transforms

# No bijector of its own, no flow but flows, and noise: a density given integers, no bijector.
HELPERS = {"latent_shapes", "presets", "flowpp_noise"}
ABSTRACT = {"EventBijector", "Partition", "ScalarTransform", "ScaleMap"}


@pytest.mark.parametrize("room", [bijectors, flows, partitions, transforms])
def test_every_public_name_has_a_row(room):
    tested = {row.name.split(" (")[0] for row in ROWS}
    missing = set(room.__all__) - ABSTRACT - HELPERS - tested
    assert not missing, f"add a row to tests/conformance/table.py for: {sorted(missing)}"


def test_what_is_called_abstract_is_abstract():
    for room in (bijectors, partitions, transforms):
        for name in ABSTRACT & set(room.__all__):
            assert inspect.isabstract(getattr(room, name)), name


def test_names_of_rows_are_unique():
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
