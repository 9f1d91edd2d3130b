"""The optimizer that options describe."""

from collections.abc import Mapping
from typing import Any

import keras


def make_optimizer(options: Mapping[str, Any], num_steps: int) -> keras.optimizers.Optimizer:
    """Adam, with a warm-up, a schedule, clipping, weight decay and averages as asked for.

    Args:
      options: of `training_options`, by name.
      num_steps: in all epochs.
    """
    return keras.optimizers.Adam(
        _rate(options, num_steps),
        weight_decay=options["weight_decay"] or None,
        global_clipnorm=options["clip_norm"] or None,
        use_ema=options["ema"] > 0,
        ema_momentum=options["ema"],
    )


def _rate(options: Mapping[str, Any], num_steps: int) -> Any:
    peak, warm_up = options["learning_rate"], options["warm_up"]
    if options["schedule"] == "cosine":
        falling = max(num_steps - warm_up, 1)
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warm_up else peak,
            falling,
            warmup_target=peak if warm_up else None,
            warmup_steps=warm_up,
        )
    if warm_up:
        return keras.optimizers.schedules.PolynomialDecay(0.0, warm_up, peak)
    return peak
