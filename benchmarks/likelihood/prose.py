"""What the page says around its tables."""

from likelihood.course import CLIP, DECAY, PEAK, WARM_UP
from likelihood.sets import HELD_OUT_IMAGES, KINDS
from likelihood.sizes import GLOW, TABLE
from likelihood.turns import SECONDS

INTRODUCTION = """\
# Likelihoods on two cores

How well each flow fits held-out data after the same time of training on two CPU cores: our flows,
TFP's own and those of PyTorch libraries, on the same arrays, with the same training. What a longer
training on better hardware reaches is another question: see the papers' numbers below.

```sh
{command}
```

In the pictures blue is ours, orange TensorFlow Probability's own, green PyTorch; a dot is a seed.

"""
UNITS = {
    "images": """\
## Images

Bits/dim of the whole test set, lower is better: a bound, with one draw of dequantization noise for
each image. {seconds:g} seconds of training; mean, lowest and highest of {seeds} seeds.

![Test bits/dim of each flow on each set of images](likelihoods_images.png)

""",
    "tables": """\
## Tables

Log-density of the test rows in nats, higher is better. Columns are standardized by the training
rows, so numbers are in units of standardized columns; those of MINIBOONE are in the units of its
publishers, as all published numbers are. {seconds:g} seconds of training; mean, lowest and highest
of {seeds} seeds. (The Gaussian has no seed.)

![Test log-density of each flow on each table](likelihoods_tables.png)

""",
}
PAPERS = {
    "images": """
The papers' own numbers, of models in their full size and trained to the end; each links to the
paper that has it. NICE's are computed from the log-likelihoods of its paper.

""",
    "tables": """
The papers' own numbers for MINIBOONE. Their models trained on the 29,556 rows of the official
training split, those above on nine tenths of the 3,284 rows of the validation split, a tenth as
many. Each number links to the paper that has it.

""",
}
PROTOCOL = f"""\
## How it was measured

The same for every flow of every library:

- Each in a process of its own, on two cores with two threads. The flows of a set take turns of
  {SECONDS:g} seconds, so that whatever else the machine does hinders all of them alike. The clock
  runs while batches are made and steps are done. The first step, which traces and compiles, does
  not count (it is the column "first call"), nor do validations.
- Batches of {KINDS["images"].batch} images or {KINDS["tables"].batch} rows, from one NumPy code
  with one seed. Images get uniform noise anew in each epoch; Flow++ gets the bytes, as it learns
  its own noise.
- Adam with a peak rate of {PEAK:g}, warmed up over {WARM_UP:.0%} of the time, then a cosine by the
  clock; gradients clipped to norm {CLIP:g}; averaged weights (EMA {DECAY:g}).
- The averaged weights are scored {KINDS["images"].checks} times on {HELD_OUT_IMAGES:,} images, or
  {KINDS["tables"].checks} times on a tenth of the rows, held out of the training part. The best of
  them are scored on the test part, which nothing else looks at.
- A seed decides initial weights, order and noise of the batches. Parts, test noise and the noise of
  the tables are the same for all seeds. Where there is no official test part it is a random tenth.
- Recorded numbers are rounded, and a density can grow without end on them: each column of a table
  got, once, uniform noise as wide as the smallest distance of two of its values. MINIBOONE, which
  its publishers prepared, is as it is.
- Data-dependent layers are set by the first 256 events. Data in [0, 1] go through
  `logit(a + (1 - 2a) x)` with a = {GLOW.alpha:g} in every flow, `tfb.Glow` and normflows' included;
  Flow++ has it inside.

The sizes: `tfb.Glow` and normflows' Glow have {GLOW.levels} levels of {GLOW.steps} steps with
{GLOW.filters} filters, as `glow_small` has. Flows of tables have {TABLE.layers} layers, whose
networks have hidden layers of {TABLE.hidden[0]} and {TABLE.hidden[1]} units; zuko's NSF has
{TABLE.layers // 2}, as each of its layers moves every column and a coupling half of them. Mixtures
have {TABLE.components} components, splines {TABLE.components} bins.

Each library is used as it is, but where that would have been the end of it: scales of `tfb.RealNVP`
and `tfb.MaskedAutoregressiveFlow` are kept within (exp(-2), exp(2)), as ours are by default, since
the latter came to NaN in its seventh step on MINIBOONE; and `ActNorm` stands between the couplings
of nflows, which towards the latents only contract, and without it scored -44.35 there. TensorFlow
is in `tf.function`, PyTorch runs eagerly: compiled, the Glow of normflows is slower, zuko does not
run, and only nflows is faster, by a quarter ([measured](benchmarks.md)). Nothing else was tuned for
any flow.

The sets: Power is the first 48,424 minutes of UCI's household power consumption, with the minute of
the day; Protein is UCI's CASP; HIGGS the 7,000 and 500 rows of LightGBM's example; Galaxies 100,000
simulated galaxies of pzflow.

"""
