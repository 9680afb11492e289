"""The interface of aggregators: running, order-free combinations of a sequence."""

import abc

import equinox as eqx
from jaxtyping import Array, Float

from splagger.sequence.segmented_scan import Element


class Aggregator(eqx.Module):
    """A commutative monoid, with a way in (`lift`) and a way out (`read`).

    The aggregate of a sequence is `combine(... combine(start, lift(u_1)) ..., lift(u_t))`. As
    `combine` is associative, the same aggregate comes from stepping, from a scan, and from a scan
    in parallel over time. The start element is apart from the identity: published maxima start at
    0, and other starts are low, or learned.
    """

    @abc.abstractmethod
    def identity(self, size: int) -> Element:
        """The element that changes nothing, for inputs of `size`, without batch dimensions."""

    @abc.abstractmethod
    def start(self, size: int) -> Element:
        """The element at a trial's start, without batch dimensions."""

    @abc.abstractmethod
    def lift(self, u: Float[Array, "*batch input"]) -> Element:
        """The element of one input."""

    @abc.abstractmethod
    def combine(self, first: Element, second: Element) -> Element:
        """Combines two elements: associative and commutative."""

    @abc.abstractmethod
    def read(self, element: Element) -> Float[Array, "*batch output"]:
        """The output for an element."""

    def output_size(self, size: int) -> int:
        """Width of the output for inputs of `size`."""
        return size
