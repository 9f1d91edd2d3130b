"""The Jacobian of a coupling
==========================

Densities need the determinant of a Jacobian, which costs D^3 operations for an event of D numbers.
Couplings make it cheap: what is kept depends on itself alone, and what moves on itself and on what
is kept, so the matrix is triangular and its log-determinant the sum of the logarithms of its
diagonal. Here the Jacobians are measured by automatic differentiation. A coupling and its sibling
of the other parity are triangles, a lower and an upper one. Their chain is none any more, and yet
its log-determinant is just the sum of the two.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from tfp_flows import bijectors, nets, partitions

# %%
# Two affine couplings of ten numbers, with random networks.

keras.utils.set_random_seed(2)
make_net = nets.MLP((32,), activation="tanh", zero_init=False)


def make_coupling(partition):
    """An affine coupling that is not the identity."""
    net = make_net(*partition.part_shapes((10,)), num_params=2)
    return bijectors.AffineCoupling(partition, net)


first = make_coupling(partitions.Halves())
second = make_coupling(partitions.Halves(parity=1))
chain = bijectors.Chain([first, second])

# %%
# Row i, column j: how much latent i changes with entry j of the data. The sibling is measured at
# what the first coupling puts out.

x = tf.random.normal([10], seed=0)
figure, axes = plt.subplots(1, 3, figsize=(9, 3.7), layout="constrained")
for axis, name, bijector, point in (
    (axes[0], "a coupling", first, x),
    (axes[1], "its sibling", second, first.inverse(x)),
    (axes[2], "the chain of both", chain, x),
):
    with tf.GradientTape() as tape:
        tape.watch(point)
        z = bijector.inverse(point)
    jacobian = tape.jacobian(z, point)
    log_det = bijector.inverse_log_det_jacobian(point)
    measured = np.linalg.slogdet(jacobian).logabsdet
    picture = axis.imshow(jacobian, cmap="PuOr", vmin=-1.5, vmax=1.5)
    axis.axhline(4.5, color="0.6", linewidth=0.8)
    axis.axvline(4.5, color="0.6", linewidth=0.8)
    axis.set(title=name, xticks=[], yticks=[])
    axis.set_xlabel(f"log-det of the layer   {log_det:.3f}\nof the matrix   {measured:.3f}")
axes[0].set_ylabel("latent")
figure.colorbar(picture, ax=axes, label="dz / dx", shrink=0.8)
