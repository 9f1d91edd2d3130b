"""Bisection and Newton's method in brackets."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.ops.roots import Bracket, bisect, newton


def cube(x):
    return x**3 - 2.0


def cube_step(x):
    return -cube(x) / (3.0 * x**2)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_bracket_halves_and_newton_ends_at_the_root(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def solve(low, high):
        bracket = bisect(lambda x: cube(x) > 0.0, Bracket(low, high), 6)
        return *bracket, *newton(cube_step, bracket, 3)

    low, high, x, _ = solve(tf.constant([0.0, 1.0]), tf.constant([8.0, 2.0]))
    np.testing.assert_allclose(high - low, [8.0 / 64, 1.0 / 64])
    np.testing.assert_allclose(x, [2.0 ** (1 / 3)] * 2, rtol=1e-6)


def test_newton_stays_in_the_bracket_where_the_function_is_flat():
    def step(x):
        return -tf.tanh(20.0 * x) * tf.cosh(20.0 * x) ** 2 / 20.0

    bracket = Bracket(tf.constant(-0.9), tf.constant(1.0))
    assert abs(step(bracket.middle)) > 0.05
    x, narrower = newton(step, bracket, 5)
    assert narrower.low <= x <= narrower.high
    assert abs(x) < 1.0


def test_number_of_evaluations_is_fixed():
    calls = []

    def is_above(x):
        calls.append(x)
        return x > 0.3

    bisect(is_above, Bracket(tf.constant(0.0), tf.constant(1.0)), 7)
    assert len(calls) == 7
