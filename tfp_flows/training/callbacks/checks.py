"""What callbacks ask of a model."""

from typing import Any

from tfp_flows.training.guarded import GuardedModel


def check_guarded(callback: str, model: Any) -> None:
    """Raises a `TypeError` unless the model is one of this package."""
    if not isinstance(model, GuardedModel):
        raise TypeError(f"The model of `{callback}` must be a `FlowModel`; got {model!r}.")
