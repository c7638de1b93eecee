"""Bank statements: what is taken of them, and how each fault is told."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import (
    ClosingUnproven,
    FileFaulty,
    StatementDoesNotAddUp,
    StatementFormatUnknown,
)
from ledger.reconciliation.formats import Expected, read_statement
from ledger.reconciliation.formats.xml_tree import NotXml, read_xml
from ledger.reconciliation.model import ReadStatement
from tests.month import OCTOBER
from tests.reconciled import faults_of

RESERVE = OCTOBER / "releve-reserve-2026-10.camt053.xml"


def balance(code: str, cents: str, day: str = "2026-10-01", direction: str = "CRDT", currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{cents}</Amt>"
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(
    cents: str = "10.00",
    direction: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    day: str = "<Dt>2026-10-06</Dt>",
    details: str = "<TxDtls><RmtInf><Ustrd>VIR</Ustrd></RmtInf></TxDtls>",
    **extra: str,
) -> str:
    return (
        f"<Ntry><Amt Ccy='{extra.get('currency', 'EUR')}'>{cents}</Amt><CdtDbtInd>{direction}</CdtDbtInd>"
        f"{extra.get('reversal', '')}<Sts>{status}</Sts><BookgDt>{day}</BookgDt>"
        f"<AcctSvcrRef>{extra.get('reference', 'B1')}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>\n"
    )


def statement(*parts: str, iban: str = "FR7676506608179062772286230", currency: str = "EUR") -> str:
    account = f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
    return f"<Stmt><Id>1</Id>{account}{''.join(parts)}</Stmt>\n"


def document(*statements: str, version: str = "camt.053.001.08") -> str:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:{version}'>"
        f"<BkToCstmrStmt>\n{''.join(statements)}</BkToCstmrStmt></Document>"
    )


def read(folder: Path, text: str | bytes, **expected: int) -> ReadStatement:
    path = folder / "releve.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_statement(path, Expected(None, **expected))


OPENED, CLOSED = balance("OPBD", "0.00"), balance("CLBD", "10.00")


def test_the_reserve_of_october_is_read_line_by_line() -> None:
    found = read_statement(RESERVE, Expected())
    assert (found.format, found.first_day, found.last_day) == ("camt053", date(2026, 10, 1), date(2026, 10, 31))
    assert (found.opening_cents, found.closing_cents, found.currency) == (0, 946_350, "EUR")
    assert [(line.label, line.amount_cents, line.their_reference) for line in found.lines] == [
        ("VIR CCAS DE POITIERS MANDAT 2026-1107", 1_250_000, "B2026100001"),
        ("VIR SEPA LOT RECONVERSIONS LOT-2026-10", -297_332, "B2026100002"),
        ("VIR COMMISSION RECONVERSION COMPTE FONCTIONNEMENT", -6_068, "B2026100003"),
        ("FRAIS TENUE DE COMPTE", -250, "B2026100004"),
    ]


def test_the_older_version_says_the_state_without_a_code(tmp_path: Path) -> None:
    text = document(statement(OPENED, CLOSED, entry(status="BOOK")), version="camt.053.001.02")
    assert [line.amount_cents for line in read(tmp_path, text).lines] == [1000]


def test_what_is_pending_is_left_out_and_counted(tmp_path: Path) -> None:
    pending = entry("99.00", status="<Cd>PDNG</Cd>")
    found = read(tmp_path, document(statement(OPENED, CLOSED, pending, entry())))
    assert (len(found.lines), found.left_out) == (1, 1)


def test_a_reversal_keeps_the_direction_that_was_booked(tmp_path: Path) -> None:
    back = entry(reversal="<RvslInd>true</RvslInd>")
    [line] = read(tmp_path, document(statement(OPENED, CLOSED, back))).lines
    assert (line.amount_cents, line.label) == (1000, "VIR [RVSL]")


def test_an_overdrawn_balance_is_negative(tmp_path: Path) -> None:
    text = document(statement(balance("OPBD", "10.00", direction="DBIT"), balance("CLBD", "0.00"), entry()))
    assert read(tmp_path, text).opening_cents == -1000


def test_the_former_closing_stands_in_for_the_opening(tmp_path: Path) -> None:
    text = document(statement(balance("PRCD", "5.00"), balance("CLBD", "15.00"), entry()))
    assert read(tmp_path, text).opening_cents == 500


def test_days_in_a_file_follow_each_other_whatever_their_order(tmp_path: Path) -> None:
    period = "<FrToDt><FrDtTm>2026-10-{0:02}T00:00:00</FrDtTm><ToDtTm>2026-10-{0:02}T23:59:59</ToDtTm></FrToDt>"
    first = statement(period.format(6), OPENED, CLOSED, entry())
    second = statement(
        period.format(7),
        balance("OPBD", "10.00"),
        balance("CLBD", "8.00"),
        entry("2.00", "DBIT", day="<Dt>2026-10-07</Dt>"),
    )
    found = read(tmp_path, document(second, first))
    assert [line.balance_cents for line in found.lines] == [1000, 800]
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, document(first, second.replace(">10.00<", ">10.01<")))
    assert {fault["code"] for fault in faults_of(refused.value)} == {"part-broken", "not-continued"}


def test_pages_are_joined_by_their_interim_balances(tmp_path: Path) -> None:
    first = statement(OPENED, balance("ITBD", "10.00"), entry())
    last = statement(balance("ITBD", "10.00"), balance("CLBD", "20.00"), entry())
    assert read(tmp_path, document(first, last)).closing_cents == 2000
    with pytest.raises(ClosingUnproven):
        read(tmp_path, document(first))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("<Dt>2026-10-06</Dt>", 6),
        ("<DtTm>2026-10-06T10:00:00</DtTm>", 6),
        ("<DtTm>2026-10-06T23:30:00Z</DtTm>", 7),
        ("<DtTm>2026-10-06T23:30:00+02:00</DtTm>", 6),
    ],
)
def test_the_day_is_the_local_one(tmp_path: Path, day: str, expected: int) -> None:
    [line] = read(tmp_path, document(statement(OPENED, CLOSED, entry(day=day)))).lines
    assert line.booked_on == date(2026, 10, expected)


def test_the_senders_reference_is_never_cut_off(tmp_path: Path) -> None:
    details = (
        f"<TxDtls><Refs><EndToEndId>LOT-2026-11</EndToEndId></Refs><RmtInf><Ustrd>{'x' * 140}</Ustrd>"
        f"<Ustrd>{'y' * 140}</Ustrd></RmtInf></TxDtls>"
    )
    [line] = read(tmp_path, document(statement(OPENED, CLOSED, entry(details=details)))).lines
    assert len(line.label) == 200
    assert line.label.endswith(" LOT-2026-11")


def test_a_batch_of_many_payments_has_the_reference_of_the_batch(tmp_path: Path) -> None:
    payments = "".join(f"<TxDtls><Refs><EndToEndId>P{nth}</EndToEndId></Refs></TxDtls>" for nth in range(3))
    details = f"<Btch><PmtInfId>LOT-2026-12</PmtInfId><NbOfTxs>3</NbOfTxs></Btch>{payments}"
    [line] = read(tmp_path, document(statement(OPENED, CLOSED, entry(details=details)))).lines
    assert line.label == "LOT-2026-12"


def test_names_of_the_parties_are_not_read(tmp_path: Path) -> None:
    details = (
        "<TxDtls><RltdPties><Cdtr><Nm>Mme Dupont</Nm></Cdtr><CdtrAcct><Id><IBAN>FR76</IBAN></Id></CdtrAcct></RltdPties>"
        "<RmtInf><Ustrd>VIR</Ustrd></RmtInf></TxDtls>"
    )
    [line] = read(tmp_path, document(statement(OPENED, CLOSED, entry(details=details)))).lines
    assert line.label == "VIR"


@pytest.mark.parametrize(
    ("broken", "code", "column"),
    [
        (entry(currency="CHF"), "other-currency", "Ntry/Amt"),
        (entry("10,00"), "not-an-amount", "Ntry/Amt"),
        (entry("10.001"), "not-an-amount", "Ntry/Amt"),
        (entry("-10.00"), "not-an-amount", "Ntry/Amt"),
        (entry("1e3"), "not-an-amount", "Ntry/Amt"),
        (entry(direction="DEBIT"), "no-direction", "Ntry/CdtDbtInd"),
        (entry(day="<Dt>2026-02-30</Dt>"), "not-a-day", "Ntry/BookgDt"),
        (entry(day=""), "blank", "Ntry/BookgDt"),
        (entry(day="<Dt>2026-11-01</Dt>"), "outside-period", "BookgDt"),
        (entry().replace("<Amt Ccy='EUR'>10.00</Amt>", ""), "blank", "Ntry/Amt"),
    ],
)
def test_each_fault_is_named_with_its_row_and_element(tmp_path: Path, broken: str, code: str, column: str) -> None:
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, document(statement(OPENED, CLOSED, entry(), broken)))
    [fault] = faults_of(refused.value)
    assert (fault["code"], fault["column"], fault["row"]) == (code, column, 4)


def test_amounts_may_be_written_with_more_zeros(tmp_path: Path) -> None:
    assert read(tmp_path, document(statement(OPENED, CLOSED, entry("10.00000")))).closing_cents == 1000
    assert read(tmp_path, document(statement(OPENED, CLOSED, entry("10")))).closing_cents == 1000


def test_another_account_or_money_is_refused(tmp_path: Path) -> None:
    one, other = statement(OPENED, CLOSED, entry()), statement(CLOSED, CLOSED, iban="FR76")
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, document(one, other))
    assert faults_of(refused.value)[0]["code"] == "other-account"
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, document(statement(OPENED, CLOSED, currency="CHF")))
    assert faults_of(refused.value)[0]["code"] == "other-currency"


def test_it_has_to_add_up(tmp_path: Path) -> None:
    with pytest.raises(StatementDoesNotAddUp) as refused:
        read(tmp_path, document(statement(OPENED, CLOSED, entry("9.99"))))
    assert refused.value.facts["difference_cents"] == 1


def test_a_month_without_movements_is_a_statement_too(tmp_path: Path) -> None:
    period = "<FrToDt><FrDtTm>2026-10-01T00:00:00</FrDtTm></FrToDt>"
    found = read(tmp_path, document(statement(period, CLOSED.replace("CLBD", "OPBD"), CLOSED)))
    assert (found.lines, found.opening_cents, found.closing_cents) == ((), 1000, 1000)


@pytest.mark.parametrize("version", ["camt.052.001.08", "camt.054.001.08", "camt.053.001.01", "pain.001.001.09"])
def test_other_messages_are_not_mistaken_for_it(tmp_path: Path, version: str) -> None:
    with pytest.raises(StatementFormatUnknown):
        read(tmp_path, document(statement(OPENED, CLOSED, entry()), version=version))


BOMB = (
    "<?xml version='1.0'?><!DOCTYPE Document [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
    "<Document>&b;</Document>"
)


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        "<?xml version='1.0'?><!DOCTYPE Document SYSTEM 'file:///etc/passwd'><Document/>",
        "<Document>",
        "<Document></document>",
        "<Document>&lost;</Document>",
        "<?xml version='1.0' encoding='martian'?><Document/>",
        "<a>" * 100 + "</a>" * 100,
    ],
)
def test_what_is_no_xml_or_is_dangerous_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileFaulty) as refused:
        read(tmp_path, content)
    assert faults_of(refused.value)[0]["code"] == "not-xml"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_is_the_files_own(tmp_path: Path, encoding: str) -> None:
    text = document(
        statement(OPENED, CLOSED, entry(details="<TxDtls><RmtInf><Ustrd>Épargne</Ustrd></RmtInf></TxDtls>"))
    )
    declared = "UTF-8" if encoding == "utf-8-sig" else "UTF-16"
    [line] = read(tmp_path, text.replace("UTF-8", declared).encode(encoding)).lines
    assert line.label == "Épargne"


@given(st.binary(max_size=200))
def test_no_content_makes_the_reader_fail_otherwise(content: bytes) -> None:
    with suppress(NotXml):
        read_xml(b"<a>" + content + b"</a>")
