from typing import NamedTuple

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from support.tiny import same

from splagger.environments.host.words import (
    generator_words,
    layout,
    leaves,
    pack,
    set_generator,
    unpack,
)


class Pose(NamedTuple):
    x: float
    turns: int


TREE = {
    "b": (np.array([1e300, np.pi]), [3, True, 0.1]),
    "a": {"pose": Pose(1 / 3, -(2**40)), "none": None},
    "c": np.array([[1, 2, 3]], np.uint8),
    "d": np.float32(0.1),
    "e": np.zeros((0, 2)),
}


def test_words_bring_everything_back_to_the_bit():
    words = pack(TREE)
    template = {
        "b": (np.zeros(2), [0, False, 0.0]),
        "a": {"pose": Pose(0.0, 0), "none": None},
        "c": np.zeros((1, 3), np.uint8),
        "d": np.float32(0),
        "e": np.ones((0, 2)),
    }
    # jax would round 64-bit numbers, but leaves the words as they are.
    back = unpack(np.asarray(jnp.asarray(words)), template)
    assert layout(back) == layout(TREE)
    assert same(jax.tree.map(np.asarray, back), jax.tree.map(np.asarray, TREE))
    assert list(back) == list(template)
    assert isinstance(back["a"]["pose"], Pose)
    assert type(back["b"][1][1]) is bool
    assert type(back["a"]["pose"].turns) is int
    assert type(back["d"]) is np.float32
    back["b"][0][0] = 0.0  # own, writable arrays


def test_words_of_another_layout_are_refused():
    with pytest.raises(ValueError, match="3 words where there should be 2"):
        unpack(np.zeros(3, np.uint32), 0.0)
    with pytest.raises(ValueError, match="too few"):
        unpack(np.zeros(1, np.uint32), 0.0)
    assert layout({"a": 1, "b": 2}) != layout({"a": 1, "c": 2})
    assert layout(1.0) != layout(1)


def test_texts_and_objects_are_refused():
    for leaf in ("word", object(), np.array(["a"])):
        with pytest.raises(TypeError, match="is neither a number nor an array"):
            leaves({"a": leaf})


@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_generators_go_on(seed, draws):
    generator, other = np.random.default_rng(seed), np.random.default_rng(0)
    # 32-bit draws leave half of a word over.
    generator.integers(10, size=draws, dtype=np.int32)
    set_generator(other, generator_words(generator))
    assert other.bit_generator.state == generator.bit_generator.state
