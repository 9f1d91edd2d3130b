"""The coupling: what it computes, and errors that name what was wanted and what came."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, nets, partitions, transforms

tfb, tfd = tfp.bijectors, tfp.distributions
HALVES, AFFINE = partitions.Halves(), transforms.Affine()


def linear(num_inputs, num_outputs, dtype=tf.float32):
    class Linear(tf.Module):
        def __init__(self):
            super().__init__()
            values = np.random.default_rng(0).normal(size=(num_inputs, num_outputs))
            self.kernel = tf.Variable(tf.constant(values, dtype))

        def __call__(self, *known):
            return tf.concat(known, axis=-1) @ self.kernel

    return Linear()


def conditional(**kwargs):
    return bijectors.Coupling(
        HALVES, AFFINE, linear(5, 4), event_shape=(4,), context_shape=(3,), **kwargs
    )


def plain(**kwargs):
    return bijectors.Coupling(HALVES, AFFINE, linear(2, 4), event_shape=(4,), **kwargs)


def data(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)


# What it computes.


def test_affine_coupling_is_real_nvp_by_hand():
    net = linear(2, 4)
    x = data(3, 4).numpy()
    raw = x[:, :2] @ net.kernel.numpy()
    shift, log_scale = raw[:, :2], 2 * np.tanh(raw[:, 2:] / 2)
    coupling = bijectors.AffineCoupling(HALVES, net, event_shape=(4,))
    z = coupling.inverse(x)
    np.testing.assert_array_equal(z[:, :2], x[:, :2])
    np.testing.assert_allclose(z[:, 2:], (x[:, 2:] + shift) * np.exp(log_scale), rtol=1e-5)
    log_det = coupling.inverse_log_det_jacobian(x)
    np.testing.assert_allclose(log_det, log_scale.sum(-1), rtol=1e-5)


def test_additive_coupling_is_nice_by_hand_and_keeps_the_volume():
    net = linear(2, 2)
    x = data(3, 4).numpy()
    coupling = bijectors.AdditiveCoupling(HALVES, net, event_shape=(4,))
    z = coupling.inverse(x)
    np.testing.assert_allclose(z[:, 2:], x[:, 2:] + x[:, :2] @ net.kernel.numpy(), rtol=1e-5)
    np.testing.assert_array_equal(coupling.inverse_log_det_jacobian(x), [0, 0, 0])


def test_short_names_make_couplings():
    scale = transforms.ExpScale()
    coupling = bijectors.AffineCoupling(HALVES, linear(2, 4), scale=scale, event_shape=(4,))
    assert type(coupling) is bijectors.Coupling
    assert coupling.transform == transforms.Affine(scale)
    assert coupling.name == "affine_coupling"
    additive = bijectors.AdditiveCoupling(HALVES, linear(2, 2), name="mine")
    assert additive.transform == transforms.Additive()
    assert additive.name == "mine"


def test_parts_can_be_read_back():
    net = linear(5, 4)
    coupling = bijectors.Coupling(HALVES, AFFINE, net, context_shape=(3,))
    assert coupling.partition is HALVES
    assert coupling.transform is AFFINE
    assert coupling.net is net
    assert coupling.context_shape == (3,)
    assert plain().context_shape is None


def test_a_mask_brings_its_own_event_shape():
    mask = partitions.Mask([[True, False], [False, False]])
    layers = [keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.Reshape((2, 4))]
    coupling = bijectors.Coupling(mask, AFFINE, keras.Sequential(layers))
    assert len(coupling.trainable_variables) == 2
    assert coupling.forward_min_event_ndims == 2
    assert coupling.inverse(data(5, 2, 2)).shape == (5, 2, 2)


def test_networks_are_called_with_one_batch_axis():
    shapes = []

    def net(kept, context):
        shapes.append((tuple(kept.shape), tuple(context.shape)))
        return tf.concat([kept, kept], axis=-1)

    coupling = bijectors.Coupling(HALVES, AFFINE, net, event_shape=(4,), context_shape=(5, 6))
    shapes.clear()
    for batch in [(), (2,), (2, 3)]:
        coupling.inverse(data(*batch, 4), context=tf.ones([5, 6]))
    assert shapes == [((1, 2), (1, 5, 6)), ((2, 2), (2, 5, 6)), ((6, 2), (6, 5, 6))]


def test_a_network_without_a_batch_of_its_own_is_refused_at_every_batch():
    def net(kept):
        return tf.reduce_mean(kept, axis=0, keepdims=True)

    coupling = bijectors.AdditiveCoupling(HALVES, net, event_shape=(4,))
    for batch in [(3,), (2, 3)]:
        with pytest.raises(ValueError, match=r"must put out shape \([36], 2\).*got \(1, 2\)"):
            coupling.inverse(data(*batch, 4))


@pytest.mark.parametrize("batch", [(0,), (2, 0), (0, 3)], ids=str)
def test_empty_batches_stay_empty(batch):
    net = nets.MLP((3,))((2,), (2,), 2, (3,))
    coupling = bijectors.Coupling(HALVES, AFFINE, net, event_shape=(4,), context_shape=(3,))
    z, log_det = coupling.inverse_and_log_det(data(*batch, 4), context=data(3))
    assert z.shape == (*batch, 4)
    assert log_det.shape == batch


def test_numpy_arrays_and_lists_are_events():
    coupling = plain()
    x = data(3, 4)
    wanted = coupling.inverse(x)
    np.testing.assert_array_equal(coupling.inverse(x.numpy()), wanted)
    np.testing.assert_allclose(coupling.inverse(x.numpy().tolist()), wanted, rtol=1e-6)
    np.testing.assert_array_equal(coupling.inverse_and_log_det(x.numpy())[0], wanted)


def test_float64_events_keep_their_precision_with_a_float64_network():
    coupling = bijectors.Coupling(HALVES, AFFINE, linear(2, 4, tf.float64), event_shape=(4,))
    x = tf.cast(data(3, 4), tf.float64)
    z = coupling.inverse(x)
    np.testing.assert_allclose(coupling.forward(tf.identity(z)), x, rtol=1e-14)


def test_copies_compute_the_same():
    coupling, x = plain(), data(3, 4)
    np.testing.assert_array_equal(coupling.copy().inverse(x), coupling.inverse(x))
    assert coupling.copy(name="other").name == "other"
    assert coupling.copy() != coupling
    assert coupling == coupling  # noqa: PLR0124 - equality is what is tested
    assert len({coupling, coupling.copy()}) == 2


def test_repr_names_it():
    assert "Coupling" in repr(plain())
    assert "mine" in str(plain(name="mine"))


def test_event_ndims_sum_over_batch_axes_as_in_tfp():
    coupling, x = plain(), data(3, 4)
    each = coupling.inverse_log_det_jacobian(x)
    total = coupling.inverse_log_det_jacobian(x, event_ndims=2)
    assert total.shape == ()
    assert float(total) == pytest.approx(float(tf.reduce_sum(each)), rel=1e-5)
    with pytest.raises(ValueError, match="event_ndims"):
        coupling.inverse_log_det_jacobian(x, event_ndims=0)


# Contexts.


def flow_of(bijector):
    return tfd.TransformedDistribution(distributions.standard_normal((4,)), bijector)


@pytest.mark.parametrize(
    ("batch", "given"),
    [((), ()), *((batch, given) for batch in [(5,), (2, 5)] for given in [(), (1,), (5,)])],
    ids=str,
)
def test_contexts_broadcast_to_the_batch(batch, given):
    coupling, x, context = conditional(), data(*batch, 4), data(*given, 3)
    wanted = coupling.inverse(x, context=tf.broadcast_to(context, [*batch, 3]))
    np.testing.assert_array_equal(coupling.inverse(x, context=context), wanted)


def test_contexts_of_unknown_batch_are_taken():
    coupling = conditional()
    specs = [tf.TensorSpec([None, 4]), tf.TensorSpec([None, 3])]
    inverse = tf.function(lambda x, c: coupling.inverse(x, context=c), input_signature=specs)
    x, context = data(5, 4), data(5, 3)
    np.testing.assert_allclose(inverse(x, context), coupling.inverse(x, context=context), rtol=1e-5)
    np.testing.assert_allclose(
        inverse(x, context[:1]), coupling.inverse(x, context=context[:1]), rtol=1e-5
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        inverse(x, context[:2])


def test_floating_contexts_are_cast_and_others_refused():
    coupling, x = conditional(), data(5, 4)
    wanted = coupling.inverse(x, context=tf.ones([5, 3]))
    for context in (np.ones([5, 3]), [[1.0, 1.0, 1.0]]):
        np.testing.assert_array_equal(coupling.inverse(x, context=context), wanted)
    for refused in (tf.ones([5, 3], tf.bool), tf.ones([5, 3], tf.complex64)):
        with pytest.raises(TypeError, match=r"`context` must be floating .* or integers for class"):
            coupling.inverse(x, context=refused)


def test_integer_contexts_are_classes():
    coupling, x = conditional(), data(5, 4)
    labels = tf.constant([2, 0, 1, 1, 2])
    wanted = coupling.inverse(x, context=tf.one_hot(labels, 3))
    for context in (labels, tf.cast(labels, tf.uint8), [2, 0, 1, 1, 2]):
        np.testing.assert_array_equal(coupling.inverse(x, context=context), wanted)
    one = coupling.inverse(x, context=2)
    np.testing.assert_array_equal(one, coupling.inverse(x, context=tf.one_hot([2] * 5, 3)))
    with pytest.raises(ValueError, match=r"a batch that broadcasts .*; got \(5, 3\)"):
        coupling.inverse(x, context=tf.ones([5, 3], tf.int32))


def test_a_module_that_hides_a_keras_layer_is_refused_at_the_first_call():
    class Hiding(tf.Module):
        def __init__(self):
            super().__init__()
            self.shift = tf.Variable(0.0)
            self.dense = keras.layers.Dense(4)
            self.dense.build((None, 2))

        def __call__(self, kept):
            return self.dense(kept) + self.shift

    coupling = bijectors.Coupling(HALVES, AFFINE, Hiding())
    with pytest.raises(ValueError, match="`net` reads variables that its bijector cannot see"):
        coupling.inverse(data(5, 4))


def test_a_scalar_context_is_one_number_an_event():
    net = nets.MLP((3,))((2,), (2,), 2, ())
    coupling = bijectors.Coupling(HALVES, AFFINE, net, event_shape=(4,), context_shape=())
    assert coupling.context_shape == ()
    assert coupling.inverse(data(5, 4), context=tf.range(5.0)).shape == (5, 4)


def test_samples_are_drawn_for_each_context():
    flow, context = flow_of(conditional()), data(5, 3)
    kwargs = {"bijector_kwargs": {"context": context}}
    assert flow.sample(5, **kwargs).shape == (5, 4)
    assert flow.sample([7, 5], **kwargs).shape == (7, 5, 4)
    with pytest.raises(ValueError, match=r"events, \(3,\); got \(5,\)"):
        flow.sample(3, **kwargs)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (None, "`context` must be given: `coupling` wants"),
        (np.ones([2, 3]), r"batch that broadcasts to that of the events, \(5,\); got \(2,\)"),
        (np.ones([2, 5, 3]), r"batch that broadcasts to that of the events, \(5,\); got \(2, 5\)"),
        (np.ones([5, 4]), r"`context` must have shape .*3.* for `coupling`; got \(5, 4\)"),
        (np.ones([]), r"`context` must have shape .*3.* for `coupling`; got \(\)"),
    ],
    ids=["missing", "wrong batch", "more axes", "wrong shape", "wrong rank"],
)
def test_wrong_contexts_are_told(context, message):
    coupling = conditional()
    for method in (coupling.inverse, coupling.forward, coupling.inverse_log_det_jacobian):
        with pytest.raises(ValueError, match=message):
            method(data(5, 4), **({} if context is None else {"context": context}))


def test_a_context_of_unknown_rank_is_told():
    coupling = conditional()
    function = tf.function(
        lambda context: coupling.inverse(tf.ones([5, 4]), context=context),
        input_signature=[tf.TensorSpec(None)],
    )
    with pytest.raises(ValueError, match=r"`context` must have shape .*; got <unknown>"):
        function(tf.ones([5, 3]))


def test_a_context_that_is_not_wanted_is_told():
    with pytest.raises(ValueError, match="`context` must not be given: `coupling` takes none"):
        plain().inverse(data(5, 4), context=tf.ones([5, 3]))


def test_an_unknown_keyword_is_told():
    with pytest.raises(TypeError, match=r"`coupling` takes no keyword \['contxt'\]"):
        conditional().inverse(data(5, 4), context=tf.ones([5, 3]), contxt=1)


# Errors at construction.


@pytest.mark.parametrize(
    ("partition", "event_shape", "message"),
    [
        (HALVES, (1,), "at least 2 entries .* got 1 .*`bijectors.Elementwise`"),
        (partitions.Alternating(), (1,), "at least 2 entries .* got 1 .*`bijectors.Elementwise`"),
        (partitions.Checkerboard(), (1, 1, 4), "at least 2 pixels .* got 1"),
        (partitions.Checkerboard(packed=True), (4, 3, 1), "even number of columns .*; got 3"),
        (partitions.Halves(equal=True), (5,), "even number of entries .*; got 5"),
        (HALVES, (4, 4), r"must have rank 1 .*; got \(4, 4\) of rank 2"),
        (partitions.Mask([True, False]), (3,), r"that of the mask, \(2,\); got \(3,\)"),
        (HALVES, (0,), r"`event_shape` must have sizes of at least 1; got \(0,\)"),
        (HALVES, (-4,), r"`event_shape` must have sizes of at least 1; got \(-4,\)"),
    ],
)
def test_events_that_cannot_be_split_are_told(partition, event_shape, message):
    with pytest.raises(ValueError, match=message):
        bijectors.Coupling(partition, AFFINE, lambda kept: kept, event_shape=event_shape)


@pytest.mark.parametrize("argument", ["event_shape", "context_shape"])
@pytest.mark.parametrize("sizes", [4, (None, 3), (2.0,), "ab"], ids=str)
def test_shapes_are_tuples_of_ints(argument, sizes):
    with pytest.raises(TypeError, match=f"`{argument}` must be a tuple of ints; got"):
        bijectors.Coupling(HALVES, AFFINE, linear(2, 4), **{argument: sizes})


@pytest.mark.parametrize("sizes", [[4], np.array([4]), tf.TensorShape([4])], ids=repr)
def test_shapes_may_be_any_sequence_of_ints(sizes):
    coupling = bijectors.Coupling(HALVES, AFFINE, linear(2, 4), event_shape=sizes)
    assert coupling.inverse(data(5, 4)).shape == (5, 4)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (linear(2, 2), r"must put out shape \(1, 4\), 2 numbers for each .*\(2,\); got \(1, 2\)"),
        (lambda kept: kept[0], r"must put out shape \(1, 4\), .*; got \(2,\)"),
        (lambda kept: kept[:, None], r"must put out shape \(1, 4\), .*; got \(1, 1, 2\)"),
        (lambda kept: (kept, kept), r"must put out shape \(1, 4\), .*; got \(<tf.Tensor"),
        (lambda kept: None, r"must put out shape \(1, 4\), .*; got None"),
    ],
    ids=["too few", "no batch", "another axis", "a pair", "nothing"],
)
def test_networks_that_put_out_something_else_are_told(net, message):
    with pytest.raises(ValueError, match=message):
        bijectors.Coupling(HALVES, AFFINE, net, event_shape=(4,))


@pytest.mark.parametrize("event_shape", [None, (4,)], ids=["without", "with"])
@pytest.mark.parametrize(
    "net", [nets.MLP(), nets.MLP, nets.ConvResNet(4, 1), None, 3, "relu"], ids=repr
)
def test_a_factory_or_what_cannot_be_called_is_no_network(net, event_shape):
    with pytest.raises(TypeError, match=r"`net` must be callable.*A factory has to be called"):
        bijectors.Coupling(HALVES, AFFINE, net, event_shape=event_shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((AFFINE, HALVES), "`partition` must be a Partition; got Affine"),
        ((partitions.Halves, AFFINE), "`partition` must be a Partition; got <class"),
        ((HALVES, transforms.Affine), "`transform` must be a ScalarTransform; got <class"),
        ((HALVES, tfb.Scale(2.0)), "`transform` must be a ScalarTransform; got <tfp"),
    ],
    ids=["swapped", "partition class", "transform class", "bijector"],
)
def test_arguments_of_another_kind_are_told(arguments, message):
    with pytest.raises(TypeError, match=message):
        bijectors.Coupling(*arguments, linear(2, 4))


def test_a_scale_of_another_kind_is_told():
    with pytest.raises(TypeError, match="`scale` must be a ScaleMap; got 'tanh' of type str"):
        bijectors.AffineCoupling(HALVES, linear(2, 4), scale="tanh")


# Errors at a call.


@pytest.mark.parametrize("dtype", [tf.int32, tf.uint8, tf.bool], ids=lambda d: d.name)
def test_integers_are_told_to_be_dequantized(dtype):
    for method in ("inverse", "forward", "inverse_and_log_det"):
        with pytest.raises(TypeError, match=f"floating numbers; got dtype {dtype.name}. Dequant"):
            getattr(plain(), method)(tf.cast(tf.ones([3, 4]), dtype))


@pytest.mark.parametrize("shape", [(3, 5), (4, 1), (), (3, 4, 2)], ids=str)
def test_events_of_another_shape_are_told(shape):
    with pytest.raises(ValueError, match=r"must be given events of shape \(4,\); got"):
        plain().inverse(tf.ones(shape))


def test_events_of_unknown_shape_are_told():
    coupling = plain()
    for spec in (tf.TensorSpec([None, None]), tf.TensorSpec(None)):
        function = tf.function(coupling.inverse_and_log_det, input_signature=[spec])
        with pytest.raises(ValueError, match="must be static"):
            function(tf.ones([3, 4]))


def test_without_an_event_shape_the_partition_still_checks():
    coupling = bijectors.Coupling(HALVES, AFFINE, linear(2, 4))
    with pytest.raises(ValueError, match="at least 2 entries"):
        coupling.inverse(tf.ones([3, 1]))
