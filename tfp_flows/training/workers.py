"""What several processes need that train one model together, and Keras does not do."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.batches import Batches


def has_workers(strategy: tf.distribute.Strategy) -> bool:
    """Whether other processes take part."""
    return (
        isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        and strategy.cluster_resolver is not None
        and bool(strategy.cluster_resolver.cluster_spec().as_dict())
    )


def as_keras_reduces(logs: dict[str, Any], strategy: tf.distribute.Strategy) -> dict[str, Any]:
    """Results of a step as Keras takes them from replicas.

    Keras 3.15 takes the mean of the first axis if there are workers: its own models, whose metrics
    are scalars, fail with "Invalid reduction dimension 0".
    """
    if not has_workers(strategy):
        return logs
    return {name: tf.expand_dims(value, 0) for name, value in logs.items()}


def as_first_worker(variables: list[Any], strategy: tf.distribute.Strategy) -> None:
    """Gives `variables` the values that they have in the first worker, if there are several."""
    if not has_workers(strategy):
        return

    def of_first(context: Any, dtype: tf.DType, value: tf.Tensor) -> tf.Tensor:
        # Collectives know no booleans and no unsigned integers.
        value = tf.cast(value, dtype if dtype.is_floating else tf.int64)
        is_first = tf.equal(context.replica_id_in_sync_group, 0)
        sent = tf.where(is_first, value, tf.zeros_like(value))
        return tf.cast(context.all_reduce(tf.distribute.ReduceOp.SUM, sent), dtype)

    def replica() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        return [of_first(context, v.dtype, tf.identity(v)) for v in plain]

    plain = [getattr(variable, "value", variable) for variable in variables]
    results = tf.function(lambda: strategy.run(replica))()
    for variable, result in zip(plain, results, strict=True):
        variable.assign(strategy.experimental_local_results(result)[0])


def fed(
    dataset: tf.data.Dataset[Any], batches: Batches, strategy: tf.distribute.Strategy
) -> tf.data.Dataset[Any] | tf.distribute.DistributedDataset:
    """The dataset of batches as workers read it.

    Whole batches are left to Keras: each worker reads them all, and keeps its part of each. Of
    batches of a shard each worker keeps all.

    Raises:
      ValueError: if the shard is that of another worker, or a batch cannot be shared out among the
        devices of a worker.
    """
    if not has_workers(strategy) or batches.shard == (0, 1):
        return dataset
    num_devices = len(strategy.extended.worker_devices)
    if batches.batch_size % num_devices:
        raise ValueError(
            f"`batch_size` of a shard must be divisible by the {num_devices} devices of this "
            f"worker; got {batches.batch_size}."
        )

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset[Any]:
        wanted = (context.input_pipeline_id, context.num_input_pipelines)
        if batches.shard != wanted:
            raise ValueError(
                f"`shard` of the batches must be that of this worker, {wanted}; got "
                f"{batches.shard}."
            )
        return dataset if num_devices == 1 else dataset.rebatch(batches.batch_size // num_devices)

    return strategy.distribute_datasets_from_function(of_worker)


def local(values: Any) -> Any:
    """Arrays of what the devices of this worker have of each tensor in a structure."""

    def joined(value: Any) -> np.ndarray | None:
        if value is None:
            return None
        return np.concatenate([np.asarray(part) for part in parts(value)])

    return tf.nest.map_structure(joined, values)


def parts(value: Any) -> tuple[Any, ...]:
    """The copies or parts of a value that the devices of this worker have."""
    strategy = getattr(value, "distribute_strategy", None)
    found = strategy.experimental_local_results(value) if strategy else getattr(value, "values", 0)
    return tuple(found) if isinstance(found, tuple | list) else (value,)
