"""`make bench`: the product beside the database's own TPC-B benchmark, on one durable PostgreSQL, in one run.

Prints a table; writes `bench-results/latest.json` and `bench-results/latest.svg`. `QUICK=1` takes three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.parts import QUICK, WHOLE, run
from tests.bench.report import save, table


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run; so does QUICK=1")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick or os.environ.get("QUICK") else WHOLE
    with tempfile.TemporaryDirectory(prefix="bonpois-bench-") as folder:
        results = asyncio.run(run(Path(folder), sizes))
    save(results, Path("bench-results"))
    sys.stdout.write(table(results))


if __name__ == "__main__":
    main()
