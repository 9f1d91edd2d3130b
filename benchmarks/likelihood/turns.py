"""Processes that work in turns: what disturbs a shared machine disturbs all of them alike."""

import collections
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import IO

from environments import NotInstalledError
from processes import Process, WorkerError

SECONDS = 3.0  # Of a turn: short beside what disturbs, long beside a step.
_OVER = {"turn": "over"}


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
        print(json.dumps(_OVER), file=self._answers, flush=True)
        if not sys.stdin.readline():
            raise EOFError("nobody gives turns any more")
        self._end = time.monotonic() + SECONDS


def in_turns(
    commands: Sequence[tuple[str, Sequence[str]]],
) -> Iterator[tuple[int, dict | Exception]]:
    """Runs processes; gives the number of each that ends with its last answer, or why it died.

    Args:
      commands: environment and arguments of each; see `processes.Process`.
    """
    with contextlib.ExitStack() as stack:
        waiting = collections.deque(enumerate(commands))
        started: dict[int, Process] = {}
        while waiting:
            number, command = waiting.popleft()
            try:
                if number in started:
                    said = started[number].ask("go on")
                else:
                    started[number] = Process(*command)
                    stack.callback(started[number].close)
                    said = started[number].answer()
            except (NotInstalledError, WorkerError) as error:
                yield number, error
                continue
            if said == _OVER:
                waiting.append((number, command))
            else:
                yield number, said
