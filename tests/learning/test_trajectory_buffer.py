"""The buffer of whole trials against lists."""

from itertools import combinations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import same

from splagger.environments.task_information import TaskInformation
from splagger.foundation.errors import UserError
from splagger.learning.trajectories import Trajectories
from splagger.learning.trajectory_buffer import TrajectoryBuffer
from splagger.sequence.embedding import Transition

HORIZON = 6

add = eqx.filter_jit(TrajectoryBuffer.add)
draw = eqx.filter_jit(TrajectoryBuffer.sample)
running = eqx.filter_jit(TrajectoryBuffer.running)


class Lists:
    """What the buffer does, one step at a time: a trial is a list of (transition, task)."""

    def __init__(self, capacity: int, environments: int):
        self.rows: list[list] = [[] for _ in range(capacity)]
        self.next_row = 0
        self.rows_filled = 0
        self.unfinished: list[list] = [[] for _ in range(environments)]

    def add(self, transitions, task, trial_end) -> None:
        for t, n in np.ndindex(*trial_end.shape):
            one = jax.tree.map(lambda leaf, t=t, n=n: leaf[t, n], (transitions, task))
            self.unfinished[n].append(one)
            if trial_end[t, n]:
                self.rows[self.next_row] = self.unfinished[n]
                self.unfinished[n] = []
                self.next_row = (self.next_row + 1) % len(self.rows)
                self.rows_filled = min(self.rows_filled + 1, len(self.rows))


class Experience:
    """Endless random rollouts, no two numbers of which are equal."""

    def __init__(self, environments: int, seed: int = 0, often: float = 0.3):
        self.random = np.random.default_rng(seed)
        self.position = np.zeros(environments, int)
        self.often = often

    def rollout(self, steps: int) -> tuple[Transition, TaskInformation, np.ndarray]:
        environments = len(self.position)
        trial_end = self.random.random((steps, environments)) < self.often
        for row in trial_end:
            self.position += 1
            row |= self.position == HORIZON
            self.position[row] = 0
        return *self.numbers((steps, environments)), trial_end

    def numbers(self, leading: tuple[int, ...]) -> tuple[Transition, TaskInformation]:
        def normal(*shape):
            return self.random.normal(size=(*leading, *shape)).astype(np.float32)

        action = self.random.integers(1, 2**31 - 1, leading, dtype=np.int32)
        index = self.random.integers(1, 2**31 - 1, leading, dtype=np.int32)
        parts = jax.tree.map(jnp.asarray, (normal(2), action, normal(), normal(2)))
        task = jax.tree.map(jnp.asarray, (normal(3), index))
        # Lists want something that can be written to.
        return jax.tree.map(np.array, (Transition(*parts), TaskInformation(*task)))


def empty(capacity: int, environments: int) -> TrajectoryBuffer:
    return TrajectoryBuffer.create(capacity, HORIZON, environments, *Experience(1).numbers(()))


def on_device(rollout):
    return jax.tree.map(jnp.asarray, rollout)


def padded(trials: list[list]) -> Trajectories:
    """Lists as the type, `[time, trajectory, ...]`, with zeros after the end."""
    transitions, task = jax.tree.map(
        lambda leaf: np.zeros((HORIZON, len(trials), *leaf.shape), leaf.dtype),
        Experience(1).numbers(()),
    )
    task = jax.tree.map(lambda leaf: leaf[0], task)
    for row, trial in enumerate(trials):
        for position, (transition, its_task) in enumerate(trial):
            for leaf, value in zip(
                jax.tree.leaves(transitions), jax.tree.leaves(transition), strict=True
            ):
                leaf[position, row] = value
            if position == 0:
                for leaf, value in zip(
                    jax.tree.leaves(task), jax.tree.leaves(its_task), strict=True
                ):
                    leaf[row] = value
    length = np.array([len(trial) for trial in trials], np.int32)
    return Trajectories(transitions, task, jnp.asarray(length))


def row_of(trajectories: Trajectories, row: int):
    """One trajectory, as something that can be in a set."""
    leaves = [leaf[:, row] for leaf in jax.tree.leaves(trajectories.transitions)]
    leaves += [leaf[row] for leaf in jax.tree.leaves((trajectories.task, trajectories.length))]
    return tuple(np.asarray(leaf).tobytes() for leaf in leaves)


