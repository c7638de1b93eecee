"""Answers about the past equal a replay of the journal; each says whether it is final."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import asyncpg
import pytest

from ledger.adjustments.actions import approve_move, propose_adjustment, propose_reversal
from ledger.adjustments.model import Leg, Reason
from ledger.books.transaction import TransactionKind
from ledger.database.unit_of_work import Ledger
from ledger.errors import BadValue, UnknownAccount, UnknownProgramme
from ledger.reports.actions import aid_report, balance_of, trial_balance
from ledger.reports.model import Aid, Line, Moment
from tests.conftest import NOW
from tests.databases import DatabaseUrls
from tests.made import MadeWorld
from tests.month import CHECKER_SIGNER, CODE, MAKER_SIGNER
from tests.straight import approval, post

POOL = f"programme:{CODE}:pool"
TODAY = date(2026, 10, 6)
MICROSECOND = timedelta(microseconds=1)

Row: TypeAlias = asyncpg.Record


@pytest.fixture
async def database_urls(made: MadeWorld) -> AsyncIterator[DatabaseUrls]:
    async with made.server.clone() as urls:
        yield urls


class Mover:
    """Moves money at random, straight in SQL, on days that come in no order."""

    def __init__(self, owner: asyncpg.Connection, seed: int) -> None:
        self.owner, self.mix = owner, random.Random(seed)

    async def run(self, times: int) -> None:
        self.approval_id = await approval(self.owner)
        for _ in range(times):
            rows = await self.owner.fetch("""
                SELECT a.id, a.name, k.code, abs(b.balance_cents) AS cents
                FROM ledger.balance AS b INNER JOIN ledger.account AS a ON a.id = b.account_id
                INNER JOIN ledger.account_kind AS k ON k.id = a.kind ORDER BY a.id
            """)
            await self.move({code: [row for row in rows if row["code"] == code] for code in {r["code"] for r in rows}})

    async def move(self, accounts: dict[str, list[Row]]) -> None:
        """One transaction of some kind, between accounts that have the money."""
        kind, source, target = self.mix.choice(_MOVES)
        full = [row for row in accounts[source] if row["cents"] > 0]
        if not full:
            return
        debited = self.mix.choice(full)
        credited = self.mix.choice([row for row in accounts[target] if row["id"] != debited["id"]])
        cents = debited["cents"] if kind is TransactionKind.LAPSE else self.mix.randint(1, min(debited["cents"], 900))
        occurred_at = NOW - timedelta(days=self.mix.randrange(40), minutes=self.mix.randrange(900))
        legs = [(debited["id"], cents), (credited["id"], -cents)]
        await post(self.owner, (kind, legs), approval_id=self.approval_id, occurred_at=occurred_at)


_MOVES = [
    *[(TransactionKind.REDEMPTION, "voucher", "merchant")] * 4,
    (TransactionKind.ISSUE, "programme:pool", "voucher"),
    (TransactionKind.REFUND, "merchant", "voucher"),
    (TransactionKind.REFUND, "merchant", "programme:pool"),
    (TransactionKind.LAPSE, "voucher", "programme:pool"),
    (TransactionKind.REVOCATION, "voucher", "programme:pool"),
    (TransactionKind.MERCHANT_PAYMENT, "merchant", "merchant"),
    (TransactionKind.CONVERSION_REQUEST, "merchant", "merchant:converting"),
    (TransactionKind.COUPONS_RETURNED, "coupons:circulating", "merchant"),
]


async def adjust(ledger: Ledger, serial: str, cents: int) -> None:
    """Two people take Pois off a voucher, and put something else right, which is taken back again."""
    legs = [Leg(f"voucher:{serial}", cents), Leg("suspense:POIS", -cents)]
    legs += [Leg("ccas:returned", cents), Leg("suspense:EUR", -cents)]
    for undone in (False, True):
        made = await propose_adjustment(ledger, legs, Reason.WRONG_AMOUNT, MAKER_SIGNER)
        await approve_move(ledger, made.proposal_id, CHECKER_SIGNER)
        if undone:
            back = await propose_reversal(ledger, made.transaction_id, Reason.NEVER_HAPPENED, MAKER_SIGNER)
            await approve_move(ledger, back.proposal_id, CHECKER_SIGNER)


@pytest.fixture(params=range(3))
async def journal(ledger: Ledger, owner: asyncpg.Connection, request: pytest.FixtureRequest) -> list[Row]:
    """All postings after a random set of movements, in the order of the books."""
    mover = Mover(owner, request.param)
    await mover.run(40)
    await adjust(ledger, f"{CODE}-2026-000040", 1_50)
    await mover.run(40)
    return list(await owner.fetch("SELECT * FROM ledger.journal ORDER BY posted_at, version"))


def moments(journal: Sequence[Row], mix: random.Random) -> list[tuple[Moment, Callable[[Row], bool]]]:
    """Moments at random, just before and just at a posting, before all and now; and what is in the books by then."""
    instants = [row["posted_at"] for row in mix.sample(journal, 4)]
    instants += [instant - MICROSECOND for instant in instants] + [journal[0]["posted_at"] - timedelta(days=1)]
    days = [*{row["booked_on"] for row in mix.sample(journal, 4)}, TODAY, date(2020, 1, 1)]
    return [
        (Moment(), lambda _: True),
        *((Moment(at=at), lambda row, at=at: row["posted_at"] <= at) for at in instants),
        *((Moment(on=on), lambda row, on=on: row["booked_on"] <= on) for on in days),
    ]


def summed(rows: Sequence[Row], by: str) -> list[Line]:
    """A trial balance by replay, in no order."""
    legs = defaultdict(list)
    for row in rows:
        legs[row[by], row["asset"]].append(row["amount_cents"])
    return [
        Line(name, asset, sum(c for c in cents if c > 0), -sum(c for c in cents if c < 0), sum(cents))
        for (name, asset), cents in legs.items()
    ]


def line_key(line: Line) -> tuple[str, str]:
    return line.account, line.asset


async def test_balances_equal_a_replay(ledger: Ledger, journal: list[Row]) -> None:
    mix = random.Random(1)
    for moment, is_in in moments(journal, mix):
        for account in {POOL, *(row["account"] for row in mix.sample(journal, 4))}:
            rows = [row for row in journal if row["account"] == account and is_in(row)]
            found = await balance_of(ledger, account, moment)
            assert found.balance_cents == sum(row["amount_cents"] for row in rows)
            if moment.on is None:
                last = max(rows, key=lambda row: row["version"], default={"version": 0, "posted_at": None})
                assert (found.version, found.posted_at) == (last["version"], last["posted_at"])


async def test_trial_balances_equal_a_replay_and_sum_to_zero(ledger: Ledger, journal: list[Row]) -> None:
    for moment, is_in in moments(journal, random.Random(2)):
        rows = [row for row in journal if is_in(row)]
        found = await trial_balance(ledger, moment, accounts=True)
        assert sorted(found.kinds, key=line_key) == sorted(summed(rows, "account_kind"), key=line_key)
        assert sorted(found.accounts or (), key=line_key) == sorted(summed(rows, "account"), key=line_key)
        assert found.balanced
        for total in found.totals:
            assert total.debits_cents == total.credits_cents > 0
            assert total.debit_balances_cents == total.credit_balances_cents
        assert (await trial_balance(ledger, moment)).accounts is None


async def test_the_aid_equals_a_replay_and_its_identity_holds(ledger: Ledger, journal: list[Row]) -> None:
    for moment, is_in in moments(journal, random.Random(3)):
        found = await aid_report(ledger, CODE, moment)
        sums = Counter[tuple[str, str]]()
        for row in filter(is_in, journal):
            sums[row["kind"], row["account_kind"]] += row["amount_cents"]
        to_pool = -sums["refund", "programme:pool"]
        expected = Aid(
            programme=CODE,
            issued_cents=-sums["issue", "voucher"],
            spent_cents=sums["redemption", "voucher"] + sums["refund", "voucher"] - to_pool,
            lapsed_cents=sums["lapse", "voucher"],
            returned_cents=sums["revocation", "voucher"] + to_pool,
            adjusted_cents=sums["adjustment", "voucher"] + sums["reversal", "voucher"],
            outstanding_cents=-sum(cents for (_, kind), cents in sums.items() if kind == "voucher"),
            difference_cents=0,
            holds=True,
        )
        assert found.programmes == (expected,)
        assert found.holds
        assert moment != Moment() or astuple(expected).count(0) == 1  # each term was seen, only the difference is 0
        assert found.total == (await aid_report(ledger, None, moment)).total


async def test_books_without_anything_have_answers(ledger: Ledger) -> None:
    first = Moment(at=datetime(1, 1, 1, tzinfo=UTC))
    found = await balance_of(ledger, POOL, first)
    assert (found.balance_cents, found.version, found.posted_at) == (0, 0, None)
    empty = await trial_balance(ledger, first, accounts=True)
    assert (empty.balanced, empty.totals, empty.kinds, empty.accounts) == (True, (), (), ())
    aid = await aid_report(ledger, None, first)
    assert (aid.holds, aid.total) == (True, Aid(None, 0, 0, 0, 0, 0, 0, 0, holds=True))
    assert [part.programme for part in aid.programmes] == [CODE]


# What cannot be answered


async def test_what_nobody_knows_is_refused(ledger: Ledger) -> None:
    with pytest.raises(UnknownAccount) as account:
        await balance_of(ledger, "voucher:AA-2026-2026-999999")
    assert account.value.facts == {"account": "voucher:AA-2026-2026-999999"}
    for moment in (Moment(on=TODAY), Moment(at=NOW)):
        with pytest.raises(UnknownAccount):
            await balance_of(ledger, "moon", moment)
    with pytest.raises(UnknownProgramme):
        await aid_report(ledger, "ZZ-2026")


@pytest.mark.parametrize("moment", [Moment(on=TODAY + timedelta(days=1)), Moment(at=datetime(2222, 1, 1, tzinfo=UTC))])
async def test_the_future_is_refused(ledger: Ledger, moment: Moment) -> None:
    asked: list[Any] = [
        balance_of(ledger, POOL, moment),
        trial_balance(ledger, moment),
        aid_report(ledger, None, moment),
    ]
    for answer in asked:
        with pytest.raises(BadValue) as refused:
            await answer
        assert refused.value.facts["reason"] == "future"


# What does not add up


async def test_a_posting_that_was_changed_breaks_the_sums(ledger: Ledger, superuser: asyncpg.Connection) -> None:
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("""
        UPDATE ledger.posting SET amount_cents = amount_cents + 1 WHERE (transaction_id, line) = (
            SELECT transaction_id, line FROM ledger.journal
            WHERE kind = 'redemption' AND account_kind = 'voucher' LIMIT 1
        )
    """)
    for moment in (Moment(), Moment(on=TODAY)):
        assert not (await trial_balance(ledger, moment)).balanced
        aid = await aid_report(ledger, CODE, moment)
        assert (aid.holds, aid.total.difference_cents) == (False, -1)
