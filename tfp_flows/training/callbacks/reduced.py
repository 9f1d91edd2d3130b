"""Learning rates that are lowered while a training runs."""

from typing import Any

import keras
import tensorflow as tf

_Schedule = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="tfp_flows")
class Reduced(_Schedule):
    """A schedule times a factor.

    Args:
      schedule: any schedule of Keras.
      factor: of its learning rates.
    """

    def __init__(self, schedule: _Schedule, factor: float) -> None:
        self.schedule, self.factor = schedule, factor

    def __call__(self, step: Any) -> tf.Tensor:
        return self.schedule(step) * self.factor

    def get_config(self) -> dict[str, Any]:
        """As in Keras."""
        schedule = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": schedule, "factor": self.factor}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Reduced":
        """As in Keras."""
        schedule = keras.optimizers.schedules.deserialize(config["schedule"])
        return cls(schedule, config["factor"])


def reduce_learning_rate(model: Any, before: float, factor: float) -> None:
    """Multiplies the learning rate of the optimizer, or its whole schedule.

    Args:
      model: a compiled model.
      before: the learning rate to start from, where there is no schedule.
      factor: at most 1.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    config = optimizer.get_config()["learning_rate"]
    if not isinstance(config, dict):
        optimizer.learning_rate = before * factor
        return
    schedule = keras.optimizers.schedules.deserialize(config)
    if isinstance(schedule, Reduced):
        schedule, factor = schedule.schedule, schedule.factor * factor
    optimizer.learning_rate = Reduced(schedule, factor)
    model.make_train_function(force=True)  # The schedule is part of its graph.
