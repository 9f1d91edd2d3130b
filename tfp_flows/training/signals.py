"""Signals that wait until it is a good time to stop."""

import signal
import threading
from types import FrameType
from typing import Any


class Signals:
    """Notes the first of some signals while it listens; the second one does what it always does.

    Signals that the process ignores stay ignored. Outside of the main thread, where Python knows
    no signals, none is heard.

    Args:
      numbers: such as `signal.SIGTERM`.
    """

    def __init__(self, numbers: tuple[int, ...]) -> None:
        self._numbers = numbers
        self._before: dict[int, Any] = {}
        self.caught: int | None = None
        """The number of the signal that came."""

    def listen(self) -> None:
        """From now on."""
        self.caught = None
        if threading.current_thread() is not threading.main_thread():
            return
        for number in self._numbers:
            # `None` is the handler of another language, which could not be put back.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._catch)

    def stop(self) -> None:
        """What was there before is there again."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _catch(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.caught = number
        self.stop()


def left_by(number: int) -> BaseException:
    """What leaves the process as a signal would, but through every `finally`.

    `KeyboardInterrupt` for Ctrl-C; of others `SystemExit` with 128 plus the number, as shells
    have it.

    Example:
      >>> import signal
      >>> from tfp_flows.training.signals import left_by
      >>> left_by(signal.SIGTERM)
      SystemExit(143)
    """
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
