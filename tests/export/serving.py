"""What TensorFlow Serving makes of a request, as its `json_tensor.cc` has it.

As a script, `serving.py DIRECTORY...`, it answers for exported flows where there is TensorFlow and
nothing else: by their functions, by their signatures, and by requests.
"""

import json
import sys

import numpy as np
import tensorflow as tf


class Server:
    """One SavedModel in a session, with which TensorFlow Serving runs it."""

    def __init__(self, path):
        with tf.Graph().as_default() as graph:
            self._session = tf.compat.v1.Session(graph=graph)
            meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(path))
        self._signatures = meta_graph.signature_def

    def predict(self, body):
        """The JSON that answers the JSON of a request to `:predict`."""
        request = json.loads(body)
        signature = self._signatures[request.get("signature_name", "serving_default")]
        (form,) = request.keys() - {"signature_name"}
        read = {"instances": _rows, "inputs": _columns}[form]
        tensors = read(request[form], signature.inputs)
        feeds = {signature.inputs[name].name: value for name, value in tensors.items()}
        fetches = {name: info.name for name, info in signature.outputs.items()}
        return json.dumps(_answer(self._session.run(fetches, feeds), form))


def _rows(instances, inputs):
    """All inputs have the same first dimension; each instance has them all."""
    if not isinstance(instances[0], dict):
        (name,) = inputs
        return {name: _tensor(instances, inputs[name])}
    if any(row.keys() != inputs.keys() for row in instances):
        raise ValueError(f"keys must be equal to: {sorted(inputs)}")
    return {name: _tensor([row[name] for row in instances], inputs[name]) for name in inputs}


def _columns(given, inputs):
    """Inputs of any shape, of which none may be missing; those that are unknown are ignored."""
    if not isinstance(given, dict):
        (name,) = inputs
        return {name: _tensor(given, inputs[name])}
    return {name: _tensor(given[name], info) for name, info in inputs.items()}


def _tensor(value, info):
    dtype = tf.as_dtype(info.dtype)
    numbers = np.asarray(value)
    if dtype.is_integer and numbers.dtype.kind != "i":
        raise TypeError(f"{value} is not of expected type: {dtype.name}")
    return numbers.astype(dtype.as_numpy_dtype)


def _answer(outputs, form):
    """An only output has no name; rows have the first dimension of all outputs."""
    key = {"instances": "predictions", "inputs": "outputs"}[form]
    if len(outputs) == 1:
        return {key: next(iter(outputs.values())).tolist()}
    if form == "inputs":
        return {key: {name: value.tolist() for name, value in outputs.items()}}
    rows = zip(*outputs.values(), strict=True)
    return {key: [dict(zip(outputs, map(np.ndarray.tolist, row), strict=True)) for row in rows]}


def main(paths):
    """Writes beside each `given.npz` what the flow says of it, `got.npz`."""
    for path in paths:
        given = dict(np.load(f"{path}/given.npz"))
        sizes = given.pop("sizes")
        loaded = tf.saved_model.load(f"{path}/1")
        got = {}
        for size in sizes:
            got |= {f"{key}_{size}": v for key, v in answers(loaded, given, size).items()}
        got |= {f"{key}_json": value for key, value in json_answers(Server(f"{path}/1"), given)}
        np.savez(f"{path}/got.npz", **got)


def answers(loaded, given, size):
    """Every function as an attribute and as a signature; the two agree."""
    x = given["x"][:size]
    batch = {"x": x, "count": np.int32(size), "seed": np.int32(5), "num_samples": np.int32(3)}
    batch |= {"temperature": x.dtype.type(0.7) if x.dtype.kind == "f" else np.float32(0.7)}
    if "context" in given:
        batch["context"] = given["context"][:size]
    found = {}
    for name in [name for name in loaded.signatures if name != "serving_default"]:
        if name == "decode":
            batch["z"] = found["encode"]
        function, signature = getattr(loaded, name), loaded.signatures[name]
        inputs = {key: batch[key] for key in signature.structured_input_signature[1]}
        (output,) = signature(**{k: tf.constant(v) for k, v in inputs.items()}).values()
        found[name] = function(**inputs).numpy()
        np.testing.assert_array_equal(found[name], output, err_msg=name)
        if "temperature" in inputs:
            del inputs["temperature"]
            found["sample_1"] = function(**inputs).numpy()
    return found


def json_answers(server, given):
    """`log_prob` of three events by rows, if no input is a scalar, and by columns."""
    batch = {key: value[:3].tolist() for key, value in given.items()}
    if given["x"].dtype.kind == "f":
        rows = [dict(zip(batch, row, strict=True)) for row in zip(*batch.values(), strict=True)]
        yield "rows", json.loads(server.predict(json.dumps({"instances": rows})))["predictions"]
    else:
        batch["seed"] = 5
    body = {"signature_name": "log_prob", "inputs": batch}
    yield "columns", json.loads(server.predict(json.dumps(body)))["outputs"]


if __name__ == "__main__":
    main(sys.argv[1:])
