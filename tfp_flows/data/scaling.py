"""Where the levels of pixels lie on the line, and how far apart."""

from typing import Literal, NamedTuple

import numpy as np

from tfp_flows.data.levels import check_num_levels

ScalingName = Literal["unit", "centered", "symmetric", "integers"]


class Scaling(NamedTuple):
    """The half-open interval `[low, low + width)` that the bins of all levels fill."""

    low: float
    width: float


def scaling_of(name: str, num_levels: int) -> Scaling:
    """The interval of a scaling for pixels of so many levels.

    Raises:
      ValueError: there is no such scaling.

    Example:
      >>> from tfp_flows.data.scaling import scaling_of
      >>> scaling_of("symmetric", 256)
      Scaling(low=-1.0, width=2.0)
    """
    known = {
        "unit": Scaling(0.0, 1.0),
        "centered": Scaling(-0.5, 1.0),
        "symmetric": Scaling(-1.0, 2.0),
        "integers": Scaling(0.0, float(num_levels)),
    }
    if name not in tuple(known):
        raise ValueError(f"`scaling` must be one of {tuple(known)}; got {name!r}.")
    return known[name]


def bin_edges(num_levels: int, scaling: ScalingName = "unit") -> np.ndarray:
    """The float32 numbers nearest to `low + width * k / num_levels`: `[num_levels + 1]`.

    Level `k` owns the floats from edge `k` to the one just below edge `k + 1`.

    Example:
      >>> from tfp_flows.data.scaling import bin_edges
      >>> bin_edges(4).tolist(), bin_edges(2, "symmetric").tolist()
      ([0.0, 0.25, 0.5, 0.75, 1.0], [-1.0, 0.0, 1.0])
    """
    low, width = scaling_of(scaling, num_levels)
    return (low + width * (np.arange(num_levels + 1) / num_levels)).astype(np.float32)


def bin_width(num_levels: int, scaling: ScalingName = "unit") -> float:
    """The distance of neighbouring levels after `dequantize`: `1 / num_levels` on [0, 1).

    A density on that scale becomes bits per dimension of the integer images by
    `(nll / D - log(bin_width)) / log(2)`, with `nll` in nats and `D` numbers in an image.

    Args:
      num_levels: number of values that a pixel can take, 2..65536.
      scaling: "unit" for [0, 1), "centered" for [-0.5, 0.5), "symmetric" for [-1, 1), "integers"
        for [0, num_levels).

    Raises:
      TypeError: `num_levels` is no integer.
      ValueError: `num_levels` is out of range, or there is no such scaling.

    Example:
      >>> from tfp_flows.data.scaling import bin_width
      >>> bin_width(256), bin_width(256, "symmetric"), bin_width(256, "integers")
      (0.00390625, 0.0078125, 1.0)
    """
    levels = check_num_levels(num_levels)
    return scaling_of(scaling, levels).width / levels
