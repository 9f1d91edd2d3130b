"""Environments of the peers, each made from its file in `requirements/`: `.venv-bench/<name>`."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
HOME = HERE.parent / ".venv-bench"

_FAILED: dict[str, str] = {}


class NotInstalledError(RuntimeError):
    """Why an environment cannot be made."""


def python(name: str) -> pathlib.Path:
    """The interpreter of an environment, which is made if it is not there or was another one.

    Args:
      name: `"tensorflow"`, which is the environment of this process, or that of a file in
        `requirements/`.

    Raises:
      NotInstalledError: if it cannot be made.
    """
    if name == "tensorflow":
        return pathlib.Path(sys.executable)
    if name in _FAILED:  # Not once more for each row.
        raise NotInstalledError(_FAILED[name])
    try:
        return _made(name)
    except NotInstalledError as error:
        _FAILED[name] = str(error)
        raise


def _made(name: str) -> pathlib.Path:
    home = HOME / name
    interpreter = home / "bin" / "python"
    wanted = HERE / "requirements" / f"{name}.txt"
    made = home / "requirements.txt"  # Written last: what is half made is made again.
    if made.exists() and made.read_text() == wanted.read_text():
        return interpreter
    print(f"making {home}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", "--clear", str(home)])
    _run([str(interpreter), "-m", "pip", "install", "-q", "--requirement", str(wanted)])
    beside = made.with_suffix(".part")
    beside.write_text(wanted.read_text())
    os.replace(beside, made)
    return interpreter


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalledError((said or ["no reason given"])[0])
