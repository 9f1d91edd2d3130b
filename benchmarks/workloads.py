"""The table of what is measured: workloads, and the rows of each.

A row has an adapter, which is a module of `adapters/`, and a group: a framework and how it runs.
The first row of a group is the floor of the others in it, its bare networks, chained.
"""

import dataclasses
from typing import Any, NamedTuple

ACTIONS = ("train", "log_prob", "sample")
OURS = "tensorflow_ours"


class Group(NamedTuple):
    """A framework and how it runs.

    Args:
      environment: see `environments.python`.
      options: of its adapters.
      max_starts: how many fresh processes may be started; some compile for minutes.
    """

    environment: str
    options: dict[str, Any]
    max_starts: int | None = None


GROUPS = {
    "TensorFlow": Group("tensorflow", {}),
    "PyTorch": Group("torch", {"compiled": False}),
    "PyTorch, compiled": Group("torch", {"compiled": True}, max_starts=1),
    "JAX": Group("jax", {}),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """One row.

    Args:
      name: in the table.
      group: a key of `GROUPS`.
      adapter: module of `adapters/`.
      options: of its function, beside those of the group.
      is_peer: whether it competes for the fastest peer.
    """

    name: str
    group: str
    adapter: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    is_peer: bool = False


@dataclasses.dataclass(frozen=True)
class Workload:
    """Rows that do the same work.

    Args:
      title: of its table.
      function: of the adapters.
      rows: in groups.
      actions: what is timed in rounds; without any, only the first call and the memory.
      notes: below the table.
    """

    title: str
    function: str
    rows: tuple[Row, ...]
    actions: tuple[str, ...] = ACTIONS
    notes: tuple[str, ...] = ()

    def floor(self, row: Row) -> Row:
        """The first row of its group."""
        return next(other for other in self.rows if other.group == row.group)


def _tensorflow(*stock: Row, **options: Any) -> tuple[Row, ...]:
    return (
        Row("bare networks, chained", "TensorFlow", "tensorflow_bare", options),
        Row("tfp_flows", "TensorFlow", OURS, options),
        *stock,
    )


def _torch(*peers: str) -> tuple[Row, ...]:
    """Every peer eager, then every peer compiled."""
    return tuple(
        row
        for group in ("PyTorch", "PyTorch, compiled")
        for row in (
            Row("bare networks, chained", group, "torch_bare"),
            *(Row(peer, group, f"torch_{peer.lower()}", is_peer=True) for peer in peers),
        )
    )


def _stock(name: str, **options: Any) -> Row:
    return Row(name, "TensorFlow", "tensorflow_stock", options, is_peer=True)


WORKLOADS = {
    "tabular": Workload(
        "Affine couplings of vectors: D = 64, 8 couplings, MLPs of 256x256, batch 1024",
        "tabular",
        (
            *_tensorflow(
                _stock("tfb.RealNVP, tfb.Permute", permute=True),
                _stock("tfb.RealNVP, masks in turn", permute=False),
            ),
            *_torch("normflows", "nflows", "zuko", "FrEIA"),
            Row("bare networks, chained", "JAX", "jax_bare"),
            Row("flowjax", "JAX", "jax_flowjax", is_peer=True),
            Row("distrax", "JAX", "jax_distrax", is_peer=True),
        ),
        notes=(
            "The conditioners of distrax are written in plain JAX: it brings none.",
            "flowjax also permutes at random between couplings, as its preset does.",
        ),
    ),
    "glow": Workload(
        "Glow: images of 32x32x3, 3 levels of 8 steps, 128 filters, batch 16",
        "glow",
        (
            *_tensorflow(
                _stock("tfb.Glow"),
                Row(
                    "tfp_flows, networks of the paper",
                    "TensorFlow",
                    OURS,
                    {"networks_of_the_paper": True},
                ),
            ),
            *_torch("normflows", "nflows"),
        ),
        notes=(
            "Every flow has the networks of the floor, but the row that says otherwise. Beside them"
            " a step with c channels has 2 c of actnorm, and c^2 of the 1x1 convolution as L, U and"
            " a diagonal; nflows adds a bias of c, normflows stores L and U as whole matrices"
            " (2 c^2 + c, half of them masked), tfb.Glow has a convolution for each exit.",
            "The networks of the paper normalize their layers and see the edges of the image.",
            "Left out, for want of the layers: zuko and flowjax have no images, FrEIA no trained"
            " 1x1 convolution, distrax neither actnorm nor 1x1 convolutions nor levels.",
        ),
    ),
    "flowpp8": Workload(
        "Flow++: images of 32x32x3, 4 couplings by mixtures of 8, networks of 2 blocks with 32"
        " filters, batch 8",
        "flowpp",
        _tensorflow(num_components=8),
    ),
    "flowpp32": Workload(
        "Flow++: the same with mixtures of 32",
        "flowpp",
        _tensorflow(num_components=32),
        notes=(
            "Beside the networks ours has, for each coupling, 2 for each entry of actnorm and a 3x3"
            " matrix of a 1x1 convolution for each part: 4 (2 * 3072 + 2 * 9) = 24,648.",
            "A sample is inverted numerically, which its bare networks are not.",
            "No peer has a Flow++; the paper's networks have ten blocks with 96 filters, beside"
            " which mixtures hardly count.",
        ),
    ),
    "deep_glow": Workload(
        "Glow: the same with 3 levels of 32 steps, first call only",
        "glow",
        (Row("tfp_flows", "TensorFlow", OURS, {"steps": 32}),),
        actions=(),
    ),
    "replicas": Workload(
        "Replicas: `FlowModel.fit` of the vectors above, 10 steps, one global batch of 1024",
        "replicas",
        (
            Row("one device", "TensorFlow", OURS, {"devices": 1}),
            Row("two logical devices, mirrored", "TensorFlow", OURS, {"devices": 2}),
        ),
        actions=("train",),
        notes=("The floor is one device without a strategy; both have the same two cores.",),
    ),
}

LEFT_OUT = (
    "Rational-quadratic splines are not measured: `tfp_flows` has none yet.",
    "First call: the first train step of a fresh process, traced and compiled, after the flow is"
    " built. Peak memory: of the same process over its first three train steps, less what it held"
    " after its imports; what a compiler in another process takes is not counted.",
    "PyTorch runs eagerly, and once more through `torch.compile`; JAX is jitted, TensorFlow is in"
    " `tf.function` without XLA, which makes the training of convolutions slower on CPUs.",
)
