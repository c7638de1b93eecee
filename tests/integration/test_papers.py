"""Cards and letters as they are printed, and what is left where printing is cut off."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader
from sqlalchemy import text

from ledger.cards import rules as card_rules
from ledger.cards.actions import block_card, issue_card, list_cards
from ledger.cards.model import CardSecrets, parse_credential
from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import CardsChanged, FileThere, NoCardWanted, PapersLost, Refusal, UnknownBatch, UnknownHousehold
from ledger.merchants.actions import import_merchants, pair_till
from ledger.papers import actions
from ledger.papers.actions import block_batch, card_batches, print_cards, print_welcome
from ledger.papers.model import CardOrder, Contact, PrintedCards
from ledger.programmes.actions import import_households, list_households
from ledger.wallets.actions import enrol, invite_wallet
from tests.month import CODE, HOUSEHOLDS_FILE, MAKER, MERCHANTS_FILE, programme_without_money

CONTACT = Contact("05 49 00 00 00", "https://pois.example.org")
SHOP = "62819482100078"
PRINT_DPI = 150
CARD_SECRETS = text(
    "SELECT id AS card_id, kind, secret, pin_hmac, 0 AS last_step FROM ledger.card WHERE number = :number"
)


@pytest.fixture
async def month(ledger: Ledger) -> Ledger:
    """60 households, 56 of them entitled, none with a card."""
    await programme_without_money(ledger)
    await import_households(ledger, CODE, HOUSEHOLDS_FILE, MAKER)
    return ledger


def scanned(file: Path) -> list[str]:
    """The codes on a PDF, as somebody reads them who printed it at 150 dpi."""
    pages = [page.render(scale=PRINT_DPI / 72).to_pil() for page in pypdfium2.PdfDocument(file)]
    return [found.text for page in pages for found in zxingcpp.read_barcodes(page)]


def letters(file: Path) -> dict[str, str]:
    """What each letter of a file says, by the end of its card's number."""
    pages = [page.extract_text() for page in PdfReader(file).pages]
    found = [(re.search(r"•{4}\s*(\d{3})\s*(\d{3})|(\d{3})\s*(\d{3})\s*•{4}", said), said) for said in pages]
    return {"".join(part for part in match.groups() if part): said for match, said in found if match}


async def active_paper(ledger: Ledger) -> int:
    return sum(batch.active_cards for batch in await card_batches(ledger, CODE))


async def test_each_entitled_household_gets_a_card_that_pays_with_its_letter(
    month: Ledger, tmp_path: Path, clock: FixedClock
) -> None:
    told: list[tuple[int, int]] = []
    done = await print_cards(
        month, CardOrder(CODE, tmp_path / "batch", contact=CONTACT), MAKER, lambda *now: told.append(now)
    )
    assert (done.cards, done.files) == (56, ("cartes.pdf", "lettres.pdf"))
    assert done.languages == {"ar": 4, "en": 3, "es": 4, "fr": 45}
    assert told == [(56, 56)]
    codes = scanned(tmp_path / "batch" / "cartes.pdf")
    by_end = letters(tmp_path / "batch" / "lettres.pdf")
    assert (len(set(codes)), len(by_end)) == (56, 56)
    async with month.unit_of_work() as work:
        for code in codes:
            number = parse_credential(code, "0000").number
            letter = by_end[str(number)[4:]]
            [pin] = re.findall(r"(?m)^ *((?:\d ?){4})$", letter)
            assert str(number) not in letter.replace(" ", "")
            secrets = CardSecrets(**(await work.run(CARD_SECRETS, number=number)).one()._asdict())
            right = card_rules.verify(parse_credential(code, pin.replace(" ", "")), secrets, month.keys, clock.now())
            assert right == card_rules.VerifiedBy(None)


async def test_the_letter_of_who_asked_for_a_telephone_enrols_one(month: Ledger, tmp_path: Path) -> None:
    asked = next(entry for entry in await list_households(month, CODE) if entry.granted and entry.medium == "phone")
    order = CardOrder(CODE, tmp_path / "batch", (asked.case_number,), CONTACT)
    done = await print_cards(month, order, MAKER)
    [scan] = scanned(tmp_path / "batch" / "lettres.pdf")
    address, _, code = scan.partition("#")
    assert (address, done.cards) == ("https://pois.example.org/wallet", 1)
    enrolled = await enrol(month, code, "A" * 22)
    held = await list_cards(month, asked.household_id)
    assert [card.kind for card in held if card.number == enrolled.number] == ["phone"]
    assert (await block_batch(month, CODE, done.batch, MAKER)).blocked == 2
    again = await print_cards(month, replace(order, folder=tmp_path / "again"), MAKER)
    assert len(scanned(tmp_path / "again" / "lettres.pdf")) == again.cards == 1


async def test_who_has_a_telephone_already_or_no_address_gets_no_code(month: Ledger, tmp_path: Path) -> None:
    asked = next(entry for entry in await list_households(month, CODE) if entry.granted and entry.medium == "phone")
    order = CardOrder(CODE, tmp_path / "unreachable", (asked.case_number,))
    first = await print_cards(month, order, MAKER)
    assert scanned(tmp_path / "unreachable" / "lettres.pdf") == []
    await block_batch(month, CODE, first.batch, MAKER)
    card = await issue_card(month, asked.household_id, "phone", MAKER)
    await enrol(month, (await invite_wallet(month, card.number, MAKER)).code, "A" * 22)
    await print_cards(month, replace(order, folder=tmp_path / "enrolled", contact=CONTACT), MAKER)
    assert scanned(tmp_path / "enrolled" / "lettres.pdf") == []


