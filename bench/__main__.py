"""The benchmark's command line: reads arguments, runs, prints. Measures nothing itself."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contestants import SERVERS
from bench.machine import describe_machine
from bench.process import ServerFailed
from bench.report import render, to_document
from bench.run import Plan, run
from bench.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.comparison import Measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 unless a server could not be measured."""
    options = _read_options(arguments)
    kinds = [SCENARIOS[name] for name in options.only]
    plan = Plan(
        tuple(kind.quick() if options.quick else kind() for kind in kinds),
        tuple(SERVERS[name] for name in options.servers),
        options.rounds,
        offer_deflate=not options.no_deflate,
    )
    machine = describe_machine()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no server outlives the benchmark
    try:
        results = run_fast(plan)
    except ServerFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(render(results, machine, offer_deflate=plan.offer_deflate))
    if options.json:
        document = to_document(results, machine, offer_deflate=plan.offer_deflate)
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def run_fast(plan: Plan) -> list[Measured]:
    """Run on uvloop where it is installed, so that the load costs as little as it can."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if util.find_spec("uvloop"):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(run(plan, lambda line: print(line, file=sys.stderr, flush=True)))


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Speech Engine servers side by side, each on a core of its own.",
    )
    parser.add_argument("--only", type=_names_in(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument("--servers", type=_names_in(SERVERS), default=list(SERVERS))
    parser.add_argument("--rounds", type=_count, default=5)
    parser.add_argument("--no-deflate", action="store_true", help="do not offer compression")
    parser.add_argument("--quick", action="store_true", help="tiny numbers: tries the harness only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every reading")
    return parser.parse_args(arguments)


def _names_in(known: Iterable[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        unknown = [name for name in names if name not in known]
        if unknown:
            choices = ", ".join(known)
            raise argparse.ArgumentTypeError(f"no such name: {unknown[0]!r}; there are {choices}")
        return names

    return read


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return count


if __name__ == "__main__":
    sys.exit(main())
