"""The flows of the tables; each is a function of a module beside this one."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """One flow.

    Args:
      name: in the table.
      module: in which it is made.
      function: that makes it.
      environment: of its process; see `environments.python`.
      options: of the function.
      is_raw: whether it takes images as bytes.
      is_trained: whether it trains step by step; else it is made from all rows, once for all seeds.
    """

    name: str
    module: str
    function: str
    environment: str = "tensorflow"
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    is_raw: bool = False
    is_trained: bool = True


def _preset(name: str, **fields: Any) -> Row:
    return Row(f"flows.presets.{name}", "ours", "image", options={"preset": name}, **fields)


IMAGES = (
    _preset("nice_small"),
    _preset("realnvp_small"),
    _preset("glow_small"),
    _preset("flowpp_small", is_raw=True),
    Row("tfb.Glow", "stock", "image"),
    Row("normflows Glow", "normflows_glow", "image", "torch"),
)
TABLES = (
    Row("Gaussian, full covariance", "gaussian", "table", is_trained=False),
    Row("flows.coupling_flow, affine", "ours", "table", options={"law": "affine"}),
    Row("flows.coupling_flow, mixtures", "ours", "table", options={"law": "mixture"}),
    Row("tfb.RealNVP", "stock", "real_nvp"),
    Row("tfb.MaskedAutoregressiveFlow", "stock", "maf"),
    Row("nflows RealNVP", "nflows_realnvp", "table", "torch"),
    Row("zuko NSF", "zuko_nsf", "table", "torch"),
)
