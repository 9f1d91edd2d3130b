"""Our Chain: contexts, keywords, mixed event ranks, and what it shares with TFP's."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, partitions, transforms
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, random_data, scrambled

tfb, tfd = tfp.bijectors, tfp.distributions
AFFINE = transforms.Affine()
IMAGE = (2, 2, 2)


class Linear(tf.Module):
    """Dense on the flat entries, in any dtype."""

    def __init__(self, moved_shape, num_inputs):
        super().__init__()
        self.params_shape = [*moved_shape[:-1], 2 * moved_shape[-1]]
        shape = [num_inputs, int(np.prod(self.params_shape))]
        values = 0.3 * np.random.default_rng(0).normal(size=shape)
        self.kernel = tf.Variable(tf.constant(values))

    def __call__(self, *known):
        flat = [tf.reshape(value, [tf.shape(value)[0], -1]) for value in known]
        raw = tf.concat(flat, axis=-1) @ tf.cast(self.kernel, known[0].dtype)
        return tf.reshape(raw, [-1, *self.params_shape])


def coupling(event_shape=(4,), partition=partitions.Halves(), context_shape=None, name="coupling"):
    kept, moved = partition.part_shapes(event_shape)
    num_inputs = int(np.prod(kept)) + (0 if context_shape is None else int(np.prod(context_shape)))
    net = Linear(moved, num_inputs)
    return bijectors.Coupling(
        partition, AFFINE, net, event_shape=event_shape, context_shape=context_shape, name=name
    )


def told(name="coupling", context_shape=(3,)):
    return coupling(context_shape=context_shape, name=name)


def board(parity=0):
    return coupling(IMAGE, partitions.Checkerboard(parity=parity))


def float64(value):
    return tf.constant(value, tf.float64)


def data(*shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape))


CONTEXT = data(5, 3)


# Composition.

SCALES = float64([0.5, 2.0])
MIXED = {
    "scalars": (lambda: [tfb.Shift(float64(1.0)), tfb.Scale(float64(2.0))], (4,)),
    "scalars and couplings": (lambda: [tfb.Scale(float64(2.0)), coupling()], (4,)),
    "ranks 0, 1 and 3": (
        lambda: [
            tfb.Scale(float64(0.5)),
            board(),
            tfb.ScaleMatvecDiag(SCALES),
            tfb.SinhArcsinh(float64(0.2), float64(1.1)),
            board(1),
            tfb.ScaleMatvecTriL(float64([[1.5, 0.0], [0.7, 0.4]])),
            tfb.Shift(SCALES),
        ],
        IMAGE,
    ),
    "rank 1 first": (lambda: [tfb.ScaleMatvecDiag(SCALES), board()], IMAGE),
    "rank 1 last": (lambda: [board(), tfb.ScaleMatvecDiag(SCALES)], IMAGE),
    "ours of rank 1 in images": (
        lambda: [coupling((2,)), board(), bijectors.Elementwise(AFFINE, (2,), dtype=tf.float64)],
        IMAGE,
    ),
    "Reshape inside": (
        lambda: [board(), tfb.Reshape(IMAGE, [8]), coupling((8,)), tfb.Scale(float64(3.0))],
        IMAGE,
    ),
    "Reshape there and back": (
        lambda: [tfb.Reshape([4], [2, 2]), tfb.ScaleMatvecDiag(SCALES), tfb.Reshape([2, 2], [4])],
        (4,),
    ),
    "permutations": (
        lambda: [tfb.Permute([2, 0, 3, 1]), coupling(), tfb.Invert(coupling())],
        (4,),
    ),
    "parts in the middle": (
        lambda: [
            tfb.Invert(tfb.Split([2, 2])),
            tfb.JointMap([tfb.Scale(float64(2.0)), tfb.Softplus()]),
            tfb.Split([2, 2]),
            coupling(),
        ],
        (4,),
    ),
    "nested": (
        lambda: [bijectors.Chain([tfb.Scale(float64(2.0)), coupling()]), tfb.Chain([coupling()])],
        (4,),
    ),
    "empty": (list, (4,)),
}
POSITIVE = {"parts in the middle"}


@pytest.fixture(params=MIXED)
def mixed(request):
    links, event_shape = MIXED[request.param]
    x = random_data(event_shape, tf.float64, seed=1, n=3)
    # Data that every link can have made.
    x = tf.exp(x) + 1 if request.param in POSITIVE else x
    return bijectors.Chain(links()), x, len(event_shape)


def test_log_dets_of_mixed_ranks_are_those_of_autodiff(mixed):
    chain, x, ndims = mixed
    with scrambled(chain, scale=0.1, seed=3):
        subject = Subject(chain, x, ndims)
        assert values.log_det_against_autodiff(subject) < 1e-10
        assert values.forward_log_det_against_inverse(subject) < 1e-10
        assert values.round_trip_of_data(subject) < 1e-10


def test_results_are_those_of_the_stock_chain(mixed):
    chain, x, ndims = mixed
    stock = tfb.Chain(list(chain.bijectors))
    z = stock.inverse(tf.identity(x))
    np.testing.assert_allclose(chain.inverse(x), z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(chain.forward(tf.identity(z)), x, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(
        np.broadcast_to(stock.inverse_log_det_jacobian(tf.identity(x), event_ndims=ndims), [3]),
        chain.inverse_log_det_jacobian(x, event_ndims=ndims),
        rtol=1e-12,
    )
    assert chain.forward_min_event_ndims == stock.forward_min_event_ndims
    assert chain.inverse_min_event_ndims == stock.inverse_min_event_ndims
    shape = tf.TensorShape(x.shape[1:])
    assert chain.inverse_event_shape(shape) == stock.inverse_event_shape(shape)
    assert chain.forward_event_shape(z.shape[1:]) == shape


def test_densities_sum_over_whole_events(mixed):
    chain, x, ndims = mixed
    z = chain.inverse(x)
    base = distributions.standard_normal(tuple(z.shape[1:]), tf.float64)
    flow = tfd.TransformedDistribution(base, chain)
    assert flow.event_shape == x.shape[1:]
    assert flow.batch_shape == ()
    log_det = np.broadcast_to(chain.inverse_log_det_jacobian(x, event_ndims=ndims), [3])
    np.testing.assert_allclose(flow.log_prob(x), base.log_prob(z) + log_det, rtol=1e-12)
    assert flow.sample(2, seed=0).shape == (2, *x.shape[1:])


def test_the_log_det_of_an_own_link_may_be_smaller_than_its_batch():
    class PerPixel(bijectors.EventBijector):
        """Doubles channels; says so once, for each column, or for each pixel."""

        def __init__(self, log_det_shape):
            parameters = dict(locals())
            self.log_det_shape = log_det_shape
            super().__init__(forward_min_event_ndims=1, parameters=parameters, name="per_pixel")

        def _forward_and_log_det(self, z, context=None):
            return 2 * z, tf.fill(self.log_det_shape, float64(2 * np.log(2.0)))

        def _inverse_and_log_det(self, x, context=None):
            return x / 2, tf.fill(self.log_det_shape, float64(-2 * np.log(2.0)))

    link, x = board(), data(3, *IMAGE)
    wanted = values.autodiff_log_det(Subject(bijectors.Chain([PerPixel(()), link]), x, 3))
    for shape in [(), (2,), (1, 2), (1, 1, 1), (3, 2, 2)]:
        chain = bijectors.Chain([PerPixel(shape), link])
        np.testing.assert_allclose(chain.inverse_and_log_det(x)[1], wanted, rtol=1e-10)
        if shape == (1, 2):
            spec = tf.TensorSpec([None, *IMAGE], tf.float64)
            unknown = tf.function(chain.inverse_and_log_det, input_signature=[spec])
            np.testing.assert_allclose(
                unknown(data(3, *IMAGE))[1], chain.inverse_and_log_det(data(3, *IMAGE))[1]
            )


def test_an_empty_chain_is_the_identity():
    chain, x = bijectors.Chain([]), data(3, 4)
    np.testing.assert_array_equal(chain.forward(x), x)
    np.testing.assert_array_equal(chain.inverse(x), x)
    np.testing.assert_array_equal(chain.inverse_log_det_jacobian(x, event_ndims=1), np.zeros(3))
    assert chain.variables == ()
    assert chain.is_constant_jacobian


def test_links_can_be_read_back_in_their_order():
    links = [tfb.Scale(2.0), coupling(), tfb.Exp()]
    chain = bijectors.Chain(links)
    assert list(chain.bijectors) == links
    assert len(chain.bijectors) == 3
    links.append(tfb.Shift(1.0))
    assert len(chain.bijectors) == 3


def test_any_iterable_of_links_makes_a_chain():
    chain = bijectors.Chain(link for link in (tfb.Exp(), tfb.Shift(1.0)))
    assert len(chain.bijectors) == 2
    assert float(chain.copy().forward(-1.0)) == 1


def test_copies_share_links_and_differ_in_name():
    chain = bijectors.Chain([coupling(), tfb.Scale(float64(2.0))])
    copy = chain.copy(name="other")
    assert copy.name == "other"
    assert copy != chain
    np.testing.assert_array_equal(copy.inverse(data(3, 4)), chain.inverse(data(3, 4)))
    assert {id(v) for v in copy.variables} == {id(v) for v in chain.variables}


def test_repr_and_str_name_the_links():
    chain = bijectors.Chain([tfb.Exp(), coupling()], name="mine")
    for text in (repr(chain), str(chain)):
        assert "mine" in text
        assert "Exp" in text
        assert "Coupling" in text


@pytest.mark.parametrize(
    ("links", "is_constant"),
    [
        ([tfb.Scale(2.0), tfb.Shift(1.0)], True),
        ([tfb.Scale(2.0), tfb.Exp()], False),
        ([tfb.Scale(2.0), coupling()], False),
    ],
    ids=["affine", "exp", "coupling"],
)
def test_a_jacobian_is_called_constant_only_if_it_is(links, is_constant):
    chain = bijectors.Chain(links)
    assert chain.is_constant_jacobian == is_constant


def test_moments_of_a_linear_chain_are_those_of_tfp():
    chain = bijectors.Chain([tfb.Scale(2.0), tfb.Shift(1.0)])
    flow = tfd.TransformedDistribution(tfd.Normal(3.0, 1.0), chain)
    assert float(flow.mean()) == 8
    assert float(flow.stddev()) == 2
    assert float(flow.cdf(8.0)) == 0.5
    assert float(flow.quantile(0.5)) == 8


def test_a_decreasing_chain_knows_it():
    chain = bijectors.Chain([tfb.Exp(), tfb.Scale(-2.0), AFFINE.bijector([0.3, 0.1])])
    flow = tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), chain)
    levels = tf.constant([0.1, 0.5, 0.9])
    np.testing.assert_allclose(flow.cdf(tf.identity(flow.quantile(levels))), levels, rtol=1e-5)
    samples = flow.sample(2000, seed=0)
    assert np.mean(samples < flow.quantile(0.3)) == pytest.approx(0.3, abs=0.05)


def test_stock_links_with_a_batch_give_a_batch_of_flows():
    links = [tfb.Scale(float64([1.0, 2.0, 3.0]))]
    normal = tfd.Normal(float64(0.0), float64(1.0))
    for chain in (bijectors.Chain(links), tfb.Chain(links)):
        flow = tfd.TransformedDistribution(normal, chain)
        assert flow.batch_shape == (3,)
        assert flow.sample(5).shape == (5, 3)
        wanted = tfd.Normal(float64(0.0), float64([1.0, 2.0, 3.0])).log_prob(float64(0.7))
        np.testing.assert_allclose(flow.log_prob(float64(0.7)), wanted)
        np.testing.assert_allclose(flow[1].log_prob(float64(0.7)), wanted[1])


def test_stock_links_with_a_batch_go_with_couplings():
    diagonals = float64([[1.0, 2.0, 3.0, 4.0], [0.5, 0.5, 0.5, 0.5], [1.0, 1.0, 1.0, 2.0]])
    chain = bijectors.Chain([coupling(), tfb.ScaleMatvecDiag(diagonals), tfb.Scale(float64(2.0))])
    base = distributions.standard_normal((4,), tf.float64)
    flow = tfd.TransformedDistribution(base, chain)
    assert flow.batch_shape == (3,)
    assert flow.sample().shape == (3, 4)
    x = data(5, 1, 4)
    densities = flow.log_prob(x)
    assert densities.shape == (5, 3)
    for i in range(3):
        links = [coupling(), tfb.ScaleMatvecDiag(diagonals[i]), tfb.Scale(float64(2.0))]
        alone = tfd.TransformedDistribution(base, bijectors.Chain(links))
        np.testing.assert_allclose(densities[:, i], alone.log_prob(x[:, 0]), rtol=1e-12)


def test_flows_of_bijectors_without_parameter_properties_work():
    class Double(tfb.Bijector):
        def __init__(self):
            super().__init__(forward_min_event_ndims=0, parameters={}, name="double")

        def _forward(self, x):
            return 2 * x

        def _inverse(self, y):
            return y / 2

        def _inverse_log_det_jacobian(self, y):
            return tf.fill(tf.shape(y), -tf.math.log(float64(2.0)))

    chain = bijectors.Chain([Double(), coupling()])
    flow = tfd.TransformedDistribution(distributions.standard_normal((4,), tf.float64), chain)
    assert flow.log_prob(flow.sample(3)).shape == (3,)
    assert "batch_shape=?" in repr(chain)


# Contexts and keywords.


def test_a_context_goes_to_every_link_that_takes_one():
    first, second, third = told("a"), coupling(name="b"), told("c")
    x = data(5, 4)
    z = first.inverse(x, context=CONTEXT)
    z = third.inverse(second.inverse(z), context=CONTEXT)
    chain = bijectors.Chain([first, second, third])
    assert chain.context_shape == (3,)
    np.testing.assert_array_equal(chain.inverse(x, context=CONTEXT), z)
    back = chain.forward(tf.identity(z), context=CONTEXT)
    np.testing.assert_allclose(back, x, rtol=1e-10)


@pytest.mark.parametrize(
    "nest",
    [
        lambda link: [link, coupling()],
        lambda link: [coupling(), link],
        lambda link: [tfb.Invert(tfb.Invert(link))],
        lambda link: [bijectors.Chain([coupling(), link]), coupling()],
        lambda link: [tfb.Invert(bijectors.Chain([tfb.Invert(link)])), tfb.Scale(float64(2.0))],
        lambda link: [bijectors.Chain([bijectors.Chain([link])])],
    ],
    ids=["first", "last", "inverted", "nested", "inverted and nested", "deep"],
)
def test_a_context_arrives_at_any_depth_whatever_the_names(nest):
    # All links have the same name.
    chain, x = bijectors.Chain(nest(told())), data(5, 4)
    assert chain.context_shape == (3,)
    one, other = (chain.inverse(x, context=context) for context in (CONTEXT, -CONTEXT))
    assert np.max(np.abs(one - other)) > 0.01
    assert values.log_det_against_autodiff(Subject(chain, x, 1)) < 1e-10
    flow = tfd.TransformedDistribution(distributions.standard_normal((4,), tf.float64), chain)
    kwargs = {"bijector_kwargs": {"context": CONTEXT}}
    assert flow.log_prob(flow.sample(5, **kwargs), **kwargs).shape == (5,)


def test_keywords_for_one_link_go_by_its_name():
    a, b, x = told("a"), told("b"), data(5, 4)
    chain = bijectors.Chain([a, b])
    wanted = b.inverse(a.inverse(x, context=CONTEXT), context=-CONTEXT)
    named = chain.inverse(x, a={"context": CONTEXT}, b={"context": -CONTEXT})
    np.testing.assert_array_equal(named, wanted)
    # A name wins over what goes to all.
    mixed = chain.inverse(x, context=CONTEXT, b={"context": -CONTEXT})
    np.testing.assert_array_equal(mixed, wanted)
    log_det = chain.inverse_log_det_jacobian(x, a={"context": CONTEXT}, b={"context": -CONTEXT})
    np.testing.assert_array_equal(
        log_det, chain.inverse_log_det_jacobian(x, context=CONTEXT, b={"context": -CONTEXT})
    )


def test_names_reach_into_nested_and_stock_chains():
    a, b, x = told("a"), coupling(name="b"), data(5, 4)
    wanted = b.inverse(a.inverse(x, context=CONTEXT))
    for inner in (bijectors.Chain([a], name="inner"), tfb.Chain([a], name="inner")):
        chain = bijectors.Chain([inner, b])
        got = chain.inverse(x, inner={"a": {"context": CONTEXT}})
        np.testing.assert_array_equal(got, wanted)


def test_stock_links_get_their_keywords_by_name():
    def shift_and_log_scale(x, conditional_input):
        del x
        return conditional_input, tf.zeros_like(conditional_input)

    flow = tfb.MaskedAutoregressiveFlow(shift_and_log_scale, name="maf")
    chain = bijectors.Chain([coupling(), flow])
    x, context = data(5, 4), data(5, 4)
    got = chain.inverse(x, maf={"conditional_input": context})
    np.testing.assert_allclose(got, coupling().inverse(x) - context, rtol=1e-12)


@pytest.mark.parametrize("kwargs", [{"contxt": 1}, {"a": {}, "contxt": 1}], ids=str)
def test_an_unknown_keyword_is_told(kwargs):
    chain = bijectors.Chain([coupling(name="a"), coupling(name="b")])
    for method in (chain.inverse, chain.forward_log_det_jacobian):
        with pytest.raises(TypeError, match=r"`chain` takes no keyword \['contxt'\]"):
            method(data(5, 4), **kwargs)


def test_a_context_that_is_missing_is_told_by_whom_it_misses():
    chain, x = bijectors.Chain([told("a"), told("b")]), data(5, 4)
    with pytest.raises(ValueError, match="`context` must be given: `chain`"):
        chain.inverse(x)
    with pytest.raises(ValueError, match="`context` must be given: `b`"):
        chain.inverse(x, a={"context": CONTEXT})


def test_a_context_that_no_link_takes_is_told():
    chain = bijectors.Chain([coupling(), tfb.Scale(float64(2.0))])
    with pytest.raises(ValueError, match="`context` must not be given: `chain` takes none"):
        chain.inverse(data(5, 4), context=CONTEXT)


@pytest.mark.parametrize("names", [("a", "b"), ("a", "a")], ids=["two names", "one name"])
def test_links_must_want_contexts_of_one_shape(names):
    links = [told(names[0], (3,)), told(names[1], (2,))]
    with pytest.raises(ValueError, match=r"contexts of one shape; got .*\(3,\).*\(2,\)"):
        bijectors.Chain(links)


# Errors.


@pytest.mark.parametrize("thing", [3, None, "exp", tfb.Exp, tfd.Normal(0.0, 1.0)], ids=str)
def test_what_is_no_bijector_is_told(thing):
    with pytest.raises(TypeError, match="`bijectors` must hold bijectors; got"):
        bijectors.Chain([tfb.Exp(), thing])


def test_a_single_bijector_is_no_list():
    with pytest.raises(TypeError, match="not iterable"):
        bijectors.Chain(tfb.Exp())


@pytest.mark.parametrize(
    "links",
    [
        lambda: [tfb.Invert(tfb.Split([2, 2])), tfb.JointMap([tfb.Exp(), tfb.Exp()])],
        lambda: [tfb.JointMap([tfb.Exp(), tfb.Exp()]), tfb.Split([2, 2])],
        lambda: [tfb.Exp(), tfb.AbsoluteValue()],
    ],
    ids=["several latents", "several events", "not injective"],
)
def test_a_chain_maps_one_tensor_to_one_and_back(links):
    with pytest.raises(ValueError, match=r"one tensor to one tensor and back.*got \['"):
        bijectors.Chain(links())


def test_integers_are_told():
    with pytest.raises(TypeError, match="`chain` must be given floating numbers; got dtype int32"):
        bijectors.Chain([tfb.Exp()]).inverse(tf.constant([1, 2]))
