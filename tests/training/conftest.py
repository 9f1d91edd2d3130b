"""Clusters of processes on one machine."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture
def run_workers(tmp_path):
    """Runs `worker.py FOLDER TASK...` in `count` processes; gives their exit codes."""
    script = pathlib.Path(__file__).with_name("worker.py")

    def run(count, *tasks, timeout=500):
        hosts = [f"127.0.0.1:{port}" for port in _free_ports(count)]
        processes = []
        try:
            for index in range(count):
                config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
                env = os.environ | {"TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": "-1"}
                command = [sys.executable, str(script), str(tmp_path), *tasks]
                with (tmp_path / f"log-{tasks[0]}-{index}").open("w") as log:
                    processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))
            return [process.wait(timeout) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()

    return run
