"""What the fuzz draws, how many of it, and how it is counted.

A case is one drawn example: a shape, a dtype, parameters and an array of numbers. The rows of the
array do not count.
"""

import collections
import functools

import ml_dtypes
import numpy as np
import tensorflow as tf
from hypothesis import HealthCheck, given, settings, strategies as st

NUM_CASES = collections.Counter()
FLOATS = ["float32", "float64"]
ALL_FLOATS = [*FLOATS, "float16", "bfloat16"]


def fuzz(share=1.0, **drawn):
    """A test that is run on `share` times as many cases as the profile says, each counted."""
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.differing_executors]
    most = max(1, round(share * settings.default.max_examples))

    def decorate(test):
        @functools.wraps(test)
        def counted(*args, **kwargs):
            test(*args, **kwargs)
            NUM_CASES[test.__name__] += 1

        return settings(max_examples=most, suppress_health_check=quiet)(given(**drawn)(counted))

    return decorate


class Numbers:
    """Arrays of extreme numbers of one dtype, all of them from one seed.

    Args:
      dtype: a floating dtype.
      seed: of the draws.
      kinds: of numbers that are mixed, of `KINDS`.
    """

    KINDS = ("plain", "tiny", "large", "edge")

    def __init__(self, dtype, seed, kinds):
        self.dtype, self.seed, self.kinds = tf.as_dtype(dtype), seed, tuple(kinds)
        self._rng = np.random.default_rng(seed)
        limits = ml_dtypes.finfo(self.dtype.as_numpy_dtype)
        self.eps, self.tiny, self.largest = float(limits.eps), float(limits.tiny), float(limits.max)
        # Within it a number can be squeezed or stretched, or added to another, and still be one.
        self.decades = 0.8 * np.log10(self.largest)
        self._edges = [0.0, -0.0, 1.0, -1.0, 1 + self.eps, 1 - self.eps / 2, self.eps, self.tiny]
        self._edges += [-self.tiny, self.tiny * self.eps, 0.5, 2.0, 10**self.decades]

    def __repr__(self):
        return f"Numbers({self.dtype.name!r}, {self.seed}, {self.kinds})"

    def numpy(self, shape, *, most=None):
        """In float64, but representable; `most` is the largest absolute value."""
        choice = self._rng.integers(len(self.kinds), size=shape)
        values = np.choose(choice, [getattr(self, f"_{kind}")(shape) for kind in self.kinds])
        if most is not None:
            values = np.clip(values, -most, most)
        return np.asarray(values, self.dtype.as_numpy_dtype).astype("float64")

    def __call__(self, *shape, most=None):
        return tf.constant(self.numpy(shape, most=most), self.dtype)

    def _plain(self, shape):
        return self._rng.normal(size=shape)

    def _tiny(self, shape):
        return self._signs(shape) * 10 ** self._rng.uniform(-self.decades, -1, shape)

    def _large(self, shape):
        return self._signs(shape) * 10 ** self._rng.uniform(0, self.decades, shape)

    def _edge(self, shape):
        return self._rng.choice(self._edges, shape)

    def _signs(self, shape):
        return self._rng.choice([-1.0, 1.0], shape)


def numbers(dtypes=FLOATS, kinds=Numbers.KINDS):
    """Draws `Numbers` of one of the dtypes, with some of the kinds."""
    some = st.lists(st.sampled_from(kinds), min_size=1, max_size=len(kinds), unique=True)
    return st.builds(Numbers, st.sampled_from(dtypes), st.integers(0, 2**32 - 1), some)


def batch_shapes(max_rank=3):
    """None, one or more batch axes; sizes of 1 and 0 among them."""
    return st.lists(st.sampled_from([1, 2, 3, 7, 0]), max_size=max_rank).map(tuple)


def event_shapes(min_rank=1, max_rank=3, largest=6):
    return st.lists(st.integers(1, largest), min_size=min_rank, max_size=max_rank).map(tuple)


def as_float64(*tensors):
    return [np.asarray(tf.cast(tensor, tf.float64)) for tensor in tensors]


def has_nan(tensor):
    return bool(np.isnan(as_float64(tensor)[0]).any())
