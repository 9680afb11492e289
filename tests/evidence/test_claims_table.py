import re

from rich.console import Console

from splagger.evidence.claims import Claim
from splagger.evidence.claims_table import EXPLANATION, claims_markdown, claims_table
from splagger.evidence.finding import Finding
from splagger.evidence.judge import Judged

ABOVE = Finding("max above rnn", "holds", "3 seeds", "+0.10 [+0.05, +0.20]")
CLOSE = Finding("max above amrl", "open", "3 seeds", "+0.01 [-0.05, +0.20]")
MISSING = [Finding(f"max above {n}", "open", f"not trained: {n}") for n in ("cnp", "pearl")]
NONE = Finding("it stays", "open", "not computed: gradient of max")

JUDGED = [
    Judged(Claim("C1", "max is good", "text", ()), (ABOVE, CLOSE, *MISSING)),
    Judged(Claim("C2", "gradients stay", "figure 9", ()), (NONE,)),
    Judged(Claim("C3", "again", "implied", ()), (ABOVE,)),
]


def test_parts_that_nothing_was_trained_for_are_one_row():
    console = Console(width=120)
    with console.capture() as capture:
        console.print(claims_table(JUDGED))
    cells = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in capture.get().splitlines()
        if line.startswith("│")
    ]
    assert cells == [
        ["C1: max is good (text)", "open", "", ""],
        ["max above rnn", "holds", "+0.10 [+0.05, +0.20]", "3 seeds"],
        ["max above amrl", "open", "+0.01 [-0.05, +0.20]", "3 seeds"],
        ["2 parts: not trained", "open", "", ""],
        ["C2: gradients stay (figure 9)", "open", "", ""],
        ["1 part: not computed", "open", "", ""],
        ["C3: again (implied)", "holds", "", ""],
        ["max above rnn", "holds", "+0.10 [+0.05, +0.20]", "3 seeds"],
    ]


def test_markdown_has_the_parts_with_numbers_once():
    assert claims_markdown(JUDGED).splitlines() == [
        "| claim | source | verdict | parts that hold, fail, are open |",
        "|---|---|---|---|",
        "| C1: max is good | text | **open** | 1, 0, 3 |",
        "| C2: gradients stay | figure 9 | **open** | 0, 0, 1 |",
        "| C3: again | implied | **holds** | 1, 0, 0 |",
        "",
        EXPLANATION,
        "",
        "| part | verdict | effect | evidence |",
        "|---|---|---|---|",
        "| max above rnn | holds | +0.10 [+0.05, +0.20] | 3 seeds |",
        "| max above amrl | open | +0.01 [-0.05, +0.20] | 3 seeds |",
        "",
        "Besides, 2 parts: not trained; 1 part: not computed.",
    ]


def test_markdown_without_numbers_has_no_empty_table():
    text = claims_markdown(JUDGED[1:2])
    assert text.count("|---") == 4
    assert re.search(r"answers\.\n\nBesides, 1 part: not computed\.$", text)