def rows_of(trajectories: Trajectories, rows) -> list:
    return [row_of(trajectories, row) for row in rows]


def cut(stored: Trajectories) -> Trajectories:
    """Stored rows with zeros after their ends."""
    buffer = empty(1, stored.length.shape[0])
    return running(eqx.tree_at(lambda b: b.unfinished, buffer, stored))


@pytest.mark.parametrize(
    ("capacity", "environments", "steps", "often"),
    [
        (40, 3, 4, 0.3),  # trials span rollouts
        (7, 3, 5, 0.3),  # wraps around
        (4, 3, 9, 0.5),  # more end in a rollout than there are rows
        (1, 2, 3, 0.9),
        (5, 4, 1, 0.2),  # rollouts of one step
        (3, 1, 8, 0.0),  # ends by the horizon alone
        (6, 2, 2, 1.0),  # trials of one step
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_lists(capacity: int, environments: int, steps: int, often: float, seed: int):
    experience = Experience(environments, seed, often)
    buffer, lists = empty(capacity, environments), Lists(capacity, environments)
    most_ended = 0
    for number in range(12):
        rollout = experience.rollout(steps)
        most_ended = max(most_ended, rollout[2].sum())
        buffer = add(buffer, *on_device(rollout))
        lists.add(*rollout)
        assert int(buffer.next_row) == lists.next_row
        assert int(buffer.rows_filled) == lists.rows_filled
        assert same(running(buffer), padded(lists.unfinished))
        rows = padded(lists.rows)
        assert same(cut(buffer.stored), rows)
        # All that are there, each once, and then nothing.
        sampled = draw(buffer, jax.random.key(number), capacity + 2)
        filled = lists.rows_filled
        expected = rows_of(rows, range(filled))
        assert sorted(rows_of(sampled, range(filled))) == sorted(expected)
        nothing = row_of(padded([[]]), 0)
        assert rows_of(sampled, range(filled, capacity + 2)) == [nothing] * (capacity + 2 - filled)
    if (capacity, often) == (4, 0.5):
        assert most_ended > capacity


def test_nothing_is_there_at_first():
    buffer = empty(3, 2)
    assert same(draw(buffer, jax.random.key(0), 4), padded([[]] * 4))
    assert same(running(buffer), padded([[]] * 2))


def test_the_task_is_that_of_the_first_step():
    """Also where it moves, and where the trial began in an earlier rollout."""
    experience = Experience(1)
    first, second = experience.rollout(2), experience.rollout(2)
    never = np.zeros((2, 1), bool)
    at_last = np.array([[False], [True]])
    buffer = add(empty(2, 1), *on_device((first[0], first[1], never)))
    buffer = add(buffer, *on_device((second[0], second[1], at_last)))
    sampled = draw(buffer, jax.random.key(0), 1)
    assert int(sampled.length[0]) == 4
    assert same(sampled.task, jax.tree.map(lambda leaf: leaf[0], first[1]))


def filled_buffer(capacity: int, trials: int) -> TrajectoryBuffer:
    """Trials of one step."""
    transitions, task = Experience(1).numbers((trials, 1))
    ends = np.ones((trials, 1), bool)
    return add(empty(capacity, 1), *on_device((transitions, task, ends)))


@pytest.mark.parametrize(("trials", "size"), [(6, 3), (6, 1), (5, 4)])
def test_every_set_is_equally_likely(trials: int, size: int):
    """The chi-square statistic of 6000 draws is below the 99.9 % quantile."""
    buffer = filled_buffer(7, trials)
    draws = 6000
    rewards = jax.jit(jax.vmap(lambda key: buffer.sample(key, size).transitions.reward[0]))(
        jax.random.split(jax.random.key(1), draws)
    )
    stored = np.asarray(buffer.stored.transitions.reward[0])
    sets = [tuple(np.flatnonzero(np.isin(stored, row)).tolist()) for row in np.asarray(rewards)]
    possible = list(combinations(range(trials), size))
    assert set(sets) <= set(possible)
    counts = np.array([sets.count(each) for each in possible])
    expected = draws / len(possible)
    statistic = np.sum((counts - expected) ** 2 / expected)
    # Degrees of freedom to the 99.9 % quantile of chi-square.
    quantile = {19: 43.82, 5: 20.52, 4: 18.47}[len(possible) - 1]
    assert statistic < quantile


def test_members_side_by_side_and_in_turn_are_the_same_as_one():
    members = [Experience(3, seed) for seed in range(3)]
    single = [empty(4, 3)] * 3
    vectorised = jax.tree.map(lambda *leaves: jnp.stack(leaves), *single)
    in_turn = vectorised
    together = jax.jit(jax.vmap(TrajectoryBuffer.add))
    one_by_one = jax.jit(lambda *all_: jax.lax.map(lambda m: TrajectoryBuffer.add(*m), all_))
    keys = jax.random.split(jax.random.key(2), 3)
    for _ in range(4):
        rollouts = [on_device(member.rollout(5)) for member in members]
        single = [add(one, *rollout) for one, rollout in zip(single, rollouts, strict=True)]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *rollouts)
        vectorised = together(vectorised, *stacked)
        in_turn = one_by_one(in_turn, *stacked)
    expected = jax.tree.map(lambda *leaves: jnp.stack(leaves), *single)
    assert same(vectorised, expected)
    assert same(in_turn, expected)
    sampled = jax.jit(jax.vmap(lambda one, key: one.sample(key, 3)))(vectorised, keys)
    samples = [draw(one, key, 3) for one, key in zip(single, keys, strict=True)]
    assert same(sampled, jax.tree.map(lambda *leaves: jnp.stack(leaves), *samples))


@pytest.mark.usefixtures("float64")
def test_double_precision_is_kept():
    rollout = jax.tree.map(
        lambda leaf: leaf.astype(np.float64) if leaf.dtype == np.float32 else leaf,
        Experience(2).rollout(5),
    )
    shapes = jax.tree.map(lambda leaf: leaf[0, 0], rollout[:2])
    buffer = add(TrajectoryBuffer.create(3, HORIZON, 2, *shapes), *on_device(rollout))
    sampled = draw(buffer, jax.random.key(0), 2)
    assert sampled.transitions.reward.dtype == jnp.float64
    assert sampled.task.vector.dtype == jnp.float64
    assert sampled.length.dtype == jnp.int32
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), buffer) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), TrajectoryBuffer.create(3, HORIZON, 2, *shapes)
    )


