"""What was measured: a table for people, a file for programs, a plot for both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench import scanning
from tests.bench.months import Row, lines_of
from tests.bench.plot import drawn

Results = Mapping[str, Any]


def save(results: dict[str, Any], folder: Path) -> None:
    """Add what follows from the figures, and write `latest.json` and `latest.svg`."""
    results |= conclusions(results)
    folder.mkdir(exist_ok=True)
    (folder / "latest.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    (folder / "latest.svg").write_text(drawn(results), encoding="utf-8")


def conclusions(results: Results) -> dict[str, Any]:
    """Ratios: to the better of the two TPC-B runs around, to even sales, to young books, to one client's latency."""
    tps = max(results["tpcb"]["before"], results["tpcb"]["after"])
    tills, growth = results["tills"], results["growth"]
    (few, first), (many, last) = results["check"].items()
    rates = [each["rps"] for each in growth.values()]
    return {
        "tpcb_tps": tps,
        **{f"ratio_{count}": round(told["rps"] / tps, 2) for count, told in tills.items()},
        "busy_ratio": min(round(told["rps"] / tills[count]["rps"], 2) for count, told in results["busy"].items()),
        "growth_ratio": round(rates[-1] / rates[0], 2) if len(rates) > 1 else None,
        "check_ratio": round(last["seconds"] / first["seconds"], 1),
        "check_growth": f"{few} to {last['transactions'] if last['transactions'] > int(many) else many} transactions",
        "p50_1_in_tpcb_latencies": _in_latencies(results, tills["1"]["p50_ms"]),
        "p99_64_in_tpcb_latencies": _in_latencies(results, tills["64"]["p99_ms"]),
    }


def table(results: Results) -> str:
    """Everything on one screen."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    latency = results["tpcb_one_client_ms"]
    settings = ", ".join(f"{name} {value}" for name, value in results["settings"].items())
    yield f"\n{results['processors']} processors; {settings}"
    rates = ", ".join(f"{name} {rate:.0f}/s" for name, rate in results["tpcb"].items())
    yield f"pgbench TPC-B, 32 clients: {rates}; one client: {latency} ms\n"
    yield (
        f"{'':28}{'tills':>6}{'req/s':>8}{'booked/s':>9}{'ratio':>7}{'p50 ms':>8}{'p99 ms':>8}{'p50 x':>7}{'p99 x':>7}"
        "   CPU of generator, service, PostgreSQL, others"
    )
    for name, count, told in _runs(results):
        cells = f"{told['rps']:>8}{told['booked_rps']:>9}{told['rps'] / results['tpcb_tps']:>7.2f}"
        times = f"{told['p50_ms']:>8}{told['p99_ms']:>8}"
        yield f"{name:28}{count:>6}{cells}{times}{_multiples(results, told)}{_processors(told)}"
    yield ""
    for name, told in results["checks"].items():
        size = f"{told['transactions']} transactions, {told['postings']} postings"
        yield f"check after {name:9}{told['seconds']:>8} s{told['peak_mb']:>6} MB  {size}"
    rush, after = results["overload"]["rush"], results["overload"]["after"]
    yield (
        f"ten times too many tills: longest wait {rush['longest_ms']} ms, lost {results['overload']['lost']}; "
        f"two seconds later {after['rps']}/s, longest {after['longest_ms']} ms"
    )
    yield f"bulk: {', '.join(f'{name} {value}' for name, value in results['bulk'].items())}"
    yield from scanning.lines(results["scanning"])
    for lines, told in results["reconciling"].items():
        parts = ", ".join(f"{name} {told[name]} s" for name in ("import", "match", "report"))
        yield f"statement of {lines} lines: {told['seconds']} s ({parts}), {told['peak_mb']} MB"
    yield ""
    yield from lines_of([Row(**row) for row in results["quality"]])
    yield ""
    names = ("ratio_64", "ratio_256", "busy_ratio", "growth_ratio", "check_ratio", "check_growth", "seconds")
    yield ", ".join(f"{name} {results[name]}" for name in names)


def _runs(results: Results) -> Iterator[tuple[str, str, Results]]:
    for count, told in results["tills"].items():
        yield "even", count, told
    for count, told in results["busy"].items():
        yield "half at one merchant", count, told
    yield "with refunds and balances", "64", results["mixed"]
    for postings, told in results["growth"].items():
        yield f"at {int(postings):,} postings".replace(",", " "), "64", told


def _multiples(results: Results, told: Results) -> str:
    """Latencies as multiples of one-client pgbench."""
    return "".join(f"{_in_latencies(results, told[name]):>7}" for name in ("p50_ms", "p99_ms"))


def _processors(told: Results) -> str:
    return "   " + "  ".join(
        f"{told[f'{who}_cpu_share']:.2f}" for who in ("generator", "service", "postgres", "others")
    )


def _in_latencies(results: Results, milliseconds: float) -> float:
    return round(milliseconds / float(results["tpcb_one_client_ms"]), 1)
