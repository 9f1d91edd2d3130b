"""The sets as files, which workers in all environments can read."""

import pathlib

import numpy as np

from likelihood.sets import load


class Arrays:
    """The parts of the sets as files for the workers, each read when it is first asked for."""

    def __init__(self, folder: str, data: pathlib.Path | None) -> None:
        self._folder, self._data = pathlib.Path(folder), data
        self._missing: dict[str, str] = {}  # A download that fails takes minutes: tried once.

    def of(self, name: str) -> pathlib.Path:
        """The file of a set.

        Raises:
          FileNotFoundError: if the set cannot be had.
        """
        if name in self._missing:
            raise FileNotFoundError(self._missing[name])
        path = self._folder / f"{name}.npz"
        if not path.exists():
            try:
                parts = load(name, self._data)
            except (ImportError, OSError) as error:
                self._missing[name] = str(error)
                raise FileNotFoundError(error) from error
            np.savez(path, **parts)
        return path
