"""A flow as the posterior
==========================

In variational inference a distribution that we can sample is fitted to a posterior that we know up
to a constant. Here a growth curve ``y = a (1 - exp(-b t))`` was measured six times, early: a fast
growth to a low limit and a slow one to a high limit explain the data as well, and the posterior is
a curved ridge. A Gaussian of full covariance cannot bend; a flow can. No data are drawn from the
posterior: ``training.VariationalModel`` needs its unnormalized log-density only. The effective
sample size says how good the fit is.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import flows, training

tfb, tfd = tfp.bijectors, tfp.distributions

# %%
# The model: both parameters are positive, so that their logarithms get a normal prior.

times = np.array([0.2, 0.4, 0.6, 0.8, 1.0, 1.2], np.float32)
noise = 0.15
keras.utils.set_random_seed(1)
measured = 2.0 * (1 - np.exp(-0.8 * times)) + np.random.normal(0.0, noise, 6).astype(np.float32)


def growth(theta):
    """The curves `[..., 6]` of parameters `[..., 2]`, the logarithms of `a` and `b`."""
    limit, rate = tf.unstack(tf.exp(theta)[..., tf.newaxis], axis=-2)
    return limit * (1 - tf.exp(-rate * times))


def log_posterior(theta):
    """Up to a constant, `[..., 2] -> [...]`."""
    prior = tfd.Normal(0.0, 1.0).log_prob(theta)
    likelihood = tfd.Normal(growth(theta), noise).log_prob(measured)
    return tf.reduce_sum(prior, axis=-1) + tf.reduce_sum(likelihood, axis=-1)


# %%
# Two families, both TFP distributions, fitted in the same way.

factor = tfp.util.TransformedVariable(tf.eye(2), tfb.FillScaleTriL())
families = {
    "Gaussian": tfd.MultivariateNormalTriL(tf.Variable([0.0, 0.0]), factor),
    "flow": flows.coupling_flow((2,), num_couplings=8),
}
figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), sharex=True, sharey=True, layout="constrained")
x, y = np.meshgrid(np.linspace(-0.6, 2.6, 200), np.linspace(-2.6, 1.2, 200))
log_density = log_posterior(tf.constant(np.stack([x, y], axis=-1), tf.float32)).numpy()
for panel, (name, family) in zip(axes, families.items(), strict=True):
    model = training.VariationalModel(family, log_posterior, num_samples=256)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, decay_steps=1500)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0))
    model.fit(epochs=1, steps_per_epoch=1500, verbose=0)
    scores = model.evaluate(verbose=0, return_dict=True)
    samples = family.sample(1500, seed=0)
    panel.plot(*np.transpose(samples), ".", color="tab:orange", markersize=2)
    levels = log_density.max() - np.array([4.5, 2.0, 0.5])
    panel.contour(x, y, log_density, levels, colors="black", linewidths=1)
    panel.set_title(f"{name}: ELBO {scores['elbo']:.2f}, ESS {scores['ess']:.0%}")
    panel.set_xlabel("log of the limit $a$")
axes[0].set(ylabel="log of the rate $b$", xlim=(-0.6, 2.6), ylim=(-2.6, 1.2))
