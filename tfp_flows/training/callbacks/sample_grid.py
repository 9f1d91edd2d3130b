"""Pictures of what a flow samples, while it trains."""

import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfp_flows.distributions import Dequantized
from tfp_flows.latents.checks import check_flow, check_numbers
from tfp_flows.latents.sampling import draw
from tfp_flows.latents.vectors import from_vector
from tfp_flows.ops.arguments import check_int
from tfp_flows.training.batch import context_shape
from tfp_flows.training.callbacks.checks import check_guarded
from tfp_flows.training.callbacks.pictures import grid, write_png
from tfp_flows.typing import Distribution

_LOG = logging.getLogger("tfp_flows")


class SampleGrid(keras.callbacks.Callback):
    """Writes a grid of samples for each temperature, as PNG files and TensorBoard images.

    The files are `epoch_0001_temperature_0.7.png` and so on, counted from 1 as in
    `keras.callbacks.ModelCheckpoint`. Latents are the same in each epoch, so that pictures can be
    compared, and are those of the base times the temperature, as in `latents.sample`. Samples with
    NaN or inf are shown in magenta, and the log of Python says how many there are. With
    `keras.callbacks.SwapEMAWeights(swap_on_epoch=True)` before it in the list, it shows averaged
    weights.

    Args:
      directory: of the files; it is made if need be.
      every: epochs between two pictures.
      rows: of a grid.
      columns: of a grid.
      temperatures: a picture each.
      value_range: which values are black and white; values outside are clipped. By default
        `(0, 1)`, and `(0, num_levels - 1)` for a `distributions.Dequantized`.
      context: for conditional flows: one for all, or one for each sample, `[rows * columns, ...]`.
      seed: of the latents.
      log_dir: where TensorBoard finds the pictures; `None` for files only.

    Raises:
      ImportError: if there is a `log_dir` and TensorBoard is not installed.
      TypeError: if a number is none, or if the model is no `FlowModel` of a transformed
        distribution.
      ValueError: if a number is out of range, or if events are no images of 1 or 3 channels.

    Example:
      >>> import keras, numpy as np, tempfile
      >>> from tfp_flows import flows, training
      >>> model = training.FlowModel(flows.coupling_flow((4, 4, 1), num_couplings=2))
      >>> model.compile(keras.optimizers.Adam(1e-3))
      >>> pictures = training.SampleGrid(tempfile.mkdtemp(), temperatures=[0.7])
      >>> x = np.random.uniform(size=(64, 4, 4, 1))
      >>> _ = model.fit(x, epochs=2, callbacks=[pictures], verbose=0)
      >>> sorted(path.name for path in pictures.directory.iterdir())
      ['epoch_0001_temperature_0.7.png', 'epoch_0002_temperature_0.7.png']
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        every: int = 1,
        rows: int = 4,
        columns: int = 8,
        temperatures: Sequence[float] = (0.7, 1.0),
        value_range: tuple[float, float] | None = None,
        context: Any = None,
        seed: int = 0,
        log_dir: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.directory = Path(directory)
        self.every = check_int("every", every, 1)
        self.rows, self.columns = check_int("rows", rows, 1), check_int("columns", columns, 1)
        self.temperatures = _checked_temperatures(temperatures)
        self.value_range = None if value_range is None else _checked_range(value_range)
        self.context = None if context is None else tf.convert_to_tensor(context)
        self.seed = check_int("seed", seed, 0)
        self.log_dir = None if log_dir is None else Path(log_dir)
        if log_dir is not None and importlib.util.find_spec("tensorboard") is None:
            raise ImportError("`log_dir` needs TensorBoard: `pip install tensorboard`.")
        self._writer: Any = None
        self._decode: Any = None

    def set_model(self, model: Any) -> None:
        """As in Keras; `write` can be called after it, also without training."""
        check_guarded("SampleGrid", model)
        flow = _flow(model.distribution)
        check_flow(flow)
        shape = tuple(model.distribution.event_shape)
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise ValueError(
                "`SampleGrid` must have events that are images [H, W, C] with 1 or 3 channels; "
                f"got event shape {shape}."
            )
        wanted = context_shape(model.distribution)
        if wanted is not None and self.context is None:
            raise ValueError(
                f"`context` must be given for samples of {model.distribution.name}: a class, or of "
                f"shape {wanted}, or one for each of {self.rows * self.columns}."
            )
        super().set_model(model)
        # Once traced: flows have many operations.
        self._decode = tf.function(lambda vectors: from_vector(flow, vectors, self.context))

    def on_train_begin(self, logs: Any = None) -> None:
        """Finds out before the first epoch whether contexts fit."""
        del logs
        flow = _flow(self.model.distribution)
        self._decode.get_concrete_function(draw(flow, [self.rows * self.columns], 1.0, self.seed))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the pictures of an epoch."""
        del logs
        if (epoch + 1) % self.every == 0:
            self.write(f"epoch_{epoch + 1:04}", step=epoch)

    def on_train_end(self, logs: Any = None) -> None:
        """Lets go of the file of TensorBoard."""
        del logs
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def write(self, name: str, *, step: int = 0) -> list[Path]:
        """Writes a picture for each temperature, for example before training.

        Args:
          name: what files begin with.
          step: where TensorBoard shows them.

        Returns:
          The files.

        Raises:
          RuntimeError: if there is no model yet.
        """
        if self._decode is None:
            raise RuntimeError("`set_model` must be called before `write`.")
        paths = []
        for temperature in self.temperatures:
            images, bad = self._images(temperature)
            picture, title = grid(images, bad, self.rows), f"temperature_{temperature:g}"
            paths.append(self.directory / f"{name}_{title}.png")
            write_png(paths[-1], picture)
            self._show(title, picture, step)
            if bad.any():
                text = "%d of %d samples hold NaN or inf, magenta in %s."
                _LOG.warning(text, bad.sum(), len(bad), paths[-1])
        return paths

    def _images(self, temperature: float) -> tuple[np.ndarray, np.ndarray]:
        """Samples as uint8, and which of them are not finite."""
        distribution = self.model.distribution
        size = [self.rows * self.columns]
        vectors = draw(_flow(distribution), size, temperature, self.seed)
        x = self._decode(vectors)
        bad = ~np.isfinite(x).reshape(len(x), -1).all(axis=1)
        low, high = self.value_range or (0.0, 1.0)
        if isinstance(distribution, Dequantized):
            low, high = self.value_range or (0.0, distribution.num_levels - 1.0)
            finite = tf.where(tf.math.is_finite(x), x, tf.zeros_like(x))
            x = distribution.noise.quantize(finite, distribution.num_levels)
        share = np.nan_to_num((np.asarray(x, np.float64) - low) / (high - low))
        return np.round(255 * share.clip(0.0, 1.0)).astype(np.uint8), bad

    def _show(self, title: str, picture: np.ndarray, step: int) -> None:
        if self.log_dir is None:
            return
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self.log_dir))
        with self._writer.as_default():
            tf.summary.image(f"samples/{title}", picture[np.newaxis], step=step)
        self._writer.flush()


def _flow(distribution: Distribution) -> Distribution:
    return distribution.flow if isinstance(distribution, Dequantized) else distribution


def _checked_temperatures(temperatures: Any) -> list[float]:
    values = check_numbers("temperatures", temperatures)
    if values.ndim != 1 or not len(values) or (values < 0).any():
        raise ValueError(f"`temperatures` must be numbers of at least 0; got {temperatures!r}.")
    return [float(value) for value in values]


def _checked_range(value_range: Any) -> tuple[float, float]:
    values = check_numbers("value_range", value_range)
    if values.shape != (2,) or not values[0] < values[1]:
        raise ValueError(f"`value_range` must be (black, white), rising; got {value_range!r}.")
    return float(values[0]), float(values[1])
