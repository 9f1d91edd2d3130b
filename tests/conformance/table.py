"""Every public bijector, transform, partition and flow has a row here."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, flows, nets, partitions, transforms

tfb = tfp.bijectors


class Row(NamedTuple):
    name: str
    create: Callable[[Any], Any]  # from a dtype or None; a bijector, or for flows a distribution
    event_shape: tuple[int, ...]
    scramble: float = 0.3  # How far the variables are moved before anything is measured.


def real(dtype):
    """The dtype of what is no network: `None` leaves only networks to the global policy."""
    return tf.as_dtype(dtype or "float32")


def coupled(partition, event_shape=(5,), transform=transforms.Affine(), context_shape=None):
    """A small coupling, with dense layers for vectors and convolutions for images."""

    def create(dtype):
        is_image = len(event_shape) == 3 and not isinstance(partition, partitions.Mask)
        net = nets.ConvResNet(4, 1, dtype=dtype) if is_image else nets.MLP((8,), dtype=dtype)
        shapes = partition.part_shapes(event_shape)
        return bijectors.Coupling(
            partition,
            transform,
            net(*shapes, transform.num_params, context_shape),
            event_shape=event_shape,
            context_shape=context_shape,
        )

    return create


def elementwise(transform):
    return lambda dtype: bijectors.Elementwise(transform, (2, 3), dtype=real(dtype))


def conditional_elementwise(dtype):
    net = nets.MLP((8,), dtype=dtype)((4,), (3,), 2)
    return bijectors.Elementwise(transforms.Affine(), (3,), net=net, context_shape=(4,))


def affine(scale):
    return transforms.Affine(scale)


def short_name(make, num_params, **kwargs):
    def create(dtype):
        net = nets.MLP((8,), dtype=dtype)((2,), (3,), num_params)
        return make(partitions.Halves(), net, event_shape=(5,), **kwargs)

    return create


def conditional_parts(dtype):
    """One part looks at the context, the other one does not."""
    part = (4, 3, 3)
    looking = coupled(partitions.Checkerboard(), part, context_shape=(2,))(dtype)
    return bijectors.Partwise(PACKED, actnorm(part)(dtype), looking, event_shape=IMAGE)


def chain(dtype, recompute=None):
    """Ours and stock, nested, inverted, of several event ranks, with a context."""
    board = partitions.Checkerboard()
    shapes = (4, 4, 2)
    return bijectors.Chain(
        [
            tfb.Shift(tf.constant(0.5, real(dtype))),
            coupled(board, shapes, context_shape=(3,))(dtype),
            bijectors.Chain(
                [tfb.Scale(tf.constant(2.0, real(dtype))), coupled(board, shapes)(dtype)]
            ),
            tfb.Invert(coupled(board.flipped(), shapes, context_shape=(3,))(dtype)),
            elementwise_image(dtype),
        ],
        recompute=recompute,
    )


def recomputed(mode):
    return lambda dtype: chain(dtype, mode)


def elementwise_image(dtype):
    return bijectors.Elementwise(transforms.Affine(), (4, 4, 2), dtype=real(dtype))


def stock_with_keras(dtype):
    net = nets.MLP((8,), dtype=dtype)((2,), (3,), 2)

    def shift_and_log_scale(net, x, output_units, **kwargs):
        del output_units, kwargs
        shift, log_scale = tf.split(tf.cast(net(x), x.dtype), 2, axis=-1)
        return shift, tf.tanh(log_scale)

    network = bijectors.KerasNetwork(net, shift_and_log_scale)
    real_nvp = tfb.RealNVP(num_masked=2, shift_and_log_scale_fn=network)
    return bijectors.Chain([real_nvp])


def flow(event_shape, net, **kwargs):
    return lambda dtype: flows.coupling_flow(event_shape, num_couplings=3, net=net(dtype), **kwargs)


def mlp(dtype):
    return nets.MLP((8,), dtype=dtype)


def conv(dtype):
    return nets.ConvResNet(4, 1, dtype=dtype)


def with_variables(bijector, latent_shape):
    """What learns nothing by itself, before something that does."""

    def create(dtype):
        layer = bijectors.Elementwise(transforms.Affine(), latent_shape, dtype=real(dtype))
        return bijectors.Chain([bijector(dtype), layer])

    return create


def squeeze(*args):
    def bijector(dtype):
        del dtype
        return bijectors.Squeeze(*args)

    return bijector


def actnorm(shape, factor=1.0):
    return lambda dtype: bijectors.ActNorm(shape, log_scale_factor=factor, dtype=real(dtype))


def standardize(dtype):
    mean, std = np.arange(6.0).reshape(2, 3), np.linspace(0.5, 2.0, 6).reshape(2, 3)
    return bijectors.Standardize(mean, std, dtype=real(dtype))


def conv1x1(parametrization="lu", start="rotation", size=3):
    return lambda dtype: bijectors.InvertibleConv1x1(
        size, parametrization=parametrization, start=start, dtype=real(dtype)
    )


def batch_norm(shape, **kwargs):
    return lambda dtype: bijectors.BatchNormalization(shape, dtype=real(dtype), **kwargs)


def logit(dtype):
    """After a map to [0, 1], where its data are."""
    del dtype
    return bijectors.Chain([tfb.Invert(tfb.Sigmoid()), bijectors.Logit(0.1)])


def factor_out(dtype):
    """Three of eight channels go on; those that leave have a learned prior with a context."""
    uneven = partitions.Leading(size=3, event_ndims=3)
    rest = bijectors.Chain([actnorm((3,))(dtype)])
    prior = coupled(uneven, (2, 3, 8), context_shape=(3,))(dtype)
    return bijectors.Chain(
        [bijectors.Squeeze(), prior, bijectors.FactorOut(rest, (2, 3, 8), partition=uneven)]
    )


def levels(dtype):
    def level(shape):
        halves = partitions.Halves(event_ndims=3)
        return bijectors.Chain([bijectors.Squeeze(), coupled(halves, shape)(dtype)])

    return bijectors.multi_scale([level((4, 2, 4)), level((2, 1, 8))], (8, 4, 1))


def one_call(make, event_shape, net=None, **kwargs):
    """A flow of ours in a dtype, with small networks."""

    def create(dtype):
        nets_of = {} if net is None else {"net": net(dtype)}
        return make(event_shape, dtype=dtype or "float32", **nets_of, **kwargs)

    return create


def glow_net(dtype):
    return nets.GlowNet(4, dtype=dtype)


def squeezed_context(dtype):
    """An image context that is larger than the levels."""
    return flows.glow(
        (4, 4, 1),
        num_levels=2,
        num_steps=1,
        filters=4,
        context_shape=(4, 4, 2),
        dtype=dtype or "float32",
    )


def flowpp(couplings, **kwargs):
    """Small mixtures and networks."""
    return one_call(
        flows.flowpp,
        (4, 8, 1),
        lambda dtype: nets.FlowPPNet(4, 1, num_heads=2, dtype=dtype),
        couplings=couplings,
        logit_alpha=None,
        transform=transforms.LogisticMixture(2, spread=0.0),
        **kwargs,
    )


IMAGE, SMALL = (4, 6, 3), (4, 4, 2)
HALVES, BOARD = partitions.Halves(), partitions.Checkerboard()
PACKED = partitions.Checkerboard(packed=True)
ROWS_OF_PIXELS = partitions.Stripes(direction="horizontal")
TIGHT, GLOW = affine(transforms.TanhScale(0.5)), affine(transforms.SigmoidScale())
MASK = partitions.Mask(np.random.default_rng(0).random((2, 4)) < 0.5)

# fmt: off
ROWS = [
    Row("Halves",                   coupled(HALVES),                                        (5,)),
    Row("Halves (channels)",        coupled(partitions.Halves(event_ndims=3), IMAGE),       IMAGE),
    Row("Alternating",              coupled(partitions.Alternating(parity=1)),              (5,)),
    Row("Alternating (channels)",   coupled(partitions.Alternating(event_ndims=3), IMAGE),  IMAGE),
    Row("Checkerboard",             coupled(BOARD, IMAGE),                                  IMAGE),
    Row("Checkerboard (packed)",    coupled(PACKED, IMAGE),                                 IMAGE),
    Row("Stripes",                  coupled(partitions.Stripes(), IMAGE),                   IMAGE),
    Row("Stripes (horizontal)",     coupled(ROWS_OF_PIXELS, IMAGE),                         IMAGE),
    Row("Leading",                  coupled(partitions.Leading(size=4, parity=1)),          (5,)),
    Row("Leading (channels)",       coupled(partitions.Leading(size=1, event_ndims=3), IMAGE), IMAGE),
    Row("Mask",                     coupled(MASK, (2, 4)),                                  (2, 4)),
    Row("Mask (parity 1)",          coupled(MASK.flipped(), (2, 4)),                        (2, 4)),
    Row("Additive",                 coupled(HALVES, transform=transforms.Additive()),       (5,)),
    Row("Affine",                   elementwise(transforms.Affine()),                       (2, 3)),
    Row("TanhScale",                coupled(HALVES, transform=TIGHT),                       (5,)),
    Row("ExpScale",                 elementwise(affine(transforms.ExpScale())),             (2, 3)),
    Row("SigmoidScale",             coupled(HALVES, transform=GLOW),                        (5,)),
    Row("Scale",                    elementwise(transforms.Scale()),                        (2, 3)),
    Row("LogisticMixture",          elementwise(transforms.LogisticMixture(3)),             (2, 3)),
    Row("GaussianMixture",          elementwise(transforms.GaussianMixture(3)),             (2, 3)),
    Row("Coupling",                 coupled(HALVES, context_shape=(3,)),                    (5,)),
    Row("Coupling (image, context)", coupled(BOARD, IMAGE, context_shape=(3,)),             IMAGE),
    Row("AdditiveCoupling",         short_name(bijectors.AdditiveCoupling, 1),              (5,)),
    Row("AffineCoupling",           short_name(bijectors.AffineCoupling, 2),                (5,)),
    Row("LogisticMixtureCoupling",  short_name(bijectors.LogisticMixtureCoupling, 14, num_components=4), (5,)),
    Row("GaussianMixtureCoupling",  short_name(bijectors.GaussianMixtureCoupling, 8, num_components=2), (5,)),
    Row("Partwise (context)",       conditional_parts,                                      IMAGE),
    Row("Elementwise",              elementwise(transforms.Additive()),                     (2, 3)),
    Row("Elementwise (context)",    conditional_elementwise,                                (3,)),
    Row("Squeeze",                  with_variables(squeeze(), (2, 3, 12)), IMAGE),
    Row("Squeeze (position)",       with_variables(squeeze(3, "position"), (1, 2, 18)), (3, 6, 2)),
    Row("Squeeze (diagonal)",       with_variables(squeeze(2, "diagonal"), (2, 3, 12)), IMAGE),
    Row("ActNorm",                  actnorm((3,), 3.0),                                     IMAGE),
    Row("ActNorm (element)",        actnorm(IMAGE),                                         IMAGE),
    Row("InvertibleConv1x1",        conv1x1(),                                              IMAGE),
    Row("InvertibleConv1x1 (full)", conv1x1("full"),                                        IMAGE),
    Row("InvertibleConv1x1 (vector)", conv1x1(start="identity", size=5),                    (5,)),
    Row("BatchNormalization",       with_variables(batch_norm((3,)), IMAGE),                                       IMAGE),
    Row("BatchNormalization (affine)", batch_norm((5,), affine=True),                       (5,)),
    Row("BatchNormalization (half)", with_variables(batch_norm(IMAGE, partition=BOARD), IMAGE),                    IMAGE),
    Row("Logit",                    with_variables(logit, (5,)),                                                  (5,)),
    Row("Standardize",              with_variables(standardize, (2, 3)),                    (2, 3)),
    Row("FactorOut (context)",      factor_out,                                             (4, 6, 2)),
    Row("multi_scale",              levels,                                                 (8, 4, 1)),
    Row("Chain",                    chain,                                                  SMALL),
    Row("Chain (inverse, context)", recomputed("inverse"),                                  SMALL),
    Row("Chain (checkpoint, context)", recomputed("checkpoint"),                            SMALL),
    Row("KerasNetwork",             stock_with_keras,                                       (5,)),
    Row("coupling_flow",            flow((5,), mlp),                                        (5,)),
    Row("coupling_flow (image)",    flow(IMAGE, conv),                                      IMAGE),
    Row("coupling_flow (standardized)", flow((3,), mlp, standardize=((1.0, 0.0, -5.0), (0.5, 2.0, 3.0))), (3,)),
    Row("nice",                     one_call(flows.nice, SMALL, mlp),                       SMALL),
    Row("realnvp",                  one_call(flows.realnvp, (2, 4, 1), num_levels=1, filters=2, num_blocks=1, logit_alpha=None), (2, 4, 1)),
    Row("glow",                     one_call(flows.glow, (4, 8, 1), glow_net, num_levels=2, num_steps=1), (4, 8, 1), 0.1),
    Row("glow (recompute)",         one_call(flows.glow, (4, 8, 1), glow_net, num_levels=2, num_steps=1, recompute="inverse"), (4, 8, 1), 0.1),
    Row("glow (context)",           squeezed_context,                                       (4, 4, 1), 0.1),
    Row("flowpp (context)",         flowpp(((0, 1), (1, 0)), context_shape=(4, 8, 2)),      (4, 8, 1), 0.1),
    Row("coupling_flow (context)",  flow((5,), mlp, context_shape=(2,)),                    (5,)),
]
# fmt: on

FLOW_ROWS = [row for row in ROWS if hasattr(flows, row.name.split(" (")[0])]
CONDITIONAL_ROWS = [
    row for row in ROWS if "context" in row.name or row.name in {"Coupling", "Chain"}
]
