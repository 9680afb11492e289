"""Writing HTML so that text stays text, whatever is in it."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, TypeAlias

_EMPTY = frozenset({"br", "col", "img", "link", "meta", "source"})


class Markup(str):
    """Text that is HTML already. All other text is escaped where it is put into an element."""


Child: TypeAlias = str | Iterable[Any] | None
"""What an element may hold: HTML, text that is to be escaped, nothing, or several of these."""


def element(tag: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Makes an element.

    **Arguments:**

    - `tag`: its name.
    - `children`: what is in it, in this order.
    - `attributes`: by name. An underscore at the end is left out, others are hyphens, so that
        `class_` and `aria_label` can be written. True stands for an attribute without a value;
        what is None or false is left out.
    """
    written = "".join(
        f" {name.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _EMPTY:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def join(children: Child) -> Markup:
    """Writes what an element holds, one after the other; text that is no HTML is escaped."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return Markup(escape(children))
    return Markup("".join(map(join, children)))


def table(
    label: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Child]],
    *,
    numbers: Iterable[int] = (),
    class_: str | None = None,
) -> Markup:
    """Makes a table in a box of its own, which scrolls where the page is narrower than the table.

    **Arguments:**

    - `label`: what it is called by programs that read pages aloud.
    - `columns`: the heads of its columns. The first column holds the heads of the rows.
    - `rows`: for each row a cell for every column.
    - `numbers`: which columns hold numbers, counted from 0.
    - `class_`: how it looks.
    """
    right = set(numbers)

    def cell(tag: str, place: int, content: Child, **attributes: str) -> Markup:
        return element(tag, content, class_="number" if place in right else None, **attributes)

    head = element(
        "tr", [cell("th", place, name, scope="col") for place, name in enumerate(columns)]
    )
    body = [
        element(
            "tr",
            cell("th", 0, row[0], scope="row"),
            [cell("td", place, content) for place, content in enumerate(row) if place],
        )
        for row in rows
    ]
    return element(
        "div",
        element("table", element("thead", head), element("tbody", body), class_=class_),
        class_="scrolls",
        role="region",
        aria_label=label,
        tabindex=0,
    )
