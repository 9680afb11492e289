"""Parts of claims about gradients and order: norms in training, and untrained agents."""

from dataclasses import dataclass

import numpy as np

from splagger.evidence.experiment import Experiment
from splagger.evidence.finding import Finding, Library, Verdict, unless_reduced


@dataclass(frozen=True)
class NormsAbove:
    """Whether one agent's gradients are larger than another's by a factor, all through training."""

    first: Experiment
    """The agent that is said to have the larger ones."""
    second: Experiment
    """The other."""
    factor: float
    """How many times as large they are at least."""

    def judge(self, library: Library) -> Finding:
        """Compares the medians over members, update by update; what is not finite is left out."""
        text = (
            f"gradients of {self.first.label} at least {self.factor:g} times those of "
            f"{self.second.label} on {self.first.environment}"
        )
        first, second = library.norms(self.first), library.norms(self.second)
        outcomes = [library.outcome(one) for one in (self.first, self.second)]
        there = [outcome for outcome in outcomes if outcome is not None]
        if first is None or second is None or len(there) < 2:
            missing = [
                one.label
                for one, norms, outcome in zip(
                    (self.first, self.second), (first, second), outcomes, strict=True
                )
                if norms is None or outcome is None
            ]
            return Finding(text, "open", f"no norms: {', '.join(missing)}")
        updates = min(len(first), len(second))
        ratios = _ratios(_medians(first[:updates]), _medians(second[:updates]))
        if len(ratios) == 0:
            return Finding(text, "open", "no norms that are finite")
        low, high = np.quantile(ratios, [0.05, 0.95])
        verdict: Verdict = "open"
        if low >= self.factor:
            verdict = "holds"
        elif high < self.factor:
            verdict = "fails"
        numbers = f"ratio {np.median(ratios):.3g} (90 % of updates: {low:.3g} to {high:.3g})"
        evidence = f"{first.shape[1]} members, {len(ratios)} updates"
        verdict, reduced = unless_reduced(verdict, there)
        if not all(outcome.complete for outcome in there):
            evidence = reduced
        return Finding(text, verdict, evidence, numbers)


@dataclass(frozen=True)
class Changes:
    """Whether a quantity of untrained agents changes over the steps by a factor within bounds."""

    quantity: str
    """Which one, by the name of its file."""
    agent: str
    """Of which agent."""
    low: float
    """The last step's value over the first one's is at least this."""
    high: float
    """And at most this."""
    text: str
    """The same in words."""

    def judge(self, library: Library) -> Finding:
        """Compares the means over agents."""
        values = library.analysis(self.quantity, self.agent)
        if values is None:
            return Finding(self.text, "open", f"not computed: {self.quantity} of {self.agent}")
        ratios = _ratios(values[:, -1], values[:, 0])
        if len(ratios) < len(values):
            return Finding(self.text, "open", f"0 or not finite: {self.quantity} of {self.agent}")
        ratio = float(values[:, -1].mean() / values[:, 0].mean())
        verdict: Verdict = "holds" if self.low <= ratio <= self.high else "fails"
        numbers = f"last step / first {ratio:.2g} ({ratios.min():.2g} to {ratios.max():.2g})"
        return Finding(self.text, verdict, _untrained(values), numbers)


@dataclass(frozen=True)
class LastOrdered:
    """Whether a quantity's last values of some agents are in an order."""

    quantity: str
    """Which one, by the name of its file."""
    agents: tuple[str, ...]
    """From the lowest to the highest."""
    equal: tuple[str, str] | None = None
    """Two agents whose values are the same."""

    def judge(self, library: Library) -> Finding:
        """Compares the means over agents at the last step."""
        text = f"{self.quantity}: {' < '.join(self.agents)}"
        if self.equal is not None:
            text += f", {self.equal[0]} = {self.equal[1]}"
        found = {
            agent: library.analysis(self.quantity, agent)
            for agent in (*self.agents, *(self.equal or ()))
        }
        missing = [agent for agent, values in found.items() if values is None]
        if missing:
            return Finding(text, "open", f"not computed: {', '.join(missing)}")
        last = {agent: values[:, -1] for agent, values in found.items() if values is not None}
        means = [float(last[agent].mean()) for agent in self.agents]
        ordered = all(low < high for low, high in zip(means, means[1:], strict=False))
        same = self.equal is None or np.allclose(
            last[self.equal[0]], last[self.equal[1]], rtol=1e-4
        )
        verdict: Verdict = "holds" if ordered and same else "fails"
        numbers = ", ".join(f"{agent} {values.mean():.2g}" for agent, values in last.items())
        some = next(values for values in found.values() if values is not None)
        return Finding(text, verdict, _untrained(some), numbers)


def _medians(norms: np.ndarray) -> np.ndarray:
    """`[update]` medians of `[update, member]` over members whose norms are finite, else NaN."""
    finite = [row[np.isfinite(row)] for row in norms]
    return np.array([np.median(row) if len(row) else np.nan for row in finite])


def _ratios(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The ratios that are finite."""
    fit = np.isfinite(above) & np.isfinite(below) & (below != 0)
    return above[fit] / below[fit]


def _untrained(values: np.ndarray) -> str:
    return f"{values.shape[0]} untrained agents of each, {values.shape[1]} steps"
