"""Many processes, one store, tokens of a few seconds, and a killer: all installs have to live.

Run it as ``python -m tests.torture --store sqlite --seconds 60 --kill``.
"""

import argparse
import asyncio
import sys

from tests.torture.run import STORES, Plan, report, torture


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--store", choices=[*STORES, "all"], default="all")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kill", action="store_true", help="kill -9 one process every 3 s")
    given = parser.parse_args()
    stores = STORES if given.store == "all" else (given.store,)
    failed = 0
    for store in stores:
        outcome = asyncio.run(torture(Plan(store, seconds=given.seconds, kill=given.kill)))
        print(report(outcome), flush=True)
        failed += bool(outcome.broken)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
