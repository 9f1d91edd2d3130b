"""TensorFlow Serving's rules: names, batch dimensions, requests; the page that tells of them."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import data

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "how-to" / "export-and-serve.md"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The folder in which the Python of the page was run, its variables and its text."""
    folder, text, namespace = tmp_path_factory.mktemp("page"), PAGE.read_text(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            if "apache_beam" not in block:  # That is for `test_beam.py`.
                exec(block, namespace)
    return folder, namespace, text


@pytest.mark.slow
def test_the_page_is_right(page, server):
    folder, said, text = page
    assert said["twos"].shape == (4, 2)
    assert said["bound"].shape == (2,)
    np.testing.assert_allclose(said["same"], said["samples"], atol=1e-4)
    np.testing.assert_allclose(said["bits"], -said["nats"] / 2 / np.log(2), rtol=1e-5)
    servers = {name: server(folder / "models" / name / "1") for name in ("flow", "labelled")}
    servers["integers"] = server(folder / "models" / "integers" / "1")
    requests = re.findall(r"models/(\w+):predict[\s\\]+-d '(.*?)'", text, re.DOTALL)
    assert len(requests) == 6
    answers = [json.loads(servers[name].predict(body)) for name, body in requests]
    assert [np.shape(v) for a in answers for v in a.values()] == [
        (2,),
        (2, 2),
        (2,),
        (4, 2),
        (4, 2),
        (2,),
    ]
    np.testing.assert_allclose(answers[3]["outputs"], said["samples"], rtol=1e-5)
    x = np.float32([[0.1, 0.2], [0.3, 0.4]])
    np.testing.assert_allclose(answers[0]["predictions"], said["flow"].log_prob(x), rtol=1e-5)
    # A bad event spoils its own row only, and single numbers are no rows.
    rows = {"instances": [[0.1, 0.2], [float("nan"), 0.4]]}
    first, second = json.loads(servers["flow"].predict(json.dumps(rows)))["predictions"]
    np.testing.assert_allclose(first, answers[0]["predictions"][0], rtol=1e-5)
    assert np.isnan(second)
    row = {"signature_name": "sample", "instances": [{"count": 4, "seed": 7, "temperature": 1.0}]}
    with pytest.raises(ValueError, match="shape"):
        servers["flow"].predict(json.dumps(row))
    wrong = {"inputs": {"x": [[0, 300]], "seed": 7}}
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.255"):
        servers["integers"].predict(json.dumps(wrong))


@pytest.mark.slow
def test_the_client_of_the_page_gives_the_levels_of_training(page):
    folder, said, _ = page
    options = {"batch_size": 360, "num_bits": 5, "labels": True, "dequantize": False}
    (levels, _) = next(iter(data.images(str(folder / "pictures"), "all", **options)))
    np.testing.assert_array_equal(data.quantize(said["y"], said["levels"]), levels)
    assert (folder / "seven_3.png").is_file()


@pytest.mark.slow
def test_saved_model_cli_prints_names_and_shapes(page):
    tool = "from tensorflow.python.tools.saved_model_cli import main; main()"
    command = [sys.executable, "-c", tool, "show", "--all", "--dir"]
    path = page[0] / "models" / "labelled" / "1"
    printed = subprocess.run([*command, path], check=True, capture_output=True, text=True).stdout
    found = {}
    for name, body in re.findall(r"signature_def\['(\w+)'\]:(.*?)Method name", printed, re.DOTALL):
        tensors = re.findall(r"(in|out)puts\['(\w+)'\].*?DT_(\w+).*?shape: (\(.*?\))", body, re.S)
        found[name] = {f"{kind} {key}": (dtype, shape) for kind, key, dtype, shape in tensors}
    events, contexts, scalars = ("FLOAT", "(-1, 2)"), ("FLOAT", "(-1, 3)"), ("FLOAT", "(-1)")
    log_prob = {"in x": events, "in context": contexts, "out log_prob": scalars}
    assert found["serving_default"] == found["log_prob"] == log_prob
    bits = {"in x": events, "in context": contexts, "out bits_per_dim": scalars}
    assert found["bits_per_dim"] == bits
    assert found["encode"] == {"in x": events, "in context": contexts, "out z": events}
    assert found["decode"] == {"in z": events, "in context": contexts, "out x": events}
    number, temperature = ("INT32", "()"), ("FLOAT", "()")
    inputs = {"in count": number, "in seed": number, "in temperature": temperature}
    assert found["sample"] == {**inputs, "in context": contexts, "out x": events}
    methods = re.findall(r"Method name is: (\S+)", printed)
    assert set(methods) == {"tensorflow/serving/predict"}
