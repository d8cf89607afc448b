"""Which functions a cold start runs, for tools/link/order.txt: make order.

    python3 tools/link/order.py CALLGRIND... >order.txt

CALLGRIND: what callgrind counted of one start and its replies. Names that a
compiler made out of a function's, such as take.part.0, count as the function's.
"""

import re
import sys
from pathlib import Path

HEAD = """\
# Functions that a cold start of iris runs up to its first reply. The linker puts
# them side by side (Makefile, order.ld), so that they share pages. Made by
# make order; one that is no longer there is passed over.
"""


def names(counted: str) -> set[str]:
    """callgrind writes fn=(ID) NAME where a function comes first."""
    found = re.findall(r"^c?fn=\(\d+\) ([A-Za-z_]\w*)(?:[.']\S*)?$", counted, re.M)
    return {name for name in found if name != "main"}  # which has a place of its own


def main() -> None:
    every = set().union(*(names(Path(path).read_text()) for path in sys.argv[1:]))
    print(HEAD + "\n".join(sorted(every)))


if __name__ == "__main__":
    main()
