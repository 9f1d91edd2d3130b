"""Processes that work in turns: what disturbs a shared machine disturbs all of them alike."""

import collections
import contextlib
import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

SECONDS = 3.0  # Of a turn: short beside what disturbs, long beside a step.
_OVER = "my turn is over\n"


class Turn:
    """The side of a process.

    Args:
      answers: where it tells that its turn is over; the next one is told on stdin.
    """

    def __init__(self, answers: IO[str]) -> None:
        self._answers, self._end = answers, 0.0

    def __call__(self) -> None:
        """To be called often: lets the others work when the turn is over.

        Raises:
          EOFError: if nobody is there any more.
        """
        if time.monotonic() < self._end:
            return
        self._answers.write(_OVER)
        self._answers.flush()
        if not sys.stdin.readline():
            raise EOFError("nobody gives turns any more")
        self._end = time.monotonic() + SECONDS


def in_turns(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> Iterator[tuple[int, str | RuntimeError]]:
    """Runs commands; gives the number of each that ends with its last line, or why it died."""
    with contextlib.ExitStack() as stack:
        players = collections.deque()
        for number, command in enumerate(commands):
            errors = stack.enter_context(tempfile.TemporaryFile("w+"))
            player = _Player(number, command, environment, errors)
            stack.callback(player.end)
            players.append(player)
        while players:
            player = players.popleft()
            said = player.play()
            if said == _OVER:
                players.append(player)
            else:
                yield player.number, player.result(said)


@dataclasses.dataclass
class _Player:
    """A process, which is started by its first turn."""

    number: int
    command: Sequence[str]
    environment: Mapping[str, str]
    errors: IO[str]
    process: subprocess.Popen[str] | None = None

    def play(self) -> str:
        """The line that ends its turn; an empty one if it died."""
        if self.process is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
            self.process = subprocess.Popen(self.command, **pipes, text=True, env=self.environment)
        else:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write("go on\n")
                self.process.stdin.flush()
        return self.process.stdout.readline()

    def result(self, said: str) -> str | RuntimeError:
        """What it said, or an error with the last line that it wrote to stderr."""
        status = self.process.wait()
        if status == 0 and said:
            return said
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return RuntimeError(f"{(lines or ['it said nothing'])[-1]} (exit status {status})")

    def end(self) -> None:
        """Whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(BrokenPipeError):
                self.process.communicate()
