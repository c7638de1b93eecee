"""Merchants and tills: import, one-time pairing codes, and who may still ask."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.clock import FixedClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import (
    BadValue,
    FileAlreadyImported,
    FileFaulty,
    MerchantNotActive,
    NotPossibleNow,
    PairingCodeRefused,
    TooManyRequests,
    Unauthorised,
    UnknownMerchant,
    UnknownOperator,
    UnknownTill,
)
from ledger.merchants.actions import (
    approve_merchant,
    import_merchants,
    invite_till,
    list_merchants,
    list_tills,
    pair_till,
    revoke_till,
    suspend_merchant,
    till_by_token,
)
from ledger.merchants.model import MerchantImport
from ledger.subject_keys import SubjectKey
from tests.month import CHECKER, MAKER, MERCHANTS_FILE, add_people

GREENGROCER = "62819482100078"
BAKER = "29729975200065"
HEADER = "siret;nom;commune;categories;iban;remise\n"
GOOD = f"{GREENGROCER};Primeur;Poitiers;fruits-legumes;FR7668465632122330792440224;detail\n"


async def october_merchants(ledger: Ledger) -> None:
    await add_people(ledger)
    await import_merchants(ledger, MERCHANTS_FILE, MAKER)


async def test_the_merchants_of_the_sample_month(ledger: Ledger, app: asyncpg.Connection) -> None:
    await add_people(ledger)
    assert await import_merchants(ledger, MERCHANTS_FILE, MAKER, dry_run=True) == MerchantImport(14)
    assert not await list_merchants(ledger)
    assert await import_merchants(ledger, MERCHANTS_FILE, MAKER) == MerchantImport(14)
    merchants = {merchant.siret: merchant for merchant in await list_merchants(ledger)}
    assert len(merchants) == 14
    greengrocer = merchants[GREENGROCER]
    assert (greengrocer.name, greengrocer.remittance) == ("Primeur des Couronneries", "daily")
    assert (greengrocer.categories, greengrocer.state) == (("fruits-legumes",), "approved")
    assert merchants[BAKER].remittance == "detail"
    names = {row["id"]: row["name"] for row in await app.fetch("SELECT id, name FROM ledger.account")}
    assert all(
        (names[merchant.account_id], names[merchant.converting_account_id])
        == (f"merchant:{siret}", f"merchant:{siret}:converting")
        for siret, merchant in merchants.items()
    )


async def test_the_bank_account_is_encrypted_for_its_merchant(ledger: Ledger, app: asyncpg.Connection) -> None:
    await october_merchants(ledger)
    banks = await app.fetch(
        "SELECT merchant_id, iban, wrapped_key FROM identity.merchant_bank"
        " INNER JOIN identity.subject_key ON subject_id = merchant_id"
    )
    keys = {row["merchant_id"]: SubjectKey.unwrap(ledger.keys, row["merchant_id"], row["wrapped_key"]) for row in banks}
    assert "FR7668465632122330792440224" in {keys[row["merchant_id"]].decrypt(row["iban"]).decode() for row in banks}
    assert not any(b"FR76" in row["iban"] for row in banks)


async def test_every_fault_is_told_at_once(ledger: Ledger, tmp_path: Path) -> None:
    await add_people(ledger)
    first = tmp_path / "un.csv"
    first.write_text(HEADER + GOOD, encoding="utf-8")
    await import_merchants(ledger, first, MAKER)
    file = tmp_path / "commercants.csv"
    file.write_text(
        HEADER
        + GOOD
        + "62819482100079;Prim<eur>;Poitiers 2;Fruits;FR7668465632122330792440225;parfois\n"
        + f"{BAKER};A;B;a|a;FR7651361341252427316723255;detail\n"
        + f"{BAKER};A;B;;FR7651361341252427316723255;detail\n"
        + ";;;;;\n"
        + ";A;;;;\n",
        encoding="utf-8",
    )
    with pytest.raises(FileFaulty) as refused:
        await import_merchants(ledger, file, MAKER)
    faults = refused.value.facts["faults"]
    assert isinstance(faults, list)
    assert {(fault["row"], fault["column"], fault["code"]) for fault in faults} == {
        (2, "siret", "known-merchant"),
        (3, "siret", "not-a-siret"),
        (3, "nom", "wrong-form"),
        (3, "commune", "wrong-form"),
        (3, "categories", "wrong-form"),
        (3, "iban", "not-an-iban"),
        (3, "remise", "not-a-choice"),
        (4, "categories", "wrong-form"),
        (5, "siret", "repeated"),
        (7, "siret", "blank"),
        (7, "commune", "blank"),
        (7, "iban", "blank"),
        (7, "remise", "blank"),
    }
    assert len(await list_merchants(ledger)) == 1


async def test_the_same_file_is_refused(ledger: Ledger) -> None:
    await october_merchants(ledger)
    with pytest.raises(FileAlreadyImported) as refused:
        await import_merchants(ledger, MERCHANTS_FILE, CHECKER)
    assert refused.value.facts == {"file": "commercants.csv", "imported_on": "2026-10-06", "rows": 14}


async def test_a_till_is_paired_and_recognised(ledger: Ledger, app: asyncpg.Connection) -> None:
    await october_merchants(ledger)
    invitation = await invite_till(ledger, "628 194 821 00078", "till", MAKER)
    assert invitation.expires_at == ledger.clock.now() + timedelta(minutes=15)
    paired = await pair_till(ledger, invitation.code.lower().replace("-", " "))
    assert (paired.merchant.siret, paired.scope) == (GREENGROCER, "till")
    session = await till_by_token(ledger, paired.token)
    assert (session.till_id, session.merchant, session.scope) == (paired.till_id, paired.merchant, "till")
    [till] = await list_tills(ledger)
    assert (till.id, till.siret, till.state) == (paired.till_id, GREENGROCER, "paired")
    secrets = str(await app.fetch("SELECT * FROM ledger.till")) + str(await app.fetch("SELECT * FROM ledger.pairing"))
    assert paired.token not in secrets
    assert invitation.code.replace("-", "") not in secrets


async def test_a_code_works_once_even_at_two_tills_at_once(ledger: Ledger) -> None:
    await october_merchants(ledger)
    invitation = await invite_till(ledger, BAKER, "merchant", MAKER)
    results = await asyncio.gather(*(pair_till(ledger, invitation.code) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PairedTill", *["PairingCodeRefused"] * 3]


async def test_a_code_is_over_after_fifteen_minutes(ledger: Ledger, clock: FixedClock) -> None:
    await october_merchants(ledger)
    invitation = await invite_till(ledger, BAKER, "till", MAKER)
    clock.instant += timedelta(minutes=15)
    with pytest.raises(PairingCodeRefused):
        await pair_till(ledger, invitation.code)
    assert not await list_tills(ledger)


async def test_guessing_is_throttled_and_the_count_survives_the_refusal(ledger: Ledger, clock: FixedClock) -> None:
    await october_merchants(ledger)
    for _ in range(20):
        with pytest.raises(PairingCodeRefused):
            await pair_till(ledger, "00000-00000")
    clock.instant += timedelta(minutes=5)
    invitation = await invite_till(ledger, BAKER, "till", MAKER)
    with pytest.raises(TooManyRequests) as refused:
        await pair_till(ledger, invitation.code)
    assert refused.value.facts == {"retry_after_seconds": 601}
    clock.instant += timedelta(seconds=601)
    await pair_till(ledger, invitation.code)


@pytest.mark.parametrize("token", ["", "x", "é\ud800", "x" * 10_000])
async def test_an_unknown_token_is_nobody(ledger: Ledger, token: str) -> None:
    with pytest.raises(Unauthorised):
        await till_by_token(ledger, token)


async def test_a_revoked_till_is_nobody_any_more(ledger: Ledger) -> None:
    await october_merchants(ledger)
    paired = await pair_till(ledger, (await invite_till(ledger, BAKER, "till", MAKER)).code)
    assert (await revoke_till(ledger, paired.till_id, CHECKER)).state == "revoked"
    with pytest.raises(Unauthorised):
        await till_by_token(ledger, paired.token)
    with pytest.raises(NotPossibleNow):
        await revoke_till(ledger, paired.till_id, CHECKER)
    with pytest.raises(UnknownTill):
        await revoke_till(ledger, uuid4(), CHECKER)


async def test_a_suspended_merchant_waits(ledger: Ledger) -> None:
    await october_merchants(ledger)
    invitation = await invite_till(ledger, BAKER, "till", MAKER)
    paired = await pair_till(ledger, invitation.code)
    assert (await suspend_merchant(ledger, BAKER, MAKER)).state == "suspended"
    with pytest.raises(MerchantNotActive):
        await till_by_token(ledger, paired.token)
    with pytest.raises(MerchantNotActive):
        await invite_till(ledger, BAKER, "till", MAKER)
    with pytest.raises(NotPossibleNow):
        await suspend_merchant(ledger, BAKER, MAKER)
    assert (await approve_merchant(ledger, BAKER, MAKER)).state == "approved"
    assert (await till_by_token(ledger, paired.token)).merchant_id == paired.merchant.id
    with pytest.raises(NotPossibleNow):
        await approve_merchant(ledger, BAKER, MAKER)


async def test_suspending_twice_at_once_happens_once(ledger: Ledger) -> None:
    await october_merchants(ledger)
    both = (suspend_merchant(ledger, BAKER, name) for name in (MAKER, CHECKER))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Merchant", "NotPossibleNow"]


async def test_what_is_unknown_is_named(ledger: Ledger) -> None:
    await add_people(ledger)
    with pytest.raises(UnknownMerchant):
        await invite_till(ledger, BAKER, "till", MAKER)
    with pytest.raises(UnknownOperator):
        await suspend_merchant(ledger, BAKER, "nobody")
    with pytest.raises(BadValue):
        await invite_till(ledger, BAKER, "owner", MAKER)  # type: ignore[arg-type]
