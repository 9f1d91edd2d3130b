"""Train a flow in several processes
=================================

On handwritten digits, on one machine or on many. ::

    python examples/train_multi_worker.py --workers 2

starts two of them here, which talk over loopback; if one dies it ends the others and starts all
again, and they go on after their last backups. On several machines start one process on each, with
the addresses of all and the number of this one::

    TF_CONFIG='{"cluster": {"worker": ["10.0.0.1:5000", "10.0.0.2:5000"]},
                "task": {"type": "worker", "index": 0}}' python examples/train_multi_worker.py

and let whoever starts your jobs start them all again if one fails. See docs/how-to/many-devices.md.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import tensorflow as tf

from tfp_flows import FlowModel, data, export, flows

LEVELS = data.DIGITS_NUM_LEVELS


def train(output: Path, epochs: int, batch_size: int) -> None:
    """What each worker does; they do each step together."""
    # First of all: it connects the workers.
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    task, workers = strategy.cluster_resolver.task_id, strategy.num_replicas_in_sync
    # Each worker reads its own images: together they make batches of `batch_size`.
    batches = data.images(
        data.load_digits("train")[0],
        batch_size=batch_size // workers,
        num_levels=LEVELS,
        seed=0,
        shard=(task, workers),
    )
    # Each reads all of these, and scores its part of each batch.
    test = data.images(
        data.load_digits("test")[0], "test", batch_size=batch_size, num_levels=LEVELS, seed=1
    )
    with strategy.scope():
        flow = flows.coupling_flow((8, 8, 1), num_couplings=4)
        model = FlowModel(flow, bin_width=batches.bin_width)
        model.compile(keras.optimizers.Adam(1e-3))
    # A directory for each: all save at the same time.
    backup = keras.callbacks.BackupAndRestore(str(output / f"backup-{task}"), save_freq=20)
    model.fit(batches, epochs=epochs, callbacks=[backup], verbose=2 if task == 0 else 0)
    # All must evaluate, or those who do would wait for the others.
    bits = model.evaluate(test, verbose=0, return_dict=True)["bits_per_dim"]
    if task == 0:
        export.save(flow, output / "model", bin_width=batches.bin_width)
        print(f"{workers} workers: {bits:.3f} bits/dim", flush=True)


def start(workers: int, restarts: int) -> None:
    """Runs this script in so many processes on this machine, and again if one fails."""
    for _ in range(1 + restarts):
        hosts = [f"127.0.0.1:{port}" for port in _free_ports(workers)]
        processes = []
        for index in range(workers):
            config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            # This machine's accelerators cannot be shared: each process would take them all.
            env = os.environ | {"TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": "-1"}
            processes.append(subprocess.Popen([sys.executable, *sys.argv], env=env))
        while None in (codes := [process.poll() for process in processes]) and not any(codes):
            time.sleep(0.5)
        for process in processes:
            process.kill()
            process.wait()
        if not any(codes):
            return
    sys.exit(f"A worker failed {1 + restarts} times; the last exit codes: {codes}.")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=2, help="processes to start, if none is one")
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("trained") / "multi_worker")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128, help="of all workers together")
    args = parser.parse_args()
    if "TF_CONFIG" in os.environ:
        train(args.output, args.epochs, args.batch_size)
    else:
        start(args.workers, args.restarts)
