"""A certificate proves itself without the database: every leaf of the file that is altered shows."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader

from ledger.certificates.actions import certificate_of
from ledger.certificates.model import Content
from ledger.certificates.paper import as_pdf, as_table
from ledger.certificates.rules import faults
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import ProofUnreadable
from ledger.keyring import Keyring
from ledger.sealing.actions import prove_certificate, prove_checkpoint, verify
from ledger.sealing.rules.proofs import Proof, written
from tests.closing_books import OCT, STATEMENTS, certify
from tests.databases import TestServer
from tests.october_books import IMPORTED_AT


def _size(proof: Proof) -> int:
    return int(proof.checkpoint.split("\n")[1])


@pytest.fixture(scope="module")
async def folder(closing: TestServer, keys: Keyring, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The files of October's certificate, as somebody outside holds them."""
    made = tmp_path_factory.mktemp("certified")
    async with closing.clone() as urls:
        ledger = Ledger(Database.at(urls.app), FixedClock(IMPORTED_AT), keys)
        before = await prove_checkpoint(ledger)
        (made / "before.json").write_text(written(before))
        await certify(ledger)
        (made / "certificate.json").write_text(written(await prove_certificate(ledger, OCT)))
        (made / "since.json").write_text(written(await prove_certificate(ledger, OCT, older_size=_size(before))))
        found = await certificate_of(ledger, OCT)
        (made / "certificate.pdf").write_bytes(as_pdf(*found))
        (made / "certificate.csv").write_bytes(as_table(*found))
        await ledger.database.aclose()
        yield made


def leaves(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each value stands that is no container."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, (*path, key))
    else:
        yield path


def altered(document: Any, path: tuple[str | int, ...]) -> Any:
    """A copy in which one value is another one of its kind."""
    made = copy.deepcopy(document)
    node = made
    for step in path[:-1]:
        node = node[step]
    value = node[path[-1]]
    node[path[-1]] = _other(value)
    return made


def _other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return 1 if value is None else not value
    if isinstance(value, int):
        return value + 1
    return ("1" if value[:1] != "1" else "2") + value[1:]


def is_found(folder: Path, document: Any) -> bool:
    """Whether `verify` does not trust this file, or cannot even read it."""
    file = folder / "altered.json"
    file.write_text(json.dumps(document, ensure_ascii=False))
    try:
        return not all(finding.holds for finding in verify(file))
    except ProofUnreadable:
        return True


async def test_everything_holds_also_against_an_older_checkpoint_and_the_statements_in_hand(folder: Path) -> None:
    findings = verify(folder / "since.json", folder / "before.json", list(STATEMENTS.values()))
    assert [finding.code for finding in findings if not finding.holds] == []
    codes = [finding.code for finding in findings]
    assert codes.count("certified-statement") == codes.count("certified-proof") == 2
    [other] = [
        finding
        for finding in verify(folder / "certificate.json", statements=[folder / "before.json"])
        if finding.code == "certified-statement"
    ]
    assert not other.holds


async def test_every_altered_value_shows(folder: Path) -> None:
    document = json.loads((folder / "certificate.json").read_text())
    assert not is_found(folder, document)
    places = list(leaves(document))
    assert len(places) > 50
    assert [place for place in places if not is_found(folder, altered(document, place))] == []


async def test_every_altered_value_of_what_was_signed_shows(folder: Path) -> None:
    """One in seven of them through the whole file: all fail by the same digest."""
    document = json.loads((folder / "certificate.json").read_text())
    signed = json.loads(document["content"])
    places = list(leaves(signed))
    assert len(places) > 300
    for place in places[::7]:
        forged = json.dumps(altered(signed, place), ensure_ascii=False, separators=(",", ":"))
        assert is_found(folder, document | {"content": forged}), place


async def test_a_forger_with_both_keys_cannot_make_the_sums_fit_by_one_amount(folder: Path) -> None:
    signed = json.loads(json.loads((folder / "certificate.json").read_text())["content"])
    for place in leaves(signed):
        told = str(place[-1]).endswith("cents") and place[:1] != ("identities",) and "matched" not in place
        if told:
            forged = msgspec.json.decode(json.dumps(altered(signed, place)), type=Content)
            assert not all(holds for _, holds, _ in faults(forged)), place


async def test_a_value_left_out_or_added_is_no_certificate(folder: Path) -> None:
    document = json.loads((folder / "certificate.json").read_text())
    for name in ("content", "facts", "keys", "checkpoint", "certified"):
        assert is_found(folder, {key: value for key, value in document.items() if key != name}), name
    for nth in range(len(document["facts"])):
        fewer = [fact for place, fact in enumerate(document["facts"]) if place != nth]
        assert is_found(folder, document | {"facts": fewer}), nth
    assert is_found(folder, document | {"extra": 1})
    assert is_found(folder, document | {"bonpois": "receipt"})


async def test_the_paper_names_what_was_signed(folder: Path) -> None:
    pages = [page.extract_text() for page in PdfReader(folder / "certificate.pdf").pages]
    signed = json.loads(json.loads((folder / "certificate.json").read_text())["content"])
    text = " ".join(pages)
    for name in ("lea", "omar", "releve-pois-2026-10.csv", "releve-reserve-2026-10.camt053.xml", "4 260,28"):
        assert name in text.replace("\u202f", " ").replace("\xa0", " "), name
    assert signed["checkpoint"].split("\n")[2] in text
    rows = list(csv.reader((folder / "certificate.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))
    told = {row[-1] for row in rows[1:] if row[-1]}
    assert told == {one["id"] for part in signed["accounts"] for one in part["differences"]}
