"""Serve an exported flow
======================

Samples and scores, where there is TensorFlow but no flow library. ``train_digits.py`` runs it; then
by hand::

    python examples/serve_digits.py demo/model demo/test.npz
"""

import contextlib
import importlib
import os
import sys

# Python now takes these for not installed, and cannot import them.
sys.modules.update({"tfp_flows": None, "tensorflow_probability": None, "keras": None})
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with contextlib.ExitStack() as undo:  # TensorFlow logs before it looks at that level
    undo.callback(os.dup2, os.dup(2), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    import numpy as np
    import tensorflow as tf


def main(model_dir: str, data_file: str) -> None:
    """Prints what the model has to say; the last word is the score of the data."""
    try:
        importlib.import_module("tfp_flows")
    except ImportError as error:
        print(f"As it should be: {error}")
    else:
        sys.exit("`tfp_flows` must be out of reach here, and was imported.")
    model = tf.saved_model.load(model_dir)
    print(f"Samples of the exported flow: {model.sample(16, 7).shape}, with seed 7")
    with np.load(data_file) as arrays:
        bits = np.mean(model.bits_per_dim(arrays["pixels"]), dtype=np.float64)
    print(f"Score of the exported flow in bits/dim: {bits:.6f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
