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


def short_name(make, num_params):
    return lambda dtype: make(
        partitions.Halves(), nets.MLP((8,), dtype=dtype)((2,), (3,), num_params), event_shape=(5,)
    )


def chain(dtype):
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
        ]
    )


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
    Row("Mask",                     coupled(MASK, (2, 4)),                                  (2, 4)),
    Row("Mask (parity 1)",          coupled(MASK.flipped(), (2, 4)),                        (2, 4)),
    Row("Additive",                 coupled(HALVES, transform=transforms.Additive()),       (5,)),
    Row("Affine",                   elementwise(transforms.Affine()),                       (2, 3)),
    Row("TanhScale",                coupled(HALVES, transform=TIGHT),                       (5,)),
    Row("ExpScale",                 elementwise(affine(transforms.ExpScale())),             (2, 3)),
    Row("SigmoidScale",             coupled(HALVES, transform=GLOW),                        (5,)),
    Row("Coupling",                 coupled(HALVES, context_shape=(3,)),                    (5,)),
    Row("Coupling (image, context)", coupled(BOARD, IMAGE, context_shape=(3,)),             IMAGE),
    Row("AdditiveCoupling",         short_name(bijectors.AdditiveCoupling, 1),              (5,)),
    Row("AffineCoupling",           short_name(bijectors.AffineCoupling, 2),                (5,)),
    Row("Elementwise",              elementwise(transforms.Additive()),                     (2, 3)),
    Row("Elementwise (context)",    conditional_elementwise,                                (3,)),
    Row("Chain",                    chain,                                                  SMALL),
    Row("KerasNetwork",             stock_with_keras,                                       (5,)),
    Row("coupling_flow",            flow((5,), mlp),                                        (5,)),
    Row("coupling_flow (image)",    flow(IMAGE, conv),                                      IMAGE),
    Row("coupling_flow (context)",  flow((5,), mlp, context_shape=(2,)),                    (5,)),
]
# fmt: on

FLOW_ROWS = [row for row in ROWS if row.name.startswith("coupling_flow")]
CONDITIONAL_ROWS = [
    row for row in ROWS if "context" in row.name or row.name in {"Coupling", "Chain"}
]
