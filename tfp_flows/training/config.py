"""Flows as plain data: what `.keras` files say about a flow."""

import dataclasses
import importlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfp_flows.flows.recipe import recipe_of
from tfp_flows.nets.backend import under_policy

_PACKAGE = "tfp_flows."


def flow_to_config(distribution: Any) -> dict[str, Any]:
    """The recipe of a one-call flow in plain numbers, strings, lists and dicts.

    Raises:
      ValueError: if the distribution was made by hand, or with arguments that no file can hold.
    """
    recipe = recipe_of(distribution)
    if recipe is None:
        raise ValueError(
            "`distribution` must come from a function in `tfp_flows.flows` to be written to a "
            f"config; got {distribution}, made by hand. What works for any distribution: "
            "`save_weights`, `tf.train.Checkpoint`, and `tfp_flows.export.save`."
        )
    arguments = to_config(recipe.arguments)
    return {"flow": recipe.name, "arguments": arguments, "policy": recipe.policy}


def flow_from_config(config: dict[str, Any]) -> Any:
    """Makes the flow of `flow_to_config` again, with new variables."""
    make = getattr(importlib.import_module("tfp_flows.flows"), config["flow"])
    with under_policy(config["policy"]):
        return make(**from_config(config["arguments"]))


def to_config(value: Any) -> Any:
    """Turns arguments into plain data: also tuples, arrays and our frozen dataclasses."""
    if isinstance(value, tf.TensorShape):
        value = tuple(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {key: to_config(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return {"sequence": type(value).__name__, "items": [to_config(item) for item in value]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith(_PACKAGE):
        fields = {f.name: to_config(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"dataclass": [type(value).__module__, type(value).__name__], "fields": fields}
    return _other_to_config(value)


def from_config(config: Any) -> Any:
    """Undoes `to_config`."""
    if not isinstance(config, dict):
        return config
    if "sequence" in config:
        make = {"list": list, "tuple": tuple}[config["sequence"]]
        return make(from_config(item) for item in config["items"])
    if "array" in config:
        return np.array(config["array"], dtype=config["dtype"])
    if "dataclass" in config:
        module, name = config["dataclass"]
        if not module.startswith(_PACKAGE):
            raise ValueError(f"A config may only name classes of tfp_flows; got {module}.{name}.")
        kind = getattr(importlib.import_module(module), name)
        return kind(**{key: from_config(item) for key, item in config["fields"].items()})
    if "registered_name" in config:
        return keras.saving.deserialize_keras_object(config)
    return {key: from_config(item) for key, item in config.items()}


def _other_to_config(value: Any) -> Any:
    """Objects that their authors registered with Keras."""
    registered = keras.saving.get_registered_name(type(value)) != type(value).__name__
    if registered and hasattr(value, "get_config"):
        return keras.saving.serialize_keras_object(value)
    raise ValueError(
        f"A flow made with {value!r} cannot be written to a config: use classes of tfp_flows, or "
        "register yours with `keras.saving.register_keras_serializable` and give it `get_config`."
        " What works for any distribution: `save_weights`, `tf.train.Checkpoint`, and "
        "`tfp_flows.export.save`."
    )
