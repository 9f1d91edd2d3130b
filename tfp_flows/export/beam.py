"""The signatures of a SavedModel over data that are too many for a loop, by Apache Beam."""

import importlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.export.workers import Spec, make_handler, make_reader


def run_signature(
    path: str | os.PathLike[str],
    signature: str = "log_prob",
    *,
    given: Mapping[str, Any] | None = None,
    max_batch_size: int = 1024,
    **options: Any,
) -> Any:
    """A transform that calls a signature for each element: `(key, element) -> (key, value)`.

    Keys are anything, such as a number of the row or all of the record. What an element is follows
    from the inputs that the signature has beside those of `given`. A single one is the element;
    several are a dict.

    - If all have a batch dimension, an element is a row of it, and rows are called in batches:
      `[*event] -> ` a density, a number, for `log_prob`. What a row gets does not depend on the
      others, but for rounding.
    - Otherwise an element is a call: for `sample` with a given `count` and `temperature`, a seed
      gives the `[count, *event]` that it gives anywhere.

    Bad elements have an output of their own, `refused`, of `(key, element, reason)`, and cost no
    others: a wrong shape, what is no number or not finite, integers that are none, what the flow
    refuses, such as levels out of range, and what gets NaN. The other output, the main one, is
    `done`. Errors of the worker, such as no memory, are raised, and Beam's runner tries again.

    Workers need Beam and TensorFlow, and `path`; not this package. A process loads the model once.

    Args:
      path: of `export.save`, for the workers and for this process, which reads the signature.
      signature: its name, `log_prob`, `bits_per_dim`, `sample`, `encode` and `decode` for example.
      given: inputs that are the same for all elements, by name. A `context` for all rows is
        `[1, *context_shape]`. The noise of integers from one `seed` depends on the place in the
        batch: for bounds that can be had again, let an element be a dict of a block of rows and
        its seed.
      max_batch_size: the most rows in a call. Beam looks for the fastest number up to it.
      **options: of Beam's `ModelHandler`, such as `min_batch_size` or `large_model`.

    Returns:
      A `beam.PTransform`. Its outputs are `.done` and `.refused`.

    Raises:
      ImportError: if `apache-beam` is not installed.
      OSError: if there is no SavedModel at `path`.
      ValueError: if there is no such signature, or `given` does not suit it or has all its inputs.

    Example:
      >>> import tempfile, apache_beam as beam, tfp_flows
      >>> path = tempfile.mkdtemp()
      >>> tfp_flows.export.save(tfp_flows.flows.coupling_flow((2,), num_couplings=2), path)
      >>> with beam.Pipeline("FnApiRunner") as pipeline:
      ...   rows = pipeline | beam.Create([("a", [0.1, 0.2]), ("b", [0.3])])
      ...   scores = rows | tfp_flows.export.run_signature(path)
      ...   _ = scores.done | beam.MapTuple(lambda key, nats: print(key, type(nats).__name__))
      ...   _ = scores.refused | beam.MapTuple(lambda key, row, reason: print(key, reason))
      a float
      b `x` must have shape (2,); got (1,).
    """
    beam, base = _imported("apache_beam"), _imported("apache_beam.ml.inference.base")
    inputs = _inputs(path := os.fspath(path), signature)
    constants = _constants(signature, inputs, given or {})
    rest = {name: spec for name, spec in inputs.items() if name not in constants}
    is_stacked = all(shape and shape[0] is None for shape, _ in rest.values())
    if is_stacked:
        rest = {name: (shape[1:], dtype) for name, (shape, dtype) in rest.items()}
        _check_one_for_all(inputs, constants)
    else:
        max_batch_size = 1  # Not that many samples at once.
    handler = make_handler(
        base,
        path,
        signature,
        constants,
        is_stacked=is_stacked,
        read=make_reader(rest),
        max_batch_size=max_batch_size,
        **options,
    )

    class RunSignature(beam.PTransform):
        def expand(self, elements: Any) -> Any:
            results = elements | base.RunInference(base.KeyedModelHandler(handler))
            return results | "Part" >> beam.FlatMapTuple(part).with_outputs("refused", main="done")

    def part(key: Any, result: Any) -> Iterator[Any]:
        if isinstance(result.inference, ValueError):
            reason = str(result.inference)
            yield beam.pvalue.TaggedOutput("refused", (key, result.example, reason))
        else:
            yield key, result.inference

    return RunSignature()


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            "`run_signature` needs Apache Beam, `pip install tfp_flows[beam]`, which cannot be "
            f"imported: {error}."
        ) from error


def _inputs(path: str, signature: str) -> dict[str, Spec]:
    signatures = tf.saved_model.load(path).signatures
    if signature not in signatures:
        raise ValueError(f"`signature` must be one of {list(signatures)}; got {signature!r}.")
    specs = signatures[signature].structured_input_signature[1]
    return {
        name: (tuple(spec.shape), np.dtype(spec.dtype.as_numpy_dtype))
        for name, spec in sorted(specs.items())
    }


def _constants(
    signature: str, inputs: Mapping[str, Spec], given: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    if not given.keys() < inputs.keys():
        raise ValueError(
            f"`given` must have some of the inputs of {signature!r}, {list(inputs)}, and leave at "
            f"least one for the elements; got {list(given)}."
        )
    arrays = {}
    for name, value in given.items():
        found, errors = make_reader({name: inputs[name]})([value])
        if errors:
            raise ValueError(f"`given` must suit {signature!r}; got {value!r}: {errors[0]}")
        arrays[name] = found[name][0]
    return arrays


def _check_one_for_all(inputs: Mapping[str, Spec], constants: Mapping[str, np.ndarray]) -> None:
    for name, array in constants.items():
        if inputs[name][0][:1] == (None,) and len(array) != 1:
            raise ValueError(
                f"`given` must have one {name!r} for all rows, [1, ...]; got shape {array.shape}."
            )
