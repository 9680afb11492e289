"""Tasks and states of any make as 32-bit words: an exact form that no conversion rounds.

jax turns 64-bit numbers into 32-bit ones unless told otherwise, so arrays that must come back to
the bit are kept as words.
"""

import itertools
from typing import Any

import numpy as np
from jaxtyping import UInt32

_MASK = 0xFFFFFFFF


def leaves(tree: Any) -> list[Any]:
    """The numbers and arrays in nested dicts (by sorted keys), tuples and lists; None holds none.

    **Raises:** `TypeError` for anything else.
    """
    if tree is None:
        return []
    if isinstance(tree, dict):
        return list(itertools.chain.from_iterable(leaves(tree[key]) for key in sorted(tree)))
    if isinstance(tree, tuple | list):
        return list(itertools.chain.from_iterable(map(leaves, tree)))
    if np.asarray(tree).dtype.kind not in "biufc":
        raise TypeError(f"a {type(tree).__name__} is neither a number nor an array of numbers")
    return [tree]


def layout(tree: Any) -> Any:
    """The structure, shapes and dtypes of a tree: equal for trees whose words fit one another.

    **Raises:** as `leaves`.
    """
    if tree is None:
        return None
    if isinstance(tree, dict):
        return tuple((key, layout(tree[key])) for key in sorted(tree))
    if isinstance(tree, tuple | list):
        return tuple(map(layout, tree))
    (leaf,) = leaves(tree)
    array = np.asarray(leaf)
    return array.shape, array.dtype.str


def pack(tree: Any) -> UInt32[np.ndarray, " word"]:
    """All numbers of a tree as words, each leaf from a word of its own on.

    **Raises:** as `leaves`.
    """
    parts = [np.asarray(leaf).tobytes() for leaf in leaves(tree)]
    padded = [part + bytes(-len(part) % 4) for part in parts]
    return np.frombuffer(b"".join(padded), np.uint32).copy()


def unpack(words: UInt32[np.ndarray, " word"], template: Any) -> Any:
    """Makes a tree of packed words.

    **Arguments:**

    - `words`: what `pack` returned.
    - `template`: a tree of the same `layout`; Python's own numbers in it stay such.

    **Raises:** `ValueError` where the number of words does not fit.
    """
    data = np.ascontiguousarray(words).tobytes()
    tree, used = _unpack(data, 0, template)
    if used != len(data):
        raise ValueError(f"{len(data) // 4} words where there should be {used // 4}")
    return tree


def _unpack(data: bytes, start: int, template: Any) -> tuple[Any, int]:
    if template is None:
        return None, start
    if isinstance(template, dict):
        found = {}
        for key in sorted(template):
            found[key], start = _unpack(data, start, template[key])
        return {key: found[key] for key in template}, start
    if isinstance(template, tuple | list):
        parts = []
        for part in template:
            value, start = _unpack(data, start, part)
            parts.append(value)
        if isinstance(template, list):
            return parts, start
        named = hasattr(template, "_fields")
        return (type(template)(*parts) if named else tuple(parts)), start
    model = np.asarray(template)
    end = start + model.nbytes
    if end > len(data):
        raise ValueError(f"{len(data) // 4} words, which are too few")
    array = np.frombuffer(data[start:end], model.dtype).reshape(model.shape).copy()
    following = end + -model.nbytes % 4
    if isinstance(template, np.ndarray):
        return array, following
    if isinstance(template, np.generic):
        return array[()], following
    return array.item(), following


def generator_words(generator: np.random.Generator) -> UInt32[np.ndarray, "10"]:
    """The state of a generator whose bits come from PCG64, NumPy's and Gymnasium's default."""
    whole = generator.bit_generator.state
    state = whole["state"]
    numbers = [state[name] >> shift & _MASK for name in ("state", "inc") for shift in _SHIFTS]
    return np.array([*numbers, whole["has_uint32"], whole["uinteger"]], np.uint32)


def set_generator(generator: np.random.Generator, words: UInt32[np.ndarray, "10"]) -> None:
    """Puts a generator with PCG64 bits into a state."""
    numbers = words.tolist()
    state, increment = (
        sum(word << shift for word, shift in zip(part, _SHIFTS, strict=True))
        for part in (numbers[:4], numbers[4:8])
    )
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": increment},
        "has_uint32": numbers[8],
        "uinteger": numbers[9],
    }


_SHIFTS = (0, 32, 64, 96)
