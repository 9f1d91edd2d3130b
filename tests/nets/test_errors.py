"""Errors name what was wanted and what came."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import MLP, ConvResNet

KEPT, MOVED = (6, 6, 3), (6, 6, 2)


def _x(*shape):
    return np.zeros(shape, "float32")


@pytest.mark.parametrize(
    ("error", "message", "kwargs"),
    [
        (ValueError, "`hidden` must be an integer of at least 1; got 0.", {"hidden": (8, 0)}),
        (TypeError, "`hidden` must be an integer of at least 1; got 2.5.", {"hidden": (2.5,)}),
        (TypeError, "`hidden` must be a tuple of ints; got 8.", {"hidden": 8}),
        (ValueError, "the name of a Keras activation; got 'rule'.", {"activation": "rule"}),
        (TypeError, "`activation` must be a string; got None.", {"activation": None}),
        (ValueError, "must be at least 0 and less than 1; got -0.1.", {"dropout": -0.1}),
        (ValueError, "must be at least 0 and less than 1; got 1.0.", {"dropout": 1.0}),
        (TypeError, "`dropout` must be a number; got '0'.", {"dropout": "0"}),
        (TypeError, "`weight_norm` must be a bool; got 1.", {"weight_norm": 1}),
        (TypeError, "`zero_init` must be a bool; got None.", {"zero_init": None}),
        (ValueError, "`uniform` must be positive; got 0.", {"uniform": 0}),
        (TypeError, "`uniform` must be a number; got '1'.", {"uniform": "1"}),
        (ValueError, "float dtype or policy; got 'flaot32'.", {"dtype": "flaot32"}),
        (ValueError, "float dtype or policy; got 'int32'.", {"dtype": "int32"}),
        (TypeError, "`dtype` must be None or a string; got tf.float32.", {"dtype": tf.float32}),
    ],
)
def test_bad_fields_of_mlp(error, message, kwargs):
    with pytest.raises(error) as caught:
        MLP(**kwargs)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("error", "message", "args"),
    [
        (TypeError, "`kept_shape` must be a tuple of ints; got 3.", (3, (2,), 1)),
        (TypeError, "`kept_shape` must be a tuple of ints; got (None,).", ((None,), (2,), 1)),
        (ValueError, "`moved_shape` must have sizes of at least 1; got (0,).", ((3,), (0,), 1)),
        (ValueError, "`moved_shape` must have at least one axis; got ().", ((3,), (), 1)),
        (ValueError, "`num_params` must be an integer of at least 1; got 0.", ((3,), (2,), 0)),
        (ValueError, "must have sizes of at least 0; got (-1,).", ((3,), (2,), 1, (-1,))),
    ],
)
def test_bad_shapes_of_mlp(error, message, args):
    with pytest.raises(error) as caught:
        MLP()(*args)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("context", "message", "args"),
    [
        ((2,), "`context` must have shape [..., 2]; got None.", (_x(5, 3),)),
        ((2,), "`context` must have shape [..., 2]; got (5, 3).", (_x(5, 3), _x(5, 3))),
        ((2,), "batch shape (5,) of `kept`; got (4,).", (_x(5, 3), _x(4, 2))),
        ((2,), "batch shape (5,) of `kept`; got ().", (_x(5, 3), _x(2))),
        (None, "`context` must be None; got shape (5, 2).", (_x(5, 3), _x(5, 2))),
        (None, "`kept` must have shape [..., 3]; got (5, 4).", (_x(5, 4),)),
        (None, "`kept` must have shape [..., 3]; got ().", (_x(),)),
    ],
)
def test_bad_inputs_of_mlp(context, message, args):
    with pytest.raises(ValueError, match=r"\[") as caught:
        MLP((8,))((3,), (2,), 3, context)(*args)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message", "kwargs"),
    [
        (ValueError, "`filters` must be an integer of at least 1; got 0.", {"filters": 0}),
        (TypeError, "`filters` must be an integer of at least 1; got True.", {"filters": True}),
        (ValueError, "`num_blocks` must be an integer of at least 1; got -1.", {"num_blocks": -1}),
        (ValueError, "`kernel_size` must be odd; got 4.", {"kernel_size": 4}),
        (ValueError, "`kernel_size` must be an integer of at least 1; got 0.", {"kernel_size": 0}),
        (ValueError, "must be at least 0 and less than 1; got -0.1.", {"dropout": -0.1}),
        (ValueError, "must be at least 0 and less than 1; got 1.", {"dropout": 1}),
        (ValueError, "must be the name of a Keras activation; got 'rule'.", {"activation": "rule"}),
    ],
)
def test_bad_fields_of_resnet(error, message, kwargs):
    with pytest.raises(error) as caught:
        ConvResNet(**kwargs)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("the same H and W; got (6, 6, 3) and (6, 5, 2).", (KEPT, (6, 5, 2), 1)),
        ("the same H and W; got (6, 6, 3) and (2,).", (KEPT, (2,), 1)),
        ("the same H and W; got (3,) and (6, 6, 2).", ((3,), MOVED, 1)),
        ("with multiples of the H and W of (6, 6, 3); got (6, 5).", (KEPT, MOVED, 1, (6, 5))),
        ("with multiples of the H and W of (6, 6, 3); got ().", (KEPT, MOVED, 1, ())),
        ("with multiples of the H and W of (6, 6, 3); got (6, 5, 5).", (KEPT, MOVED, 1, (6, 5, 5))),
    ],
)
def test_bad_shapes_of_resnet(message, args):
    with pytest.raises(ValueError, match="must be") as caught:
        ConvResNet()(*args)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("context", "message", "args"),
    [
        ((5,), "`context` must have shape [..., 5]; got None.", (_x(2, *KEPT),)),
        ((5,), "batch shape (2,) of `kept`; got (1,).", (_x(2, *KEPT), _x(1, 5))),
        ((6, 6, 5), "shape [..., any, any, 5]; got (2, 5).", (_x(2, *KEPT), _x(2, 5))),
        (None, "`context` must be None; got shape (2, 5).", (_x(2, *KEPT), _x(2, 5))),
        (None, "`kept` must have shape [..., any, any, 3]; got (6, 6, 4).", (_x(6, 6, 4),)),
    ],
)
def test_bad_inputs_of_resnet(context, message, args):
    with pytest.raises(ValueError, match="must") as caught:
        ConvResNet(4)(KEPT, MOVED, 3, context)(*args)
    assert message in str(caught.value)
