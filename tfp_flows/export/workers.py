"""What the workers of a pipeline run, where there need be no tfp_flows.

Beam sends what a function defines as code, and what a module defines as a name to import. So all
of it is defined in functions, and uses nothing else of this package.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Shape, of which None is any size, and dtype.
Spec = tuple[tuple[int | None, ...], np.dtype]
Reader = Callable[[Sequence[Any]], tuple[dict[str, np.ndarray], dict[int, ValueError]]]


def make_reader(specs: Mapping[str, Spec]) -> Reader:
    """A function of elements: arrays of the good ones by name, and what is wrong with the others.

    An element is the value of the only input, or a dict of all.
    """
    (only,) = specs if len(specs) == 1 else (None,)

    def read(elements: Sequence[Any]) -> tuple[dict[str, np.ndarray], dict[int, ValueError]]:
        try:
            return join(elements), {}  # In 0.5 us a row; one by one takes 20.
        except (TypeError, ValueError):
            good, errors = [], {}
        for i, element in enumerate(elements):
            try:
                good.append(join([element]))
            except (TypeError, ValueError) as error:
                # A new one: the other holds on to all that was there when it was raised.
                errors[i] = ValueError(str(error))
        return {n: np.concatenate([a[n] for a in good]) for n in specs if good}, errors

    def join(elements: Sequence[Any]) -> dict[str, np.ndarray]:
        if only is not None:
            return {only: as_array(only, elements)}
        for element in elements:
            if not isinstance(element, dict) or element.keys() != specs.keys():
                got = list(element) if isinstance(element, dict) else type(element).__name__
                raise ValueError(f"The element must be a dict with {list(specs)}; got {got}.")
        return {name: as_array(name, [element[name] for element in elements]) for name in specs}

    def as_array(name: str, values: Sequence[Any]) -> np.ndarray:
        shape, dtype = specs[name]
        array = np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"`{name}` must be numbers; got {array.dtype}.")
        fits = [size in (None, found) for size, found in zip(shape, array.shape[1:], strict=False)]
        if len(shape) != array.ndim - 1 or not all(fits):
            raise ValueError(f"`{name}` must have shape {shape}; got {array.shape[1:]}.")
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
    given: Mapping[str, np.ndarray],
    *,
    is_stacked: bool,
    read: Reader,
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
            inputs, errors = read(batch)
            values = iter(values_of(inputs, model.signatures[signature]) if inputs else ())
            found = [errors[i] if i in errors else next(values) for i in range(len(batch))]
            return [base.PredictionResult(*pair) for pair in zip(batch, found, strict=True)]

        def get_num_bytes(self, batch: Sequence[Any]) -> int:
            return sum(map(sys.getsizeof, batch))  # Beam's would pickle them all for a counter.

        def get_metrics_namespace(self) -> str:
            return f"tfp_flows_{signature}"

    def values_of(inputs: dict[str, np.ndarray], function: Any) -> list[Any]:
        try:
            output = call(inputs, function)
        except tf.errors.InvalidArgumentError as error:
            size = len(next(iter(inputs.values())))
            if size == 1:
                return [ValueError(error.message)]
            # What the flow refuses, such as a level out of range, is found by halving.
            parts = [slice(size // 2), slice(size // 2, None)]
            halves = [{name: array[part] for name, array in inputs.items()} for part in parts]
            return [value for half in halves for value in values_of(half, function)]
        # Numbers as Python has them, which Beam's coders and sinks know.
        values = output.tolist() if is_stacked and output.ndim == 1 else list(output)
        is_nan = np.isnan(output).reshape([len(output), -1]).any(axis=1)
        error = f"`{signature}` must not be NaN; got NaN."
        return [ValueError(error) if bad else v for v, bad in zip(values, is_nan, strict=True)]

    def call(inputs: dict[str, np.ndarray], function: Any) -> np.ndarray:
        if not is_stacked:  # Batches of one.
            inputs = {name: array[0] for name, array in inputs.items()}
        tensors = {name: tf.constant(array) for name, array in {**given, **inputs}.items()}
        (output,) = function(**tensors).values()
        return output.numpy() if is_stacked else output.numpy()[np.newaxis]

    return SignatureHandler(**options)
