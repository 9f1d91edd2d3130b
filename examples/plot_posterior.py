"""A flow as the posterior
==========================

In variational inference a distribution that we can sample is fitted to a posterior that we know up
to a constant. Here a growth curve ``y = a (1 - exp(-b t))`` was measured four times, early: a fast
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

times = np.float32([0.5, 1.0, 1.5, 2.0])
measured = np.float32([0.9, 0.8, 1.4, 1.2])
noise = 0.3  # Standard deviation of a measurement.


def growth(theta, times):
    """The curves `[..., n]` of parameters `[..., 2]`, the logarithms of `a` and `b`."""
    limit, rate = tf.unstack(tf.exp(theta)[..., tf.newaxis], axis=-2)
    return limit * (1 - tf.exp(-rate * times))


def log_posterior(theta):
    """Up to a constant, `[..., 2] -> [...]`."""
    prior = tfd.Normal(0.0, 1.5).log_prob(theta)
    likelihood = tfd.Normal(growth(theta, times), noise).log_prob(measured)
    return tf.reduce_sum(prior, axis=-1) + tf.reduce_sum(likelihood, axis=-1)


# %%
# Two families, both TFP distributions, fitted in the same way.

keras.utils.set_random_seed(0)
factor = tfp.util.TransformedVariable(tf.eye(2), tfb.FillScaleTriL())
families = {
    "Gaussian": tfd.MultivariateNormalTriL(tf.Variable([0.0, 0.0]), factor),
    "flow": flows.coupling_flow((2,), num_couplings=6),
}
scores = {}
for name, family in families.items():
    model = training.VariationalModel(family, log_posterior, num_samples=128)
    rate = keras.optimizers.schedules.CosineDecay(1e-2, decay_steps=600)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), steps_per_execution=100)
    model.fit(epochs=1, steps_per_epoch=600, verbose=0)
    scores[name] = model.evaluate(verbose=0, return_dict=True)

# %%
# The measurements with curves that are drawn from the flow, and the samples of both families over
# contours of the posterior. The ELBO is in nats, higher is better; the effective sample size (ESS)
# is the share of samples that is left when importance weights correct them.

figure, (curves, *panels) = plt.subplots(1, 3, figsize=(10, 3.8), layout="constrained")
t = np.linspace(0, 5, 100, dtype=np.float32)
curves.plot(t, np.transpose(growth(families["flow"].sample(40, seed=0), t)), "C1", alpha=0.3)
curves.errorbar(times, measured, yerr=noise, fmt="ko", capsize=3)
curves.set(title="data, and curves of the flow", xlabel="time $t$", ylabel="$y$", ylim=(0, 3))
x, y = np.meshgrid(np.linspace(-0.9, 2.9, 200), np.linspace(-3.2, 4.6, 200))
density = log_posterior(tf.constant(np.stack([x, y], axis=-1), tf.float32)).numpy()
for panel, (name, family) in zip(panels, families.items(), strict=True):
    panel.plot(*np.transpose(family.sample(2000, seed=0)), "C1.", markersize=3, alpha=0.5)
    levels = density.max() - np.array([4.5, 2.0, 0.5])
    panel.contour(x, y, density, levels, colors="black", linestyles="solid")
    elbo, ess = scores[name]["elbo"], scores[name]["ess"]
    panel.set_title(f"{name}\nELBO {elbo:.2f}, ESS {ess:.0%}")
    panel.set(xlabel=r"$\log a$", ylabel=r"$\log b$", xlim=(-0.9, 2.9), ylim=(-3.2, 4.6))
