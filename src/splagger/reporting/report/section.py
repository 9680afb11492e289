"""A part of the page, with a heading."""

from dataclasses import dataclass

from splagger.reporting.report.html import Child, Markup, element


@dataclass(frozen=True)
class Section:
    """A part of the page that its contents name."""

    anchor: str
    """Its name in addresses, such as `results`."""

    title: str
    """Its heading."""

    content: Child
    """What follows the heading."""

    def markup(self) -> Markup:
        """Returns the section as HTML."""
        return element(
            "section",
            element("h2", self.title, id=f"{self.anchor}-title"),
            self.content,
            id=self.anchor,
            aria_labelledby=f"{self.anchor}-title",
        )
