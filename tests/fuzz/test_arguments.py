"""Arguments that nobody means: an error that names the argument, of a kind that is documented."""

import decimal
import re

import numpy as np
from hypothesis import strategies as st
from strategies import fuzz

from tfp_flows import bijectors as b, flows, nets, partitions as p, transforms as t

JUNK = [None, -1, 0, 1, 1.5, True, False, "", "x", "1", b"x", 1j, float("nan"), float("inf")]
JUNK += [
    -float("inf"),
    -(10**30),
    (),
    [],
    {},
    (0,),
    (2,),
    (-1,),
    (1.5,),
    ("x",),
    (True,),
    (2, None),
]
JUNK += [object(), np.zeros(2), np.array([1.5, np.nan]), np.float32(2.0), np.int64(3)]
JUNK += [
    decimal.Decimal(1),
    lambda *_: None,
    t.Affine(),
    t.TanhScale(),
    p.Halves(),
    [p.Halves(), 1],
]
JUNK += ["float16", "int32", nets.MLP((2,)), np.ones([], bool), [[True], [False]], ["True", False]]

# A call that is right, of which one argument is made wrong.
RIGHT = {
    t.TanhScale: {"bound": 1.0},
    t.ExpScale: {"bound": 1.0},
    t.SigmoidScale: {"offset": 1.0, "max_scale": 2.0},
    t.Affine: {"scale": t.TanhScale()},
    t.Scale: {"scale": t.TanhScale()},
    t.LogisticMixture: {
        "num_components": 2, "scale": t.TanhScale(), "spread": 1.0, "log_scale_bound": 7.0
    },
    p.Halves: {"parity": 0, "event_ndims": 1, "equal": False},
    p.Alternating: {"parity": 0, "event_ndims": 1},
    p.Leading: {"size": 1, "parity": 0, "event_ndims": 1},
    p.Checkerboard: {"parity": 0, "packed": False},
    p.Stripes: {"parity": 0, "direction": "vertical"},
    p.Mask: {"kept": [True, False], "parity": 0},
    b.Logit: {"alpha": 0.1},
    b.Squeeze: {"factor": 2, "order": "channel"},
    b.ActNorm: {"event_shape": (2,), "log_scale_factor": 1.0},
    b.InvertibleConv1x1: {"num_channels": 2, "parametrization": "lu", "start": "rotation"},
    b.Standardize: {"mean": [0.0, 1.0], "std": [1.0, 1.0]},
    b.BatchNormalization: {"event_shape": (2,), "momentum": 0.9, "epsilon": 1e-3},
    b.Elementwise: {"transform": t.Affine(), "event_shape": (2,), "context_shape": None},
    flows.coupling_flow: {
        "event_shape": (2,),
        "num_couplings": 1,
        "partitions": (p.Halves(),),
        "transform": t.Affine(),
        "net": nets.MLP((2,)),
        "logit_alpha": None,
        "standardize": None,
        "context_shape": None,
        "num_classes": None,
        "dtype": "float32",
    },
}  # fmt: skip
# Other arguments that an error may rightly name: both together are wrong.
RELATED = {
    "mean": "std",
    "std": "mean",
    "standardize": "logit_alpha|mean|std",
    "logit_alpha": "alpha",
    "dtype": "type_value",  # TensorFlow's name.
    "num_classes": "context_shape|net",
    "context_shape": "net|num_classes",
    "event_shape": "partition|context_shape",
}


@st.composite
def calls(draw):
    maker = draw(st.sampled_from(list(RIGHT)))
    return maker, draw(st.sampled_from(list(RIGHT[maker]))), draw(st.sampled_from(JUNK))


@fuzz(2, call=calls())
def test_a_wrong_argument_is_named(call):
    maker, name, junk = call
    try:
        maker(**{**RIGHT[maker], name: junk})
    except (TypeError, ValueError) as error:
        said = str(error)
        assert re.search(rf"`({name}|{RELATED.get(name, name)})`|\b{name}\b", said), said
