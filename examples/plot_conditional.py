"""A flow for each class, in one
================================

``num_classes=10`` makes a flow conditional: its networks and its prior are told the class, training
takes pairs ``(image, label)``, and ``context=7`` draws sevens. Latents are multiplied by a
temperature before they are decoded. A low one gives clean digits that look alike; 1 is the model's
own distribution, with its variety and its failures. Each row is a class, and the three blocks start
from the same latents.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import tfp_flows
from tfp_flows import data, flows, latents, transforms

keras.utils.set_random_seed(0)
LEVELS = data.DIGITS_NUM_LEVELS
batches = data.images(
    data.load_digits("train"), batch_size=64, num_levels=LEVELS, labels=True, seed=0
)
flow = flows.glow(
    (8, 8, 1),
    num_levels=2,
    num_steps=4,
    filters=32,
    transform=transforms.Affine(),
    logit_alpha=1e-3,
    num_classes=10,
)
model = tfp_flows.FlowModel(flow, bin_width=batches.bin_width)
rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=20 * len(batches))
model.compile(keras.optimizers.Adam(rate, global_clipnorm=50.0))
model.fit(batches, epochs=20, verbose=0)

# %%
# Six samples of each class, at three temperatures.

figure, axes = plt.subplots(1, 3, figsize=(8, 4.6), layout="constrained")
labels = np.repeat(np.arange(10), 6)
for panel, temperature in zip(axes, (0.4, 0.7, 1.0), strict=True):
    x = latents.sample(flow, len(labels), temperature=temperature, context=labels, seed=0)
    rows = np.reshape(data.quantize(x, LEVELS), [10, 6, 8, 8])
    framed = np.pad(rows, [(0, 0), (0, 0), (1, 1), (1, 1)])
    panel.imshow(np.block([list(row) for row in framed]), cmap="gray_r", interpolation="nearest")
    panel.set_title(f"temperature {temperature}")
    panel.set(xticks=[], yticks=10 * np.arange(10) + 4.5, yticklabels=range(10))
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
