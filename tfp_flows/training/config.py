"""Flows as plain data: what `.keras` files say about a flow."""

import dataclasses
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfp_flows.distributions import ArgmaxNoise, Dequantized, FlowNoise, Noise, UniformNoise
from tfp_flows.flows import coupling_flow, flowpp, flowpp_noise, glow, nice, realnvp
from tfp_flows.flows.recipe import recipe_of
from tfp_flows.nets.backend import under_policy

# What files may name: classes of these rooms, and nothing else of this package.
_ROOMS = ("tfp_flows.nets.", "tfp_flows.partitions.", "tfp_flows.transforms.")
_FLOWS = {
    make.__name__: make for make in (coupling_flow, flowpp, flowpp_noise, glow, nice, realnvp)
}
_NOISES = {kind.__name__: kind for kind in (ArgmaxNoise, FlowNoise, UniformNoise)}


def flow_to_config(distribution: Any) -> dict[str, Any]:
    """The recipe of a one-call flow in plain numbers, strings, lists and dicts.

    A `distributions.Dequantized` is made of a flow and a noise, which have such recipes.

    Raises:
      ValueError: if the distribution was made by hand, or with arguments that no file can hold.
    """
    recipe = recipe_of(distribution)
    if recipe is not None:
        arguments = to_config(recipe.arguments)
        return {"flow": recipe.name, "arguments": arguments, "policy": recipe.policy}
    if type(distribution) is Dequantized:
        return {
            "dequantized": flow_to_config(distribution.flow),
            "num_levels": distribution.num_levels,
            "noise": _noise_to_config(distribution.noise),
            "name": distribution.name,
        }
    raise ValueError(
        "`distribution` must come from a function in `tfp_flows.flows` to be written to a "
        f"config; got {distribution}, made by hand. What works for any distribution: "
        "`save_weights`, `tf.train.Checkpoint`, and `tfp_flows.export.save`."
    )


def flow_from_config(config: dict[str, Any]) -> Any:
    """Makes the flow of `flow_to_config` again, with new variables."""
    if "dequantized" in config:
        flow, noise = flow_from_config(config["dequantized"]), _noise_from_config(config["noise"])
        return Dequantized(flow, config["num_levels"], noise, name=config["name"])
    make = _FLOWS.get(config["flow"])
    if make is None:
        raise ValueError(f"A config may only name flows, {[*_FLOWS]}; got {config['flow']!r}.")
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
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith(_ROOMS):
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
        return _class(module, name)(
            **{key: from_config(item) for key, item in config["fields"].items()}
        )
    if "registered_name" in config:
        return keras.saving.deserialize_keras_object(config)
    return {key: from_config(item) for key, item in config.items()}


def _class(module: str, name: str) -> Any:
    """A dataclass that a file names; nothing is imported for it."""
    kind = None
    if str(module).startswith(_ROOMS) and module in sys.modules:
        kind = getattr(sys.modules[module], name, None)
    is_class = isinstance(kind, type) and dataclasses.is_dataclass(kind)
    if not is_class or kind.__module__ != module:
        raise ValueError(f"A config may only name classes of tfp_flows; got {module}.{name}.")
    return kind


def _noise_to_config(noise: Noise) -> Any:
    if recipe_of(noise) is not None:
        return flow_to_config(noise)
    if type(noise) not in _NOISES.values():
        return _other_to_config(noise)
    arguments = {
        key: flow_to_config(value) if key == "flow" and value is not None else to_config(value)
        for key, value in noise.get_config().items()
    }
    return {"noise": type(noise).__name__, "arguments": arguments}


def _noise_from_config(config: Any) -> Any:
    if "noise" not in config:
        return flow_from_config(config) if "flow" in config else from_config(config)
    arguments = {
        key: flow_from_config(value) if key == "flow" and value is not None else from_config(value)
        for key, value in config["arguments"].items()
    }
    return _NOISES[config["noise"]](**arguments)


def _other_to_config(value: Any) -> Any:
    """Keras's own objects, and those that their authors registered with Keras."""
    is_of_keras = type(value).__module__.split(".")[0] == "keras"
    registered = keras.saving.get_registered_name(type(value)) != type(value).__name__
    if (is_of_keras or registered) and hasattr(value, "get_config"):
        return keras.saving.serialize_keras_object(value)
    raise ValueError(
        f"A flow made with {value!r} cannot be written to a config: use classes of tfp_flows, or "
        "register yours with `keras.saving.register_keras_serializable` and give it `get_config`."
        " What works for any distribution: `save_weights`, `tf.train.Checkpoint`, and "
        "`tfp_flows.export.save`."
    )
