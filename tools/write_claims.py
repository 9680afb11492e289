"""Writes the verdicts on the paper's claims into README.md and docs/reproducing.md.

    .venv/bin/python tools/write_claims.py [--check]

With --check nothing is written: the exit status is 1 where a page says something else. The verdicts
are those of `splagger reproduce --claims --scale full --markdown` for what is committed in
results/evidence: the claims in the README, their parts too in the guide.
"""

import argparse
from pathlib import Path

from splagger.evidence.claims_table import claims_markdown
from splagger.evidence.judge import judge_all
from splagger.evidence.scales import FULL
from splagger.evidence.store import COMMITTED, Store

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- claims -->\n", "<!-- end of claims -->"
"""Between these lines a page has the verdicts."""


def main() -> int:
    """Judges and writes, or compares; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    others = 0
    for page, text in pages().items():
        path = ROOT / page
        before, _, rest = path.read_text().partition(START)
        _, _, after = rest.partition(END)
        new = f"{before}{START}{text}\n{END}{after}"
        if new == path.read_text():
            continue
        others += 1
        print(f"{page} says something else" if check else page)
        if not check:
            path.write_text(new)
    return int(check and others > 0)


def pages() -> dict[str, str]:
    """What each page has between the lines."""
    # Nothing is read but what is committed.
    whole = claims_markdown(judge_all(Store(ROOT / COMMITTED, others=(ROOT / COMMITTED,)), FULL))
    return {"README.md": whole.partition("\n\n")[0], "docs/reproducing.md": whole}


if __name__ == "__main__":
    raise SystemExit(main())
