"""Files that a training goes on from: whole, or known not to be."""

import contextlib
import json
import logging
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import keras

from tfp_flows.ops.archives import damage
from tfp_flows.ops.files import written_beside

_LOG = logging.getLogger("tfp_flows")
_KEPT = 2


class Place(NamedTuple):
    """How far a training was: finished epochs, and batches of the next one with their metrics."""

    epoch: int
    batch: int = 0
    metrics: dict[str, float] | None = None


class Backups:
    """The last two states of a training: weights, optimizer and what its metrics have summed up.

    A state is one file, `epoch_000003.keras`, or `epoch_000003_batch_000017.keras` in the middle of
    the next epoch. It is an archive as Keras writes it, whose parts have checksums, for
    `keras.Model.load_weights` of a model that holds the trained one. It is made in memory, as HDF5
    files on a full disk can end the process.

    Args:
      directory: of the files; it is made when it is needed.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)

    def newest(self) -> tuple[Place, Path] | None:
        """The newest whole state, and its file; `None` where there is none.

        Newer ones that are damaged are called `.damaged` from now on, and the log of Python says
        so.

        Raises:
          ValueError: all states are damaged; names them.
        """
        damaged: dict[Path, str] = {}
        for path in reversed(self._files()):
            place = _place_of(path)
            if isinstance(place, Place):
                for other, what in damaged.items():
                    _LOG.warning("%s is damaged (%s): goes back to %s.", other, what, path.name)
                    other.replace(other.with_name(f"{other.name}.damaged"))
                return place, path
            damaged[path] = place
        if damaged:
            found = "; ".join(f"{path} ({what})" for path, what in damaged.items())
            raise ValueError(
                f"`{self.directory}` must hold a whole backup; got damaged ones only: {found}. "
                "Without them the training starts anew."
            )
        return None

    def restore(self, model: keras.Model) -> Place | None:
        """Gives a model the newest whole state.

        Raises:
          ValueError: all states are damaged, or those of another model.
        """
        found = self.newest()
        if found is None:
            return None
        place, path = found
        try:
            _Held(model, {}).load_weights(path)
        except Exception as error:  # Whatever Keras finds in the way.
            raise ValueError(f"`{path}` must hold the weights of this model: {error}") from error
        return place

    def write(self, model: keras.Model, place: Place) -> Path:
        """Writes a state, and removes those before the one before it.

        Raises:
          OSError: it cannot be written; the others stay.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        name = f"epoch_{place.epoch:06}" + (f"_batch_{place.batch:06}" if place.batch else "")
        path = self.directory / f"{name}.keras"
        with written_beside(path) as beside:
            _Held(model, place._asdict()).save(beside)
        before = [other for other in self._files() if other.name < path.name]
        for other in before[: len(before) + 1 - _KEPT]:
            other.unlink(missing_ok=True)
        return path

    def remove(self) -> None:
        """All states, and the directory if nothing else is in it."""
        for path in [*self._files(), *self.directory.glob("epoch_*.keras.damaged")]:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.directory.rmdir()

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob("epoch_*.keras"))


class _Held(keras.Model):
    """What is saved: any trained model, also one that no file can say how to build."""

    def __init__(self, model: keras.Model, said: dict[str, Any]) -> None:
        super().__init__()
        self.held, self._said = model, said
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return self._said


def _place_of(path: Path) -> Place | str:
    """What a file says, or what is wrong with it."""
    found = damage(path)
    if found is not None:
        return found
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.read("config.json"))["config"]
        place = Place(**said)
        if not all(isinstance(number, int) and number >= 0 for number in place[:2]):
            return f"it says {said}"
        return place._replace(metrics={k: float(v) for k, v in (place.metrics or {}).items()})
    except Exception as error:  # Of a whole archive that somebody else wrote.
        return str(error) or type(error).__name__
