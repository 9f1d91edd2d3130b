"""Writes a flow as a SavedModel that needs nothing but TensorFlow."""

import os

import tensorflow as tf

from tfp_flows.distributions import Dequantized
from tfp_flows.distributions.bounds import BoundedDistribution
from tfp_flows.export.bounds import BoundFunctions
from tfp_flows.export.directory import write_whole
from tfp_flows.export.functions import Functions
from tfp_flows.export.integers import IntegerFunctions
from tfp_flows.training import FlowModel
from tfp_flows.training.checks import check_bin_width, check_distribution
from tfp_flows.typing import Distribution


def save(flow: Distribution, path: str | os.PathLike[str], *, bin_width: float = 1.0) -> None:
    """Writes the directory `path`, for TensorFlow Serving and for `tf.saved_model.load`.

    The functions, of which each is a signature, and an attribute of what `load` gives:

    - `log_prob(x)`: `[batch, *event_shape] -> [batch]`, in nats; also `serving_default`.
    - `bits_per_dim(x)`: `[batch, *event_shape] -> [batch]`, `(-log_prob/D - log(bin_width))/log 2`.
    - `sample(count, seed, temperature)`: `[count, *event_shape]`, from three numbers. The same
      int32 seed gives the same events, those of `FlowModel.sample`. Latents are multiplied by the
      temperature.
    - `encode(x)` and `decode(z)`: data to latent and back, as the bijector has them.

    A conditional flow's functions also take `context`, `[batch, *context_shape]`, one for each
    event or `[1, *context_shape]` for all; classes are one-hot vectors. Its arguments are `x,
    context` and `count, seed, context, temperature`.

    For integers under a flow, `distributions.Dequantized`, and for `distributions.Marginal`,
    `log_prob(x, seed)` and `bits_per_dim(x, seed)` are bounds from one sample, of noise or of the
    posterior. There is a tighter one, `log_prob_importance_weighted(x, num_samples, seed)`, and no
    `encode` and `decode`. The integers of a `Dequantized` are int32.

    A signature takes all its inputs, by these names, and gives a dict of one tensor, whose name is
    `log_prob`, `bits_per_dim`, `x` (of `sample` and `decode`) or `z`. Attributes give the tensor,
    and take 1 for a temperature that is left out. There is no `temperature` unless the flow is a
    `tfd.TransformedDistribution`, or a `Dequantized` of one, whose base has mean zero; and no
    `encode` and `decode` for what is no `tfd.TransformedDistribution`. Requests to TensorFlow
    Serving are in the page `docs/how-to/export-and-serve.md`.

    The directory is written under another name and renamed at the end: a server finds all of it or
    nothing. A SavedModel at `path` is replaced; anything else there is an error.

    Args:
      flow: a distribution with a static event shape, such as a flow, a `Dequantized` or a
        `Marginal`.
      path: directory to write. TensorFlow Serving wants it to be a version, such as "digits/1".
      bin_width: distance of neighbouring levels of the data where the flow lives, for bits/dim, as
        in `FlowModel`: `1/256` for 8-bit pixels scaled to [0, 1); 1 for continuous data and
        integers.

    Raises:
      TypeError: if `flow` is no TFP distribution.
      ValueError: if it is not one distribution over one tensor of static shape, if `bin_width` is
        not positive, or not 1 for integers, or if `path` is no local directory.
      FileExistsError: if there is something else than a SavedModel at `path`.
      OSError: if `path` cannot be written; what was there is unchanged.

    Example:
      >>> import tempfile, tensorflow as tf, tfp_flows
      >>> path = tempfile.mkdtemp()
      >>> tfp_flows.export.save(tfp_flows.flows.coupling_flow((2,), num_couplings=2), path)
      >>> loaded = tf.saved_model.load(path)
      >>> loaded.sample(3, seed=0, temperature=0.7).shape
      TensorShape([3, 2])
      >>> loaded.signatures["log_prob"](x=tf.zeros([5, 2]))["log_prob"].shape
      TensorShape([5])
    """
    if isinstance(flow, FlowModel):
        raise TypeError(
            f"`flow` must be a TFP distribution; got {flow!r}. Of a model give the "
            "`.distribution`, and its `bin_width`."
        )
    check_distribution("flow", flow)
    check_bin_width(bin_width, flow)
    functions = _kind_of(flow)(flow, bin_width)
    signatures = functions.as_signatures()
    write_whole(path, lambda fresh: tf.saved_model.save(functions, fresh, signatures))


def _kind_of(flow: Distribution) -> type[Functions]:
    if isinstance(flow, Dequantized):
        return IntegerFunctions
    return BoundFunctions if isinstance(flow, BoundedDistribution) else Functions
