"""What the workers of a pipeline run, where there need be no tfp_flows.

Beam sends what a function defines as code, and what a module defines as a name to import. So all
of it is defined in functions, and uses nothing else of this package.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Shape, of which None is any size, and dtype.
Spec = tuple[tuple[int | None, ...], np.dtype]


def make_reader(specs: Mapping[str, Spec]) -> Callable[[Any], Any]:
    """A function of one element: its arrays by name, or the error that refuses it.

    An element is the value of the only input, or a dict of all.
    """
    (only,) = specs if len(specs) == 1 else (None,)

    def read(element: Any) -> Any:
        values = element if only is None else {only: element}
        if not isinstance(values, dict) or values.keys() != specs.keys():
            got = list(values) if isinstance(values, dict) else type(values).__name__
            return ValueError(f"The element must be a dict with {list(specs)}; got {got}.")
        try:
            return {name: as_array(name, values[name]) for name in specs}
        except (TypeError, ValueError) as error:
            # A new one: the other holds on to all that was there when it was raised.
            return ValueError(str(error))

    def as_array(name: str, value: Any) -> np.ndarray:
        shape, dtype = specs[name]
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"`{name}` must be numbers; got {array.dtype}.")
        fits = [size in (None, found) for size, found in zip(shape, array.shape, strict=False)]
        if len(shape) != array.ndim or not all(fits):
            raise ValueError(f"`{name}` must have shape {shape}; got {array.shape}.")
        with np.errstate(invalid="ignore", over="ignore"):
            cast = array.astype(dtype)
        is_right = cast == array if dtype.kind in "iu" else np.isfinite(cast)
        if not np.all(is_right):
            raise ValueError(f"`{name}` must be finite, as {dtype}; got {array[~is_right][0]}.")
        return cast

    return read


def make_handler(
    base: Any,
    path: str,
    signature: str,
    names: Collection[str],
    given: Mapping[str, np.ndarray],
    *,
    is_stacked: bool,
    read: Callable[[Any], Any],
    **options: Any,
) -> Any:
    """The `ModelHandler` of a signature, for `RunInference` of the module `base`.

    For each element there is a value, or the error that refuses it: an error that was raised
    would take the other elements of the batch with it.
    """

    class SignatureHandler(base.ModelHandler):
        def load_model(self) -> Any:
            # Beam's handlers for TensorFlow load models of Keras, and need `tensorflow-hub`.
            return tf.saved_model.load(path)

        def run_inference(
            self, batch: Sequence[Any], model: Any, inference_args: dict[str, Any] | None = None
        ) -> list[Any]:
            del inference_args
            inputs = [read(element) for element in batch]
            good = [arrays for arrays in inputs if isinstance(arrays, dict)]
            values = iter(values_of(good, model.signatures[signature]))
            found = [next(values) if isinstance(arrays, dict) else arrays for arrays in inputs]
            return [base.PredictionResult(*pair) for pair in zip(batch, found, strict=True)]

        def get_num_bytes(self, batch: Sequence[Any]) -> int:
            return sum(map(sys.getsizeof, batch))  # Beam's would pickle them all for a counter.

        def get_metrics_namespace(self) -> str:
            return f"tfp_flows_{signature}"

    def values_of(good: list[dict[str, np.ndarray]], function: Any) -> list[Any]:
        if not good:
            return []
        try:
            output = call(good, function)
        except tf.errors.InvalidArgumentError as error:
            if len(good) == 1:
                return [ValueError(error.message)]
            # What the flow refuses, such as a level out of range, is found by halving.
            half = len(good) // 2
            return values_of(good[:half], function) + values_of(good[half:], function)
        # Numbers as Python has them, which Beam's coders and sinks know.
        values = output.tolist() if is_stacked and output.ndim == 1 else list(output)
        is_nan = np.isnan(output).reshape([len(output), -1]).any(axis=1)
        error = f"`{signature}` must not be NaN; got NaN."
        return [ValueError(error) if bad else v for v, bad in zip(values, is_nan, strict=True)]

    def call(good: list[dict[str, np.ndarray]], function: Any) -> np.ndarray:
        if is_stacked:
            inputs = {name: np.stack([arrays[name] for arrays in good]) for name in names}
        else:
            (inputs,) = good
        tensors = {name: tf.constant(array) for name, array in {**given, **inputs}.items()}
        (output,) = function(**tensors).values()
        return output.numpy() if is_stacked else output.numpy()[np.newaxis]

    return SignatureHandler(**options)
