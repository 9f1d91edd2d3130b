"""Workers, as the command sees them."""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile

from environments import python
from workloads import GROUPS, Row

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE / "worker.py"
LIMIT = 1200.0  # Seconds for an answer.


class WorkerError(RuntimeError):
    """What a worker died of."""


class Worker:
    """A process that is built by the time it is made, and then waits.

    Args:
      row: of a workload.
      function: of its adapter.

    Raises:
      WorkerError: if it cannot be built, or ends, or gives no answer.
      NotInstalledError: if its environment cannot be made.
    """

    def __init__(self, row: Row, function: str) -> None:
        group = GROUPS[row.group]
        command = [str(python(group.environment)), str(SCRIPT), row.adapter, function]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` does
        root = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [*command, json.dumps(group.options | row.options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | {"PYTHONPATH": root.rstrip(os.pathsep)},
        )
        try:
            built = self._answer()
        except WorkerError:
            self.close()
            raise
        self.parameters: int = built["parameters"]
        self.versions: dict[str, str] = built["versions"]

    def ask(self, request: str) -> dict[str, float]:
        """Lets it work, while all others wait."""
        with contextlib.suppress(BrokenPipeError):  # It has ended: `_answer` tells why.
            print(request, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict:
        ready, _, _ = select.select([self._process.stdout], [], [], LIMIT)
        if not ready:
            raise WorkerError(f"no answer within {LIMIT:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            said = [text for text in self._errors.read().splitlines() if text.strip()]
            status = self._process.wait()
            reason = said[-1].strip()[:200] if said else "it said nothing"
            raise WorkerError(f"{reason} (exit status {status})")
        return json.loads(line)

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()
