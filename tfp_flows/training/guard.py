"""Training stops at the first number that is not finite, and says where."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.training.fault import KINDS, NOT_KEPT, NonFiniteError
from tfp_flows.training.held import HeldBatch

_MARK = "tfp_flows-guard"


class Guard:
    """Counts the batches of an epoch, and finds the first one with NaN or inf.

    In plain graphs a check is an operation that fails. XLA leaves such operations out, so there a
    check notes what it found, `undo_if_noted` takes the step back, and what `explaining` gives
    raises it. It is no `tf.Module`, so that its counters are in no checkpoint.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.training_batch, self.evaluation_batch = HeldBatch(), HeldBatch()
        self._step = _counter()
        self._noted = _counter()
        self.num_predicted = _counter()

    @property
    def batch(self) -> tf.Tensor:
        """The number of the batch of this step."""
        return tf.identity(self._step)

    def restart(self) -> None:
        """Counts from 0 again, at the start of an epoch or of an evaluation."""
        self._step.assign(0)
        self._noted.assign(0)
        self.training_batch.clear()
        self.evaluation_batch.clear()

    def _go_on(self, steps_per_execution: int) -> None:
        """Counts the batch that failed, and with XLA those after it, which were left out too."""
        steps = tf.constant(steps_per_execution if int(self._noted.numpy()) else 1, tf.int64)
        self._step.assign((self._step // steps + 1) * steps)
        self._noted.assign(0)

    def check(self, what: str, values: Any, *, noting: bool) -> list[Any]:
        """Operations that fail, or with `noting` note it, when `values` hold NaN or inf.

        Args:
          what: one of `KINDS`.
          values: a structure of tensors; those that are not floating are left alone.
          noting: whether the graph is compiled by XLA.
        """
        leaves = tf.nest.flatten(values, expand_composites=True)
        tensors = [x for x in leaves if x is not None and tf.as_dtype(x.dtype).is_floating]
        if not noting:
            return [tf.debugging.check_numerics(x, f"{_MARK}({what})") for x in tensors]
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(x)) for x in tensors])
        is_first = tf.logical_and(tf.equal(self._noted, 0), tf.logical_not(finite))
        code = tf.constant(1 + KINDS.index(what), tf.int64)
        return [self._noted.assign(tf.where(is_first, code, self._noted))]

    def count_step(self) -> None:
        """To be called under the control of all checks of the step."""
        self._step.assign_add(tf.cast(tf.equal(self._noted, 0), tf.int64))

    @contextlib.contextmanager
    def undo_if_noted(self, variables: list[Any]) -> Iterator[None]:
        """Leaves `variables` as they were before the block, once something was noted."""
        before = [tf.identity(variable) for variable in variables]
        yield
        is_bad = tf.not_equal(self._noted, 0)
        for variable, old in zip(variables, before, strict=True):
            variable.assign(tf.where(is_bad, old, variable))

    def explaining(
        self,
        function: Callable[[Any], Any],
        held: HeldBatch,
        inputs_of: Callable[[Any], Any],
        find: Callable[[str, Any], tuple[str, str | None]],
    ) -> Callable[[Any], Any]:
        """`function`, which runs checked steps, with errors that say to a person what was found.

        Args:
          function: of one argument.
          held: the batch of its last step.
          inputs_of: events and contexts of a batch as an iterator gives it.
          find: makes a sentence of what was not finite and its batch, and names the layer.
        """

        def explained(what: str) -> NonFiniteError:
            epoch = self.epoch if held is self.training_batch else None
            inputs, finding, layer = held.get(), NOT_KEPT, None
            if inputs is not None:
                inputs = tf.nest.map_structure(np.asarray, inputs_of(inputs))
                finding, layer = find(what, inputs)
            batch = int(self._step.numpy())
            return NonFiniteError(what, batch, epoch, inputs=inputs, finding=finding, layer=layer)

        def run(iterator: Any) -> Any:
            try:
                result = function(iterator)
            except tf.errors.InvalidArgumentError as error:
                found = re.search(rf"{_MARK}\((.*?)\)", error.message)
                raise (explained(found[1]) if found else _readable(error)) from None
            code = int(self._noted.numpy())
            if code:
                raise explained(KINDS[code - 1])
            return result

        return run

    def recovering(self, function: Callable[[Any], Any], model: Any) -> Callable[[Any], Any]:
        """`function`, which goes on after a fault if the `on_fault` of the model says so."""

        def run(iterator: Any) -> Any:
            try:
                return function(iterator)
            except NonFiniteError as fault:
                if model.on_fault is None or not model.on_fault(fault):
                    raise
                self._go_on(model.steps_per_execution)
                model.progress.advance()  # The batch was read.
                return model.get_metrics_result()

        return run


def _readable(error: tf.errors.InvalidArgumentError) -> Exception:
    asserted = re.search(r"assertion failed: \[(.*)", error.message)
    # TensorFlow puts each part of the message into brackets.
    return ValueError(asserted[1].replace("] [", " [")) if asserted else error


def _counter() -> tf.Variable:
    first = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(0, dtype=tf.int64, trainable=False, aggregation=first)