def test_what_was_not_a_number_does_not_show_after_an_end():
    """Two short trials in a row and a beginning that held a longer one."""
    experience = Experience(1)
    buffer = empty(1, 1)
    for trial_end in ([False] * (HORIZON - 1), [True], [True], [False]):
        transitions, task = experience.numbers((len(trial_end), 1))
        if len(trial_end) > 1:
            transitions.reward[1:] = np.nan
        last = (transitions, task, np.array(trial_end)[:, None])
        buffer = add(buffer, *on_device(last))
    assert np.isnan(np.asarray(buffer.stored.transitions.reward)).any()
    assert np.isnan(np.asarray(buffer.unfinished.transitions.reward)).any()
    assert bool(jnp.isfinite(draw(buffer, jax.random.key(0), 1).transitions.reward).all())
    lists = Lists(1, 1)
    lists.add(*last)
    assert same(running(buffer), padded(lists.unfinished))


def test_a_donated_buffer_is_used_again():
    """Also a new one: no array is in it twice. There is no copy of the stored trials."""
    rollout = on_device(Experience(2).rollout(4))
    buffer = empty(1000, 2)
    donating = jax.jit(TrajectoryBuffer.add, donate_argnums=0)
    stored = sum(leaf.nbytes for leaf in jax.tree.leaves(buffer.stored))
    memory = donating.lower(buffer, *rollout).compile().memory_analysis()
    assert memory is not None
    assert memory.temp_size_in_bytes < stored / 10
    expected = add(buffer, *rollout)
    assert same(donating(buffer, *rollout), expected)
    assert buffer.stored.length.is_deleted()


def test_a_capacity_of_none_is_refused():
    with pytest.raises(UserError, match="capacity is 0, but it must be a finite number >= 1"):
        empty(0, 1)
