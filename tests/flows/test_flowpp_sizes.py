"""Flow++ on images of other sizes, and what it and its noise refuse."""

import pytest

from tfp_flows import flows, nets, partitions, transforms
from tfp_flows.bijectors import ActNorm, Coupling, Squeeze

TINY = {"net": nets.FlowPPNet(4, 1, num_heads=2), "transform": transforms.LogisticMixture(2)}
NOISE = {**TINY, "context_net": nets.FlowPPContext(4, 1), "num_couplings": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event_shape", "couplings"),
    [
        ((8, 8, 3), ((0, 4), (2, 3))),
        ((28, 28, 1), ((0, 4), (2, 3))),
        ((64, 64, 1), ((0, 0), (0, 4), (2, 2), (2, 2))),
        ((96, 96, 3), ((0, 0), (0, 0), (0, 4), (2, 2), (2, 2))),
        ((36, 36, 1), ((0, 0), (0, 4))),
        ((50, 34, 1), ((0, 4),)),
        ((2, 2, 1), ((0, 4),)),
        ((5, 6, 1), ((0, 4),)),
    ],
    ids=str,
)
def test_defaults_fit_the_image(event_shape, couplings):
    flow = flows.flowpp(event_shape, **TINY)
    shape, wanted = event_shape, []
    for level, (channels, columns) in enumerate(couplings):
        if level:
            shape = (shape[0] // 2, shape[1] // 2, 4 * shape[2])
        turns = [partitions.Halves(event_ndims=3, parity=i % 2) for i in range(channels)]
        turns += [partitions.Stripes(parity=i % 2) for i in range(columns)]
        wanted += [(shape, turn) for turn in turns]
    links = flow.bijector.bijectors
    got = [link.partition for link in links if isinstance(link, Coupling)]
    shapes = [tuple(v.trainable_variables[0].shape) for v in links if isinstance(v, ActNorm)]
    assert list(zip(shapes, got, strict=True)) == wanted
    assert sum(isinstance(link, Squeeze) for link in links) == len(couplings) - 1
    assert flow.event_shape == event_shape


def test_rows_have_defaults_of_their_own():
    rows = partitions.Stripes(direction="horizontal")
    flow = flows.flowpp((8, 7, 1), partition=rows, **TINY)
    assert sum(isinstance(link, Coupling) for link in flow.bijector.bijectors) == 4


@pytest.mark.parametrize(
    ("event_shape", "couplings", "message"),
    [
        ((27, 27, 1), None, r"divisible by 2 for 2 levels; got .*crop to \(26, 26\) or pad to"),
        ((8, 7, 1), None, r"divisible by 2 for 2 levels; got .*odd at level 0"),
        ((6, 8, 1), ((0, 1),) * 3, r"divisible by 4 for 3 levels; got .*\(3, 4\) and odd at lev"),
        ((8, 7, 1), ((0, 1),), "needs an even number of columns; got 7"),
        ((8, 6, 1), ((0, 1), (0, 1)), "needs an even number of columns; got 3"),
        ((8, 8, 1), ((1, 0),), "at least 2 entries on the last axis"),
        ((8, 8, 1), (), "`couplings` must be pairs, one for each level: .*, at least one in all"),
        ((8, 8, 1), ((0, 0), (0, 0)), r"at least one in all; got \(\(0, 0\), \(0, 0\)\)"),
        ((8, 8, 1), ((0, -1),), "`couplings` must be an integer of at least 0; got -1"),
        ((8, 8), None, r"`event_shape` must be \(H, W, C\); got \(8, 8\)"),
    ],
    ids=str,
)
def test_sizes_that_cannot_work(event_shape, couplings, message):
    with pytest.raises(ValueError, match=message):
        flows.flowpp(event_shape, couplings=couplings, **TINY)


@pytest.mark.parametrize("couplings", [4, (0, 4), ((0, 4, 2),), ((1,), (2, 3)), "no"], ids=str)
def test_couplings_are_pairs(couplings):
    with pytest.raises(TypeError, match="`couplings` must be pairs, one for each level: how many"):
        flows.flowpp((8, 8, 1), couplings=couplings, **TINY)


def test_couplings_are_integers():
    with pytest.raises(TypeError, match=r"`couplings` must be an integer of at least 0; got 1\.5"):
        flows.flowpp((8, 8, 1), couplings=((0, 1.5),), **TINY)


@pytest.mark.parametrize("make", [flows.flowpp, flows.flowpp_noise])
def test_kinds(make):
    for name, value in {"partition": 1, "transform": "affine", "net": 3}.items():
        with pytest.raises(TypeError, match=f"`{name}` must be a"):
            make((8, 8, 1), **{**TINY, name: value})


@pytest.mark.parametrize(
    ("event_shape", "kwargs", "error", "message"),
    [
        ((8, 7, 1), {}, ValueError, r"`event_shape` must have an even width; got \(8, 7, 1\)"),
        ((8, 8), {}, ValueError, r"`event_shape` must be \(H, W, C\); got \(8, 8\)"),
        ((8, 8, 1), {"num_couplings": 0}, ValueError, "`num_couplings` must be an integer of at"),
        ((8, 8, 1), {"context_net": nets.MLP()}, TypeError, "`context_net` must be a FlowPPConte"),
    ],
    ids=str,
)
def test_what_the_noise_refuses(event_shape, kwargs, error, message):
    with pytest.raises(error, match=message):
        flows.flowpp_noise(event_shape, **{**NOISE, **kwargs})


def test_flow_options_that_exclude_each_other():
    with pytest.raises(ValueError, match="Only one of `context_shape` and `num_classes` may"):
        flows.flowpp((8, 8, 1), context_shape=(3,), num_classes=3, **TINY)
    with pytest.raises(ValueError, match=r"`alpha` must be between 0 and 0\.5; got 0\.7"):
        flows.flowpp((8, 8, 1), logit_alpha=0.7, **TINY)
