"""The running mean."""

import equinox as eqx

from splagger.sequence.aggregators.straight_through import divide
from splagger.sequence.aggregators.sums import SumAggregator, count


class Mean(SumAggregator):
    """The mean over the trial: sum and number of the inputs (CNP, Garnelo et al. 2018)."""

    straight_through: bool = eqx.field(static=True, default=False)
    """Whether gradients pass to all inputs undivided (AMRL)."""

    def widths(self, size: int) -> tuple[int, ...]:
        return (size, 1)

    def lift(self, u):
        return u, count(u)

    def read(self, element):
        total, number = element
        return divide(total, number, straight_through=self.straight_through)
