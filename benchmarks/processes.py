"""Workers, as the command sees them."""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile
from collections.abc import Sequence

from environments import python
from workloads import GROUPS, Row

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE / "worker.py"
LIMIT = 1200.0  # Seconds for an answer.


class WorkerError(RuntimeError):
    """What a worker died of."""


class Process:
    """A process that says lines of JSON: the first one by itself, then one for each request.

    Args:
      environment: of its interpreter; see `environments.python`.
      arguments: of that.

    Raises:
      NotInstalledError: if its environment cannot be made.
    """

    def __init__(self, environment: str, arguments: Sequence[str]) -> None:
        command = [str(python(environment)), *arguments]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` does
        roots = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=os.environ | {"PYTHONPATH": roots.rstrip(os.pathsep)},
        )

    def ask(self, request: str) -> dict:
        """Lets it work, while all others wait.

        Raises:
          WorkerError: if it ends, or gives no answer.
        """
        with contextlib.suppress(BrokenPipeError):  # It has ended: `answer` tells why.
            print(request, file=self._process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict:
        """What it says next.

        Raises:
          WorkerError: if it ends, or gives no answer.
        """
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
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()
        self._errors.close()


class Worker(Process):
    """A row of a workload, which is built by the time it is made, and then waits.

    Args:
      row: of a workload.
      function: of its adapter.

    Raises:
      WorkerError: if it cannot be built, or ends, or gives no answer.
      NotInstalledError: if its environment cannot be made.
    """

    def __init__(self, row: Row, function: str) -> None:
        group = GROUPS[row.group]
        options = json.dumps(group.options | row.options)
        super().__init__(group.environment, [str(SCRIPT), row.adapter, function, options])
        try:
            built = self.answer()
        except WorkerError:
            self.close()
            raise
        self.parameters: int = built["parameters"]
        self.versions: dict[str, str] = built["versions"]
