"""The words below figures: what lines and bands are, and of how many seeds."""

from collections.abc import Iterable, Mapping

from splagger.reporting.statistics.bootstrap import StatisticsMode

SEEDS_FOR_INTERVAL = 3
"""With fewer seeds no interval is drawn around a statistic."""


def say_statistic(mode: StatisticsMode) -> str:
    """Returns the name of the statistic in words: `interquartile mean`."""
    return mode.statistic.replace("-", " ")


def say_interval(mode: StatisticsMode) -> str:
    """Returns the name of the interval in words: `95 % bootstrap interval`."""
    return f"{100 * mode.confidence:g} % bootstrap interval"


def say_seeds(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Returns in words of how many seeds the curves are, as shortly as it can be said.

    **Arguments:**

    - `counts`: for each panel's title the number of seeds of each agent.
    """
    by_agent: dict[str, set[int]] = {}
    for agents in counts.values():
        for agent, count in agents.items():
            by_agent.setdefault(agent, set()).add(count)
    by_panel = {title: set(agents.values()) for title, agents in counts.items()}
    every = set().union(*by_panel.values())
    if len(every) == 1:
        return "1 seed" if every == {1} else f"{every.pop()} seeds"
    for groups in (by_panel, by_agent):
        if all(len(found) == 1 for found in groups.values()):
            return "seeds: " + _list({name: found.pop() for name, found in groups.items()})
    return "seeds: " + "; ".join(f"{title}: {_list(agents)}" for title, agents in counts.items())


def say_range(counts: Iterable[int]) -> str:
    """Returns the lowest and the highest of some numbers in words: `3`, or `3 to 5`."""
    ordered = sorted(counts)
    low, high = ordered[0], ordered[-1]
    return f"{low}" if low == high else f"{low} to {high}"


def say_without_interval(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Returns the words for curves of too few seeds for an interval; none if there are none."""
    few = any(count < SEEDS_FOR_INTERVAL for agents in counts.values() for count in agents.values())
    return f"no interval below {SEEDS_FOR_INTERVAL} seeds" if few else ""


def _list(agents: Mapping[str, int]) -> str:
    return ", ".join(f"{agent} {count}" for agent, count in agents.items())
