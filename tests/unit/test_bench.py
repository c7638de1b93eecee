"""The benchmark's own arithmetic: a wrong yardstick would go unnoticed."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from ledger.cards import rules
from tests.bench.customers import Customers
from tests.bench.plot import drawn
from tests.bench.report import conclusions, table

NOW = 1_800_000_000.0  # a step begins
STEP = int(NOW) // 30
SECRET = rules.new_phone_secret()
PAPER = (1_234_567_897, "ABCDEFGHIJ", "2580")


def by_phone(now: float) -> Customers:
    """One telephone, whose holder never takes the paper card while there is a code."""
    customers = Customers(seed=1, clock=lambda: now, phones=1.0)
    customers.admit([(9_876_543_217, SECRET)], [PAPER])
    return customers


def test_telephones_show_each_code_once_and_as_the_service_knows_it() -> None:
    customers = by_phone(NOW)
    codes = [
        f'"credential":"BP1/9876543217/{rules.one_time_code(SECRET, step)}"' for step in (STEP - 1, STEP, STEP + 1)
    ]
    on_paper = '"credential":"BP1/1234567897/ABCDEFGHIJ","pin":"2580"'
    assert [customers.credential() for _ in range(4)] == [*codes, on_paper]
    assert customers.shown == {"phone": 3, "paper": 1}


def test_a_code_that_is_nearly_worthless_is_not_sent() -> None:
    assert rules.one_time_code(SECRET, STEP) in by_phone(NOW + 26).credential()


def test_ratios_are_to_the_better_yardstick_and_to_the_same_number_of_tills() -> None:
    results = measured()
    results |= conclusions(results)
    assert (results["tpcb_tps"], results["ratio_64"], results["ratio_256"]) == (5000.0, 0.9, 1.2)
    assert (results["busy_ratio"], results["growth_ratio"], results["check_ratio"]) == (0.95, 0.5, 11.0)
    assert (results["p50_1_in_tpcb_latencies"], results["p99_64_in_tpcb_latencies"]) == (4.0, 100.0)
    assert "   64    4500     4400   0.90" in table(results)
    assert "longest wait 1900.0 ms, lost 0" in table(results)
    assert "statement of 10000 lines: 6.0 s" in table(results)
    assert "fee                                  4       3      1.000   0.750" in table(results)
    assert ET.fromstring(drawn(results)).tag.endswith("svg")  # noqa: S314 - drawn here


def measured() -> dict[str, Any]:
    """What a run would have found."""
    tills = {"1": told(800, 1.0), "8": told(2500, 3.0), "64": told(4500, 8.0), "256": told(6000, 30.0)}
    check = {"100000": checked(100_000, 10.0), "1000000": checked(1_000_000, 110.0)}
    return {
        "processors": 2,
        "settings": {"fsync": "on"},
        "tpcb": {"before": 4000.0, "after": 5000.0},
        "tpcb_one_client_ms": 0.25,
        "tills": tills,
        "busy": {"64": told(4500, 9.0), "256": told(5700, 31.0)},
        "mixed": told(4000, 9.0),
        "overload": {"rush": told(3000, 900.0), "after": told(4500, 8.0), "lost": 0},
        "growth": {"10000": told(5000, 7.0), "1000000": tills["64"], "5000000": told(2500, 12.0)},
        "check": check,
        "checks": {"larger": check["1000000"]},
        "bulk": {"vouchers": 100_000},
        "scanning": {"images": 500, "read": {"15 mm blur": {"ours": 381, "2-M": 364}}},
        "reconciling": {"10000": {"import": 3.0, "match": 2.0, "report": 1.0, "seconds": 6.0, "peak_mb": 90}},
        "quality": [{"category": "fee", "expected": 4, "found": 3, "right": 3}],
        "seconds": 1500,
    }


def told(rate: int, p50_ms: float) -> dict[str, Any]:
    shares = {f"{who}_cpu_share": 0.5 for who in ("generator", "service", "postgres", "others")}
    return {"rps": rate, "booked_rps": rate - 100, "p50_ms": p50_ms, "p99_ms": 25.0, "longest_ms": 1900.0, **shares}


def checked(transactions: int, seconds: float) -> dict[str, Any]:
    return {"transactions": transactions, "postings": 3 * transactions, "seconds": seconds, "peak_mb": 100}
