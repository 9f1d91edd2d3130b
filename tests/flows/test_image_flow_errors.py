"""What the image flows refuse, and what they say would do."""

import pytest

from tfp_flows import flows, nets

MLP = nets.MLP((8,))
ALL = [flows.nice, flows.realnvp, flows.glow]
IMAGES = [flows.realnvp, flows.glow]
SMALL = {
    flows.nice: {"net": MLP},
    flows.realnvp: {"num_levels": 1, "filters": 2, "num_blocks": 1},
    flows.glow: {"num_levels": 1, "num_steps": 1, "filters": 2},
}


def name_of(function):
    return function.__name__


@pytest.mark.parametrize(
    ("make", "shape", "levels", "message"),
    [
        (flows.glow, (6, 8, 1), 2, r"divisible by 4 .*\(3, 4\) and odd at level 1.*\(8, 8\)"),
        (
            flows.glow,
            (8, 8, 1),
            4,
            r"divisible by 16 .*Use fewer levels or pad to \(16, 16\)",
        ),
        (flows.glow, (5, 8, 1), 1, r"divisible by 2 .*odd at level 0.*crop to \(4, 8\) or pad"),
        (flows.realnvp, (6, 8, 1), 3, r"divisible by 4 .*odd at level 1.*Use fewer levels"),
        (flows.realnvp, (28, 28, 1), 4, r"divisible by 8 .*odd at level 2.*\(24, 24\).*\(32, 32\)"),
        (flows.glow, (4, 4, 1), 4, r"divisible by 16 .*odd at level 2"),
        (flows.realnvp, (4, 4, 1), 9, r"divisible by 256"),
    ],
)
def test_sizes_name_the_level_and_what_would_do(make, shape, levels, message):
    with pytest.raises(ValueError, match=message):
        make(shape, num_levels=levels)


@pytest.mark.parametrize("make", IMAGES, ids=name_of)
@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4, 1), (16,)], ids=str)
def test_images_have_rank_3(make, shape):
    with pytest.raises(ValueError, match=r"`event_shape` must be \(H, W, C\); got \("):
        make(shape)


@pytest.mark.parametrize("make", ALL, ids=name_of)
@pytest.mark.parametrize("alpha", [0.0, 0.5, -1.0])
def test_bad_alphas(make, alpha):
    with pytest.raises(ValueError, match=r"`alpha` must be between 0 and 0.5; got"):
        make((4, 4, 1), logit_alpha=alpha, **SMALL[make])


@pytest.mark.parametrize("make", ALL, ids=name_of)
def test_classes_or_contexts(make):
    with pytest.raises(ValueError, match="Only one of `context_shape` and `num_classes` may"):
        make((4, 4, 1), num_classes=3, context_shape=(3,))
    with pytest.raises(ValueError, match="`num_classes` must be"):
        make((4, 4, 1), num_classes=0)


def test_priors_of_nice():
    with pytest.raises(ValueError, match=r"`prior` must be one of .*'logistic'.*; got 'uniform'"):
        flows.nice((4, 4, 1), net=MLP, prior="uniform")


def test_nets_of_nice_are_as_many_as_couplings():
    with pytest.raises(ValueError, match="one factory for each of the couplings; got 2 for"):
        flows.nice((4,), net=[MLP, MLP], num_couplings=3)
    with pytest.raises(ValueError, match="one factory for each of the couplings; got 0 for"):
        flows.nice((4,), net=[])


@pytest.mark.parametrize("make", IMAGES, ids=name_of)
@pytest.mark.parametrize("argument", ["num_levels", "filters"])
def test_numbers_from_1_on(make, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        make((4, 4, 1), **{argument: 0})
    with pytest.raises(TypeError, match=f"`{argument}` must be"):
        make((4, 4, 1), **{argument: 1.5})


@pytest.mark.parametrize("make", ALL, ids=name_of)
def test_nets_and_transforms_of_another_kind(make):
    with pytest.raises(TypeError, match="`net` must be a factory of networks"):
        make((4, 4, 1), net="mlp")
    with pytest.raises(TypeError, match="`transform` must be a ScalarTransform"):
        make((4, 4, 1), transform="affine", net=MLP)


def test_names_of_glow():
    with pytest.raises(ValueError, match="`parametrization` must be one of"):
        flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4, convolution="qr")
    with pytest.raises(ValueError, match="`order` must be one of"):
        flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4, squeeze_order="row")
