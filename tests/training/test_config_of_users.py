"""Nets and transforms of users in `.keras` files."""

import dataclasses

import keras
import numpy as np
import pytest

import tfp_flows
from tfp_flows import flows, nets, transforms

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


@dataclasses.dataclass(frozen=True)
class Unregistered(transforms.Affine):
    """A subclass of ours in a module of the user's."""


@keras.saving.register_keras_serializable(package="test_config_of_users")
@dataclasses.dataclass(frozen=True)
class Registered(transforms.Affine):
    factor: float = 1.0

    def inverse_and_log_det(self, x, raw):
        return super().inverse_and_log_det(x, raw * self.factor)

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _model(**kwargs):
    kwargs = {"net": nets.MLP((4,), zero_init=False), "num_couplings": 2, **kwargs}
    return tfp_flows.FlowModel(flows.coupling_flow((2,), **kwargs))


def a_factory(kept_shape, moved_shape, num_params, context_shape):
    return nets.MLP((4,))(kept_shape, moved_shape, num_params, context_shape)


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"transform": Unregistered()}, r"made with Unregistered\("),
        ({"net": a_factory}, r"made with <function a_factory"),
    ],
)
def test_what_is_not_registered_is_refused_with_what_works(kwargs, match, tmp_path):
    wanted = match + r".*register_keras_serializable.*`save_weights`, `tf.train.Checkpoint`"
    with pytest.raises(ValueError, match=wanted):
        _model(**kwargs).save(tmp_path / "model.keras")


def test_what_is_registered_comes_back(tmp_path):
    model = _model(transform=Registered(factor=0.5))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.distribution.bijector.bijectors[0].transform == Registered(factor=0.5)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    np.testing.assert_allclose(again(x), model(x), rtol=1e-6)
