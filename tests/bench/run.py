#!/usr/bin/python3
"""make bench: the figures of DESIGN section 9, as ratios in one run.

Yardsticks first, then one line a figure: `P1 prosody 0.93 >=0.9 ok` (or
`short`). Arguments name figures to run (P1 P2 P3 P4 P5 P7 P8 H1 H2 H3); none: all.
SCALE=0.1 makes it quick and rough.
"""

import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from bench import figures                              # noqa: E402

FIGURES = ["P1", "P2", "P3", "P4", "P5", "P7", "P8", "H1", "H2", "H3"]


def main():
    wanted = [name.upper() for name in sys.argv[1:]] or FIGURES
    scale = float(os.environ.get("SCALE", "1"))
    with tempfile.TemporaryDirectory(prefix="moongate-bench-") as folder:
        bench = figures.Bench(folder, scale)
        try:
            for row in bench.run(wanted):
                print(row, flush=True)
        finally:
            bench.close()
    return 1 if bench.short else 0


if __name__ == "__main__":
    sys.exit(main())
