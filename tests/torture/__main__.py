"""Many processes, one store, short-lived tokens, and accidents: all installs have to live.

dense   4 processes with 50 tasks each use 20 locations, with tokens of 3 s; with --kill a random
        process is killed (kill -9) every 3 s. It proves that processes do not get in each other's
        way, and how fast it all is.
aimed   Each kill -9 meets a process that has a refresh under way: before HighLevel takes it, after
        that and before the reply, or while the reply is saved. With --grace 0 HighLevel gives no
        lost reply again: a direct install ends, once, and with --agency its location gets a new
        token.
sparse  Each location is called once in each lifetime of its token, so that nothing heals soon,
        and meets weather of its own at the token endpoint: lost, cut and late replies, and then
        seconds of resets, 500, 502, 503 and 429. Holders are stopped (SIGSTOP), clocks are set
        ahead and back, and PostgreSQL and Redis, on clusters of their own, are restarted.

The report states what was met. The status is 1 if a promise did not hold.
"""

import argparse
import asyncio
import logging
import sys

from tests.torture import aimed, run, sparse


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("form", nargs="?", choices=["dense", "aimed", "sparse"], default="dense")
    parser.add_argument("--store", choices=[*run.STORES, "all"], default="all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long dense goes on")
    parser.add_argument("--kill", action="store_true", help="let dense kill -9 one every 3 s")
    parser.add_argument("--kills", type=int, default=24, help="how many kills are aimed")
    parser.add_argument("--grace", type=float, default=30.0, help="HighLevel's, for aimed kills")
    parser.add_argument("--agency", action="store_true", help="aim at an agency's locations")
    parser.add_argument("--seed", type=int, default=0, help="of all that is left to chance")
    given = parser.parse_args()
    stores = run.STORES if given.store == "all" else (given.store,)
    logging.disable()  # of a Redis without an append-only file, by each process
    forms = {"dense": _dense, "aimed": _aimed, "sparse": _sparse}
    return asyncio.run(forms[given.form](given, stores))


async def _dense(given: argparse.Namespace, stores: tuple[str, ...]) -> int:
    """Run one store after the other: it is about speed as well."""
    broken = 0
    for store in stores:
        outcome = await run.torture(run.Plan(store, seconds=given.seconds, kill=given.kill))
        print(run.report(outcome), flush=True)
        broken |= bool(outcome.broken)
    return broken


async def _aimed(given: argparse.Namespace, stores: tuple[str, ...]) -> int:
    plans = [
        aimed.Aims(one, given.kills, given.grace, agency=given.agency, seed=given.seed)
        for one in stores
    ]
    outcomes = await asyncio.gather(*map(aimed.aimed, plans))
    print(*map(aimed.report, outcomes), sep="\n")
    return any(one.broken for one in outcomes)


async def _sparse(given: argparse.Namespace, stores: tuple[str, ...]) -> int:
    seasons = [sparse.Season(one, seed=given.seed) for one in stores]
    outcomes = await asyncio.gather(*map(sparse.sparse, seasons))
    print(*map(sparse.report, outcomes), sep="\n")
    return any(one.broken for one in outcomes)


if __name__ == "__main__":
    sys.exit(main())
