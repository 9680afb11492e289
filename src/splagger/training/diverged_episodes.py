"""How many episodes of a training ended because the simulated physics diverged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True)
class DivergedEpisodes:
    """Counts over all members and updates so far."""

    diverged: int = 0
    """Episodes that ended so."""
    episodes: int = 0
    """All episodes that ended."""

    @classmethod
    def of_records(
        cls, records: Iterable[Mapping[str, Any]], failed_at: Int[np.ndarray, " member"]
    ) -> "DivergedEpisodes":
        """Counts what a training has recorded.

        **Arguments:**

        - `records`: its metrics, one record an update.
        - `failed_at`: before which update every member was stopped, -1 for those that go on.
        """
        total = cls()
        for record in records:
            # The update in which a member failed was its last one.
            standing = (failed_at >= 0) & (record["update"] > failed_at + 1)
            total = total.after(record, standing)
        return total

    def after(
        self, metrics: Mapping[str, Any], standing: Bool[np.ndarray, " member"]
    ) -> "DivergedEpisodes":
        """The counts after one more update.

        **Arguments:**

        - `metrics`: of that update, one number for every member. Without `diverged_episodes`, as
            where physics cannot diverge, nothing is counted.
        - `standing`: which members had been stopped before it. Theirs is no new experience: they
            act the same again and again.
        """
        if "diverged_episodes" not in metrics:
            return self
        more = (
            int(np.sum(np.asarray(metrics[name]), where=~standing))
            for name in ("diverged_episodes", "rollout_episodes")
        )
        return DivergedEpisodes(self.diverged + next(more), self.episodes + next(more))

    def __str__(self) -> str:
        """One sentence, such as `3 of 1,200 episodes ended because the simulated physics
        diverged.`"""
        return (
            f"{self.diverged:,} of {self.episodes:,} episodes ended because the simulated physics "
            "diverged."
        )


def first_divergence(update: int) -> str:
    """What to say where physics diverged for the first time in a training, in that update."""
    return (
        f"The simulated physics diverged in update {update}, for the first time in this run: the "
        "episode ends there with the reward 0, and training goes on. diverged_episodes in "
        "metrics.jsonl says how often it happens."
    )
