"""The file for the bank: valid whatever merchants are called and whatever they are due, and in letters banks carry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.bank_accounts.model import PayableAccount
from ledger.conversions.model import Conversion
from ledger.conversions.rules import commission_cents, propose_lot, share_commission
from ledger.errors import BadValue
from ledger.payouts.model import Payer, PayoutOrder, Transfer
from ledger.payouts.rules import lots, pain001
from ledger.payouts.rules.sepa import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, sepa_name, sepa_text

NOW = datetime(2026, 10, 31, 9, 30, 12, 345678, tzinfo=UTC)
DAY = date(2026, 10, 31)
PAYER = Payer(1, "Le Pois réel — fonds de garantie", "FR7676506608179062772286230", None)
IBAN = "FR7668465632122330792440224"
BASIC_LATIN = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")
NAMES = st.text(min_size=1, max_size=90)
CENTS = st.integers(1, 10**9 - 1)


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))


def conversion(number: int, name: str, cents: int, siret: str = "62819482100078") -> Conversion:
    """Asked for by a merchant of its own."""
    who, asked = UUID(int=number), UUID(int=10_000 + number)
    return Conversion(asked, who, siret, name, 1, 2, cents, cents, "requested", NOW, None, None, None, None, None)


def account(changes_at: datetime | None = None) -> PayableAccount:
    return PayableAccount(IBAN, bytes(32), changes_at)


def lot(waiting: list[Conversion], basis_points: int = 200, reference: str = "LOT-2026-10") -> PayoutOrder:
    accounts = {one.merchant_id: account() for one in waiting}
    transfers, _ = lots.put_together(reference, waiting, accounts, basis_points)
    return PayoutOrder(UUID(int=1), 1, reference, 1, "tess", "rita", None, tuple(transfers))


def render(order: PayoutOrder, payer: Payer = PAYER) -> bytes:
    ibans = {one.merchant_id: IBAN for one in order.transfers}
    return pain001.render(order, payer, ibans, created_at=NOW, execute_on=DAY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(NAMES, CENTS), min_size=1, max_size=8), NAMES, st.integers(0, 9_999))
def test_any_lot_is_valid_adds_up_and_is_the_same_again(
    due: list[tuple[str, int]], payer_name: str, basis_points: int
) -> None:
    waiting = [conversion(number, *each) for number, each in enumerate(due)]
    order = lot(waiting, basis_points)
    if not order.transfers:
        return
    content = render(order, replace(PAYER, name=payer_name))
    assert content == render(order, replace(PAYER, name=payer_name))
    document: Any = schema().to_dict(content.decode())  # raises where it is not valid
    header, [batch] = (document["CstmrCdtTrfInitn"][name] for name in ("GrpHdr", "PmtInf"))
    amounts = [one["Amt"]["InstdAmt"]["$"] for one in batch["CdtTrfTxInf"]]
    assert header["CtrlSum"] == batch["CtrlSum"] == sum(amounts)
    assert int(header["NbOfTxs"]) == int(batch["NbOfTxs"]) == len(order.transfers)
    assert sum(amounts) * 100 == order.gross_cents - order.commission_cents
    assert all(BASIC_LATIN.fullmatch(one["Cdtr"]["Nm"]) for one in batch["CdtTrfTxInf"])
    references = [one["PmtId"]["EndToEndId"] for one in batch["CdtTrfTxInf"]]
    assert len(set(references)) == len(references)
    assert max(map(len, references)) <= 35


def test_what_the_file_says_to_the_letter() -> None:
    order = lot([conversion(1, "Maraîcher & fils, « Œuf d’or »", 10_000)])
    text = render(order, replace(PAYER, bic="AGRIFRPP")).decode()
    for line in (
        "<MsgId>LOT-2026-10</MsgId>",
        "<CreDtTm>2026-10-31T10:30:12</CreDtTm>",
        "<PmtInfId>LOT-2026-10</PmtInfId>",
        "<BICFI>AGRIFRPP</BICFI>",
        "<EndToEndId>LOT-2026-10.001</EndToEndId>",
        '<InstdAmt Ccy="EUR">98.00</InstdAmt>',
        "<Nm>Maraicher + fils, ' OEuf d'or '</Nm>",
        "<Nm>Le Pois reel - fonds de garantie</Nm>",
        "<Ustrd>Reconversion Pois LOT-2026-10.001</Ustrd>",
    ):
        assert line in text


@given(st.text(max_size=200))
def test_any_text_becomes_one_that_every_bank_carries(text: str) -> None:
    found = sepa_text(text, TEXT_CHARACTERS_MAX)
    assert BASIC_LATIN.fullmatch(found)
    assert len(found) <= TEXT_CHARACTERS_MAX
    assert "//" not in found
    assert not found.startswith(("/", " "))
    assert not found.endswith(("/", " "))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Épicerie du Pont-Neuf", "Epicerie du Pont-Neuf"),
        ("Ferme «Les Œufs» & Cie", "Ferme 'Les OEufs' + Cie"),
        ("L’Été – n° 3 // Nord/", "L'Ete - no 3 / Nord"),
        ("Straße 5 € @ x_y", "Strasse 5 EUR (at) x-y"),
        ("مخبز", "62819482100078"),
        ("Ж" * 3, "62819482100078"),
        ("x" * 90, "x" * NAME_CHARACTERS_MAX),
    ],
    ids=["accents", "ligature", "apostrophe", "signs", "arabic", "cyrillic", "long"],
)
def test_names_in_the_letters_of_banks(name: str, shown: str) -> None:
    assert sepa_name(name, "62819482100078") == shown


@given(st.lists(CENTS, max_size=40), st.integers(0, 10_000))
def test_the_commission_of_a_lot_is_shared_to_the_centime(gross: list[int], basis_points: int) -> None:
    shares = share_commission(gross, basis_points)
    assert sum(shares) == commission_cents(sum(gross), basis_points)
    for cents, share in zip(gross, shares, strict=True):
        assert 0 <= share - commission_cents(cents, basis_points) <= 1
        assert share <= cents


def test_the_list_by_hand_shares_the_commission_in_the_same_way() -> None:
    waiting = [conversion(number, "x", cents) for number, cents in enumerate((149, 249, 301))]
    by_hand = propose_lot("L", DAY, waiting, 200)
    assert [line.commission_cents for line in by_hand.lines] == [one.commission_cents for one in lot(waiting).transfers]
    assert (by_hand.commission_cents, by_hand.gross_cents) == (13, by_hand.net_cents + 13)


def test_who_cannot_be_paid_now_stays_out_and_is_named() -> None:
    waiting = [conversion(number, "x", cents, str(number)) for number, cents in enumerate((500, 500, 500))]
    accounts = {waiting[0].merchant_id: account(), waiting[1].merchant_id: account(NOW)}
    transfers, left_out = lots.put_together("L", waiting, accounts, 0)
    assert [one.merchant_id for one in transfers] == [waiting[0].merchant_id]
    assert [one.reason for one in left_out] == ["account-cooling-down", "no-account"]


def test_a_conversion_of_which_nothing_is_left_waits() -> None:
    waiting = [conversion(number, "x", cents, str(number)) for number, cents in enumerate((1, 1, 500))]
    accounts = {one.merchant_id: account() for one in waiting}
    transfers, left_out = lots.put_together("L", waiting, accounts, 9_999)
    assert [(one.net_cents, one.number) for one in transfers] == [(1, 1)]
    assert {one.reason for one in left_out} == {"nothing-after-commission"}


@pytest.mark.parametrize("reference", ["", "A.1", "A//B", "/A", "A-", "É", "x" * 30, "A B", "A_B"])
def test_references_that_banks_or_we_could_not_tell_apart(reference: str) -> None:
    with pytest.raises(BadValue):
        lots.require_reference(reference)


def test_each_word_of_a_transfer_is_signed() -> None:
    [one] = lot([conversion(1, "x", 500)]).transfers
    signed = lots.content("L", 1, [one])
    other: list[Transfer] = [
        replace(one, net_cents=1),
        replace(one, commission_cents=1),
        replace(one, iban_hmac=bytes(31) + b"x"),
        replace(one, conversion_id=UUID(int=9)),
        replace(one, end_to_end="L.002"),
    ]
    changed = [lots.content("L", 1, [each]) for each in other] + [
        lots.content("M", 1, [one]),
        lots.content("L", 2, [one]),
    ]
    assert signed not in changed
