"""The observed part of a joint distribution."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.conditioner import Conditioner
from tfp_flows.distributions.bounds import BoundedDistribution, lower_bound
from tfp_flows.distributions.conditional import check_conditional, draw_given
from tfp_flows.distributions.marginal_checks import (
    check_events,
    check_parts,
    check_variables,
    parts_of,
)
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import Distribution, Net


class Marginal(BoundedDistribution):
    """The part `x` of a joint distribution `p(z, x)` whose other part `z` nobody observes.

        p(x) = integral of p(z, x) over z

    Samples are those of the joint distribution, without `z`. `log_prob` gives a lower bound, in
    nats, from samples of a posterior that knows `x`, such as a flow:

        log p(x) >= E[log p(z, x) - log q(z|x)]                         with z ~ q(z|x)
        log p(x) >= E[log(1/n sum_k p(z_k, x) / q(z_k|x))]              importance weighted

    The first bound, the ELBO, has a gap of `KL(q(z|x) || p(z|x))`; the second one is never looser,
    and tightens with `n`. `FlowModel` trains joint distribution and posterior together: a
    prior, a decoder, a posterior and an encoder make a variational autoencoder.

    Kingma & Welling 2014, https://arxiv.org/abs/1312.6114 (the ELBO); Rezende & Mohamed 2015,
    https://arxiv.org/abs/1505.05770 (flows as posteriors); Burda et al. 2016,
    https://arxiv.org/abs/1509.00519 (importance weights).

    Args:
      joint: a joint distribution of two tensors with names, such as a
        `tfd.JointDistributionNamed`. TFP does not see variables in the functions that it is made
        of: assign them to an attribute of it, Keras networks as a `bijectors.KerasNetwork`. TFP
        calls the functions with one event too, without a batch, which the networks of `nets` take.
      observed: the name of `x`.
      posterior: `q(z|x)`, a conditional `tfd.TransformedDistribution` of events like `z`.
      net: the encoder, a Keras layer or model or another callable, from `[N, *event_shape]`
        to the contexts of the posterior, `[N, *context_shape]`; `None`: the context is `x` itself.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      TypeError: if `joint` is no joint distribution of two tensors with names, or `posterior` no
        transformed distribution.
      ValueError: if no part is called `observed`, if the shapes do not fit each other, if
        `posterior` takes no context, or if the density of `joint` reads variables that TFP does
        not see.

    Example:
      >>> import tensorflow as tf, tensorflow_probability as tfp
      >>> from tfp_flows import distributions, flows
      >>> tfd = tfp.distributions
      >>> noise = tf.Variable(1.0)
      >>> joint = tfd.JointDistributionNamed({
      ...     "z": distributions.standard_normal((2,)),
      ...     "x": lambda z: tfd.Independent(tfd.Normal(z, tf.exp(noise)), 1),
      ... })
      >>> joint.noise = noise
      >>> posterior = flows.coupling_flow((2,), context_shape=(2,))
      >>> observed = distributions.Marginal(joint, "x", posterior)
      >>> observed.log_prob(tf.zeros([5, 2]), num_samples=8, importance_weighted=True).shape
      TensorShape([5])
    """

    def __init__(
        self,
        joint: Distribution,
        observed: str,
        posterior: Distribution,
        net: Net | None = None,
        *,
        validate_args: bool = False,
        name: str = "marginal",
    ) -> None:
        parameters = dict(locals())
        event_shape, self._latent = check_parts(joint, observed, posterior)
        _, context_shape = check_conditional("posterior", posterior)
        # TFP loses the attributes of joint distributions inside others, and TensorFlow cannot save
        # one: what they hold is held beside them.
        self._joint = self._no_dependency(joint)
        modules = [part for part in vars(joint).values() if isinstance(part, tf.Module)]
        self._held = *modules, *joint.variables
        self._observed, self._posterior = observed, posterior
        self._context_shape = self._no_dependency(context_shape)
        self._net = None if net is None else Conditioner(net, 1)
        if net is None and context_shape != event_shape:
            raise ValueError(
                "`posterior` must take contexts of the shape of the observed events, unless `net` "
                f"makes others; got events {event_shape} and contexts {context_shape}."
            )
        super().__init__(
            parts_of(joint.dtype)[observed],
            event_shape,
            parameters,
            validate_args=validate_args,
            name=name,
        )
        # With an event that it can have: zeros are out of range for some distributions.
        check_variables(self, joint.sample(1, seed=0))

    @property
    def joint(self) -> Distribution:
        """`p(z, x)`."""
        return self._joint

    @property
    def posterior(self) -> Distribution:
        """`q(z|x)`."""
        return self._posterior

    def _log_prob(
        self,
        x: tf.Tensor,
        *,
        num_samples: Any = 1,
        importance_weighted: bool = False,
        seed: Any = None,
    ) -> tf.Tensor:
        """A lower bound of the log-density, in nats: `[..., *event_shape] -> [...]`.

        Args:
          x: events `[..., *event_shape]`.
          num_samples: how many latents are drawn for each event; an integer tensor, too.
          importance_weighted: whether the logarithm of the mean weight is taken, the tighter
            bound, or the mean logarithm.
          seed: of the latents: an integer, or a pair as TFP's stateless seeds; `None`: they are
            new in each call.

        Raises:
          TypeError: if `x` is floating and the distribution is over integers, or if `num_samples`
            or `seed` is no integer.
          ValueError: if `x` is of another shape, or `num_samples` less than 1.
        """
        x, restore = flatten_batch(x, len(self.event_shape))
        context = self._context(x)

        def log_weight(seed: tf.Tensor) -> tf.Tensor:
            z, log_q = draw_given(self._posterior, context, seed)
            return self._log_joint(z, x) - log_q

        bound = lower_bound(
            log_weight,
            num_samples,
            seed,
            self._posterior.dtype,
            importance_weighted=importance_weighted,
        )
        return restore(bound, 0)

    def _checked_events(self, x: Any) -> tf.Tensor:
        return check_events(x, self.dtype, tuple(self.event_shape))

    def _context(self, x: tf.Tensor) -> tf.Tensor:
        dtype = self._posterior.dtype
        x = tf.cast(x, dtype)
        if self._net is None:
            return x
        return self._net.raw([(x, len(self.event_shape))], self._context_shape, dtype)

    def _log_joint(self, z: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        log_p = self._joint.log_prob(**{self._latent: z, self._observed: x})
        if not log_p.shape.is_compatible_with(x.shape[:1]):
            raise ValueError(
                f"`joint` must give one log-density an event, of shape {x.shape[:1]}; got "
                f"{log_p.shape}. See `tfd.Independent` and `tfd.Sample`."
            )
        return tf.cast(log_p, self._posterior.dtype)

    def _sample_n(self, n: Any, seed: Any = None, **kwargs: Any) -> tf.Tensor:
        return parts_of(self._joint.sample(n, seed=seed, **kwargs))[self._observed]

    def _batch_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])
