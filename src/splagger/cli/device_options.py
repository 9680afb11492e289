"""Options that say on which devices a run is trained, and by how many processes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceOptions:
    """What trains a run. It is no part of the run: this can go on with other devices."""

    devices: int | None = None
    """How many devices share the members, or the environments of few members; by default all that
    there are, of all processes together."""
    members_at_once: int | None = None
    """How many members a device vectorises at a time, where that is an accelerator; by default all
    that it has. It bounds memory and changes no result."""
    distributed: bool = False
    """Be one of several processes, on one machine or several, that a scheduler such as SLURM
    started with the same command."""
    coordinator: str | None = None
    """Without a scheduler: HOST:PORT of the first process, the same for all of them."""
    process_count: int | None = None
    """Then, how many processes there are."""
    process_index: int | None = None
    """And which one this is, from 0."""

    def join(self) -> None:
        """Meets the other processes, if there are any. To be called before jax is used.

        **Raises:** `UserError` where they cannot be met.
        """
        by_hand = (self.coordinator, self.process_count, self.process_index)
        if not self.distributed and by_hand == (None, None, None):
            return
        from splagger.training.processes import join_processes

        join_processes(
            coordinator=self.coordinator,
            process_count=self.process_count,
            process_index=self.process_index,
        )