async def test_a_batch_is_its_owners_archival_and_a_card_tells_nothing(month: Ledger, tmp_path: Path) -> None:
    cases = tuple({entry.language: entry.case_number for entry in await list_households(month, CODE)}.values())
    folder = tmp_path / "batch"
    await print_cards(month, CardOrder(CODE, folder, cases, CONTACT), MAKER)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    for file in folder.iterdir():
        reader = PdfReader(file)
        root: Any = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert all(embedded(font.get_object()) for font in fonts(reader))
    cards = PdfReader(folder / "cartes.pdf").pages[0].extract_text().lower()
    assert not [word for word in (*cases, "aide", "ccas", "social") if word.lower() in cards]


def fonts(reader: PdfReader) -> list[Any]:
    pages: list[Any] = list(reader.pages)
    return [font for page in pages for font in page["/Resources"]["/Font"].values()]


def embedded(font: Any) -> bool:
    described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
    return "/FontFile2" in described or "/FontFile3" in described


async def test_who_has_a_card_gets_no_second_one(month: Ledger, tmp_path: Path) -> None:
    first, second, *_others = await list_households(month, CODE)
    await issue_card(month, first.household_id, "paper", MAKER)
    await issue_card(month, second.household_id, "phone", MAKER)
    cases = (first.case_number, second.case_number)
    with pytest.raises(NoCardWanted) as refused:
        await print_cards(month, CardOrder(CODE, tmp_path / "two", cases), MAKER)
    assert refused.value.facts["cases"] == [first.case_number]
    done = await print_cards(month, CardOrder(CODE, tmp_path / "one", (f" {second.case_number.lower()}",)), MAKER)
    assert done.cards == 1
    assert (await print_cards(month, CardOrder(CODE, tmp_path / "rest"), MAKER)).cards in {54, 55}
    with pytest.raises(NoCardWanted):
        await print_cards(month, CardOrder(CODE, tmp_path / "none"), MAKER)
    with pytest.raises(UnknownHousehold):
        await print_cards(month, CardOrder(CODE, tmp_path / "none", ("D26-00000",)), MAKER)


async def test_a_lost_card_is_blocked_and_printed_anew(month: Ledger, tmp_path: Path) -> None:
    household, *_others = await list_households(month, CODE)
    lost = await issue_card(month, household.household_id, "paper", MAKER)
    await block_card(month, lost.number, MAKER)
    await print_cards(month, CardOrder(CODE, tmp_path / "one", (household.case_number,)), MAKER)
    states = [card.state for card in await list_cards(month, household.household_id)]
    assert sorted(states) == ["active", "blocked"]


async def test_nothing_is_made_where_the_folder_is_there_or_cannot_be(month: Ledger, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FileThere):
        await print_cards(month, CardOrder(CODE, tmp_path / "there"), MAKER)
    with pytest.raises(Refusal):
        await print_cards(month, CardOrder(CODE, tmp_path / "nowhere" / "batch"), MAKER)
    assert await card_batches(month, CODE) == []
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


async def test_who_fails_before_the_record_leaves_neither_cards_nor_papers(
    month: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "record_paper_cards", cut)
    with pytest.raises(KeyboardInterrupt):
        await print_cards(month, CardOrder(CODE, tmp_path / "batch"), MAKER)
    assert await card_batches(month, CODE) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_batch_whose_papers_were_lost_is_blocked_at_once_and_printed_anew(
    month: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    def full(*_values: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", full)
        with pytest.raises(PapersLost) as lost:
            await print_cards(month, CardOrder(CODE, tmp_path / "batch"), MAKER)
    assert list(tmp_path.iterdir()) == []
    [batch] = await card_batches(month, CODE)
    assert lost.value.facts["batch"] == batch.issued_at.isoformat()
    assert (batch.cards, batch.active_cards) == (56, 56)
    assert (await block_batch(month, CODE, batch.issued_at, MAKER)).blocked == 56
    with pytest.raises(UnknownBatch):
        await block_batch(month, CODE, batch.issued_at, MAKER)
    clock.instant = clock.instant.replace(minute=59)
    assert (await print_cards(month, CardOrder(CODE, tmp_path / "batch"), MAKER)).cards == 56
    assert await active_paper(month) == 56


async def test_two_who_print_at_once_make_one_card_for_each(month: Ledger, tmp_path: Path) -> None:
    orders = [CardOrder(CODE, tmp_path / name) for name in ("one", "two")]
    both = await asyncio.gather(*(print_cards(month, order, MAKER) for order in orders), return_exceptions=True)
    assert sum(isinstance(each, PrintedCards) for each in both) == 1
    assert sum(isinstance(each, CardsChanged | NoCardWanted) for each in both) == 1
    assert await active_paper(month) == 56
    assert len(list(tmp_path.iterdir())) == 1


async def test_a_shop_is_paired_by_its_welcome(ledger: Ledger, tmp_path: Path) -> None:
    await programme_without_money(ledger)
    await import_merchants(ledger, MERCHANTS_FILE, MAKER)
    done = await print_welcome(ledger, SHOP, MAKER, tmp_path / "welcome.pdf", CONTACT)
    [code] = scanned(tmp_path / "welcome.pdf")
    said = PdfReader(tmp_path / "welcome.pdf").pages[0].extract_text()
    assert all(word in said for word in (code, done.name, "pois.example.org/till", "05 49 00 00 00"))
    assert (await pair_till(ledger, code)).merchant.siret == SHOP
    with pytest.raises(FileThere):
        await print_welcome(ledger, SHOP, MAKER, tmp_path / "welcome.pdf", CONTACT)
