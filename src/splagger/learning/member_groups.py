"""Members side by side in groups, so that memory is bounded at any number of members."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def group_size(members: int, at_once: int) -> int:
    """How many members a group has: as few groups as can be, and those as equal as can be.

    **Arguments:**

    - `members`: how many there are, at least 1.
    - `at_once`: the most that a group may have, at least 1.

    **Returns:** from 1 to `at_once`. The last group has fewer where this does not divide `members`.
    """
    groups = -(-members // at_once)
    return -(-members // groups)


def vectorised_in_groups(function: Callable[..., Any], at_once: int | None) -> Callable[..., Any]:
    """Lifts a function of one member to arrays with a leading member dimension.

    Groups take turns inside the same program, which is compiled for one group: what a member
    needs for a while is held for one group at a time, and only arguments and results grow with
    the number of members. Where the last group has fewer members than the others, its first ones
    are computed several times, and the copies dropped; members do not depend on each other.

    **Arguments:**

    - `function`: of one member.
    - `at_once`: the most members that are vectorised, at least 1; None: all of them.
    """
    together = jax.vmap(function)
    if at_once is None:
        return together

    def in_groups(*arguments: Any) -> Any:
        members = len(jax.tree.leaves(arguments)[0])
        size = group_size(members, at_once)
        groups = -(-members // size)
        if groups == 1:
            return together(*arguments)
        padding = groups * size - members

        def cut(leaf):
            # As many as the last group lacks, taken from the first: fewer than there are.
            whole = jnp.concatenate([leaf, leaf[:padding]]) if padding else leaf
            return whole.reshape(groups, size, *leaf.shape[1:])

        results = jax.lax.map(lambda group: together(*group), jax.tree.map(cut, arguments))
        return jax.tree.map(
            lambda leaf: leaf.reshape(groups * size, *leaf.shape[2:])[:members], results
        )

    return in_groups
