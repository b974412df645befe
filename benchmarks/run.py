"""python benchmarks/run.py ROW [ROW ...]: measure the rows, write results/ROW.csv and pictures.

Threads are set alike for everyone before any library is loaded, and inherited by the processes
that the contenders run in.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

VARIABLES = ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS", "VECLIB")


def main() -> None:
    """Read the command line, measure each problem in turn."""
    arguments = parse()
    for name in VARIABLES:
        os.environ[f"{name}_NUM_THREADS"] = str(arguments.threads)
    os.environ["LOKY_MAX_CPU_COUNT"] = str(arguments.threads)
    for row in "ABCDEFGH" if "all" in arguments.rows else arguments.rows:
        measure_row(row, arguments)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Speed and exactness, row by row.")
    parser.add_argument("rows", nargs="+", choices=[*"ABCDEFGH", "all"], metavar="ROW")
    parser.add_argument("--contenders", nargs="+", help="names; default: all of them")
    parser.add_argument(
        "--problems", nargs="+", help="names, the others' results stay; default: all of the row"
    )
    parser.add_argument("--repeats", type=int, default=3, help="fits of each point that counts")
    parser.add_argument("--limit", type=float, help="seconds a fit may take (200; small: 5)")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds for one ladder")
    parser.add_argument("--threads", type=int, default=2, help="the same for everyone")
    parser.add_argument(
        "--small", action="store_true", help="small stand-ins: is the harness whole?"
    )
    parser.add_argument(
        "--no-variants", action="store_true", help="leave out those without intercept"
    )
    parser.add_argument("--no-cold", action="store_true", help="no first fits, no memory")
    parser.add_argument("--out", type=Path, help="a folder; results/ or, if small, small-results/")
    arguments = parser.parse_args()
    folder = "small-results" if arguments.small else "results"
    arguments.out = arguments.out or Path(__file__).parent / folder
    return arguments


def measure_row(row: str, arguments: argparse.Namespace) -> None:
    """All problems of one row: CSV, machine, best objectives, pictures."""
    import contenders
    import first_fit
    import results
    from curves import draw
    from measure import Measurement, Plan, say
    from rows import problems

    best = results.Best(arguments.out / "best.json")
    names = arguments.contenders or [contender.name for contender in contenders.CONTENDERS]
    limit = arguments.limit or (5.0 if arguments.small else 200.0)
    plan = Plan(arguments.repeats, limit, arguments.budget, cold=not arguments.no_cold)
    about = json.dumps(results.machine(arguments.threads), indent=1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{row}.machine.json").write_text(about + "\n")
    wanted = problems(row, small=arguments.small, variants=not arguments.no_variants)
    if arguments.problems:
        wanted = [problem for problem in wanted if problem.name in arguments.problems]
    every = results.without([problem.name for problem in wanted], arguments.out / f"{row}.csv")
    for problem in wanted:
        say(problem.name)
        records = Measurement(problem, names, plan, best.of(problem.name)).run()
        best.learn(records)
        every += records
        results.write(every, arguments.out / f"{row}.csv")
        if any(record.kind == "fit" for record in records):
            picture = arguments.out / f"{problem.name}.png"
            draw(problem.name, records, best.of(problem.name), picture)
    if row == "G" and plan.cold:
        processes = first_fit.records(1 if arguments.small else arguments.repeats)
        every = [record for record in every if record.kind != "process"] + processes
        results.write(every, arguments.out / f"{row}.csv")


if __name__ == "__main__":
    main()
