"""Roots of increasing functions, by numbers of steps that are fixed, so that XLA can compile it.

No gradient flows through them: the loops are no place for that.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Bracket(NamedTuple):
    """Two numbers, entry by entry, between which an increasing function crosses 0."""

    low: tf.Tensor
    high: tf.Tensor

    @property
    def middle(self) -> tf.Tensor:
        """Half way."""
        return 0.5 * (self.low + self.high)

    def narrowed(self, x: tf.Tensor, is_above: tf.Tensor) -> "Bracket":
        """With `x` as the new upper end where the function is positive there, else as the lower."""
        return Bracket(tf.where(is_above, self.low, x), tf.where(is_above, x, self.high))

    def clip(self, x: tf.Tensor) -> tf.Tensor:
        """The nearest number that is not outside."""
        return tf.clip_by_value(x, self.low, self.high)


def bisect(is_above: Callable[[tf.Tensor], tf.Tensor], bracket: Bracket, steps: int) -> Bracket:
    """Halves the bracket `steps` times; `is_above` tells whether the function is positive.

    Example:
      >>> bracket = Bracket(tf.constant(0.0), tf.constant(8.0))
      >>> [float(x) for x in bisect(lambda x: x**3 > 2.0, bracket, 4)]
      [1.0, 1.5]
    """

    def halve(step: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, ...]:
        bracket = Bracket(low, high)
        return step + 1, *bracket.narrowed(bracket.middle, is_above(bracket.middle))

    # A loop, as the function is traced once then.
    _, low, high = tf.while_loop(lambda step, *_: step < steps, halve, (0, *bracket))
    return Bracket(low, high)


def newton(
    step: Callable[[tf.Tensor], tf.Tensor], bracket: Bracket, steps: int
) -> tuple[tf.Tensor, Bracket]:
    """The root after `steps` Newton steps from the middle, and a bracket that is narrower still.

    A step that would leave the bracket ends at its end: alone, Newton's method diverges on
    functions with flat stretches.

    Args:
      step: minus the function over its slope, of the right sign even where it is far off.
      bracket: where to look.
      steps: how many.
    """

    def follow(
        count: tf.Tensor, x: tf.Tensor, low: tf.Tensor, high: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        move = step(x)
        bracket = Bracket(low, high).narrowed(x, move < 0)
        return count + 1, bracket.clip(x + move), *bracket

    start = (0, bracket.middle, *bracket)
    _, x, low, high = tf.while_loop(lambda count, *_: count < steps, follow, start)
    return x, Bracket(low, high)
