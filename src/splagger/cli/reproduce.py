"""`splagger reproduce`: the figures of the paper, and which of its claims hold here."""

from dataclasses import dataclass

from splagger.cli.reproduce_options import ReproduceOptions
from splagger.foundation.errors import UserError


@dataclass(frozen=True)
class Reproduce(ReproduceOptions):
    """Reproduce figures of the paper: train what is missing, draw, and judge its claims."""

    def run(self) -> int:
        """Lists, judges, or trains and draws."""
        from splagger.cli import reproduction

        if self.list:
            return reproduction.show_targets(self.folder)
        if self.claims:
            return reproduction.show_claims(self.folder, self.scale, markdown=self.markdown)
        if not self.targets:
            raise UserError(
                "reproduce needs a target, such as `splagger reproduce t-maze`; "
                "`splagger reproduce --list` shows all of them."
            )
        return reproduction.reproduce(self)
