"""Errors of the gated layers name what was wanted and what came."""

import numpy as np
import pytest

from tfp_flows.nets import GatedAttention2D, GatedConv2D, GatedPointwise2D


def _x(*shape):
    return np.zeros(shape, "float32")


@pytest.mark.parametrize(
    ("error", "message", "make"),
    [
        (ValueError, "an integer of at least 1; got 0.", lambda: GatedPointwise2D(0)),
        (ValueError, "a multiple of 4 heads; got 6.", lambda: GatedAttention2D(6)),
        (ValueError, "an integer of at least 1; got 0.", lambda: GatedAttention2D(8, num_heads=0)),
        (TypeError, "of at least 1; got 2.0.", lambda: GatedAttention2D(8, num_heads=2.0)),
        (ValueError, "`kernel_size` must be odd; got 2.", lambda: GatedConv2D(8, kernel_size=2)),
        (ValueError, "must be odd; got 2.", lambda: GatedConv2D(8, last_kernel_size=2)),
        (ValueError, "of at least 1; got 0.", lambda: GatedConv2D(8, context_channels=0)),
        (ValueError, "0 and less than 1; got 1.0.", lambda: GatedConv2D(8, dropout=1.0)),
        (TypeError, "must be a bool; got 1.", lambda: GatedConv2D(8, weight_norm=1)),
    ],
)
def test_bad_arguments(error, message, make):
    with pytest.raises(error, match=r"`\w+` must be") as caught:
        make()
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("message", "run"),
    [
        (
            "`x` must have 8 channels; got (2, 6, 5, 4).",
            lambda: GatedConv2D(8)(_x(2, 6, 5, 4)),
        ),
        (
            "`context` must be None; got (2, 1, 1, 3).",
            lambda: GatedConv2D(8)(_x(2, 6, 5, 8), _x(2, 1, 1, 3)),
        ),
        (
            "`context` must be 3 channels; got None.",
            lambda: GatedConv2D(8, context_channels=3)(_x(2, 6, 5, 8)),
        ),
        (
            "`positions` must have shape [..., 6, 5, 8]; got (5, 6, 8).",
            lambda: GatedAttention2D(8)(_x(2, 6, 5, 8), _x(5, 6, 8)),
        ),
    ],
)
def test_bad_inputs(message, run):
    with pytest.raises(ValueError, match="must") as caught:
        run()
    # Keras adds to the errors of a call what it was called with.
    assert message in str(caught.value)
