"""One worker of a cluster: `worker.py FOLDER TASK...`, with `TF_CONFIG` in the environment."""

import os
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import FlowModel, bijectors, data, flows, nets

EPOCHS, STEPS, SIZE = 3, 4, 12
TABLE = data.table(data.two_moons(SIZE * STEPS, seed=0))
X = np.float32(TABLE.values[:10])


def make(seed=0):
    """A model with statistics of the first batch, and of each batch."""
    keras.utils.set_random_seed(seed)
    flow = flows.coupling_flow((2,), num_couplings=2, net=nets.MLP((4,), zero_init=False))
    layers = [bijectors.BatchNormalization((2,)), bijectors.ActNorm((2,)), flow.bijector]
    chain = bijectors.Chain(layers)
    model = FlowModel(tfp.distributions.TransformedDistribution(flow.distribution, chain))
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    return model


def batches_of(shard=None):
    """Of all workers, or of one of them."""
    size = SIZE // shard[1] if shard else SIZE
    return TABLE.batches(size, seed=3, shard=shard)


def fit_batches(model, batches, *callbacks):
    """The logs of training and evaluation."""
    logs = model.fit(batches, epochs=EPOCHS, callbacks=list(callbacks), verbose=0).history
    return logs | model.evaluate(batches, verbose=0, return_dict=True)


def fit_arrays(model):
    """Logs and densities; of 10 events, and so a last batch of 2."""
    logs = model.fit(X, batch_size=4, verbose=0, shuffle=False, validation_data=X).history
    return logs | {"predicted": model.predict(X, batch_size=4, verbose=0)}


class Kill(keras.callbacks.Callback):
    """Leaves the others alone with a step."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.progress.num_batches == 7:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder, tasks):
    """Writes the logs and the weights of each task."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    index, count = strategy.cluster_resolver.task_id, strategy.num_replicas_in_sync
    for task in tasks:
        with strategy.scope():
            model = make(seed=index)  # All get those of the first worker.
        if task == "arrays":
            logs = fit_arrays(model)
        elif task == "shards":
            logs = fit_batches(model, batches_of((index, count)))
        elif task == "whole":
            logs = fit_batches(model, batches_of())
        else:
            # Of other steps, as workers are not killed between two of them.
            backup = keras.callbacks.BackupAndRestore(
                f"{folder}/backup-{index}", save_freq=3 - index, delete_checkpoint=False
            )
            killed = [Kill()] if task == "killed" and index == 1 else []
            logs = fit_batches(model, batches_of(), backup, *killed)
        weights = {f"w{k}": weight for k, weight in enumerate(model.get_weights())}
        np.savez(f"{folder}/{task}-{index}.npz", **weights, **logs)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
