"""What a certificate says, written for both people to sign; and its sums, made again by whoever reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256

import msgspec

from ledger.certificates.model import (
    FORMAT,
    AccountPart,
    Before,
    Carried,
    Certificate,
    Content,
    Difference,
    File,
    IdentityPart,
    Link,
    Matched,
    Opening,
    Proof,
    Reason,
    Record,
    Side,
    Term,
)
from ledger.errors import (
    LaterMonthCertified,
    MonthCertified,
    MonthNotCertified,
    MonthNotCovered,
    MonthNotOver,
    PreviousNotCertified,
    ProofNotZero,
)
from ledger.reconciliation import model as reconciled


def written(content: Content) -> bytes:
    """The text that is signed."""
    return msgspec.json.encode(content)


def read(content: bytes) -> Content:
    """The same read back. Raises `msgspec.DecodeError`."""
    return msgspec.json.decode(content, type=Content)


def readable(content: bytes) -> Content | None:
    """The same, where it can be read."""
    try:
        return read(content)
    except msgspec.DecodeError:
        return None


def reopening_text(period: date, version: int, reason: Reason) -> bytes:
    """What is signed to reopen a month; the database writes the same."""
    return f"reopening {period:%Y-%m}\nversion {version}\nreason {reason}".encode()


def month_end(period: date) -> date:
    """The last day of the month that begins on this day."""
    return (period + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_after(last_day: date) -> date:
    """The first day of the month that follows one that ends on this day."""
    return last_day + timedelta(days=1)


def require_turn(period: date, today: date, first_month: date, certified_until: date | None) -> None:
    """Months are certified one after the other, from the first one with a statement, once they are over.

    Refuses `MonthNotOver`, `MonthCertified`, `PreviousNotCertified`.
    """
    if month_end(period) >= today:
        raise MonthNotOver(period=f"{period:%Y-%m}")
    if certified_until is not None and period <= certified_until:
        raise MonthCertified(period=f"{period:%Y-%m}")
    due = first_month if certified_until is None else certified_until + timedelta(days=1)
    if period != due:
        raise PreviousNotCertified(period=f"{period:%Y-%m}", due=f"{due:%Y-%m}")


def require_last(period: date, certificates: Sequence[Certificate]) -> Certificate:
    """The certificate of a month that can be reopened. Refuses `MonthNotCertified`, `LaterMonthCertified`."""
    standing = [one for one in certificates if one.holds]
    found = next((one for one in standing if one.period == period), None)
    if found is None:
        raise MonthNotCertified(period=f"{period:%Y-%m}")
    last = max(standing, key=lambda one: one.period)
    if last.period > period:
        raise LaterMonthCertified(period=f"{period:%Y-%m}", last=f"{last.period:%Y-%m}")
    return found


def require_proven(report: reconciled.Report, last_day: date) -> None:
    """Refuse a report that does not reach the end of its month (`MonthNotCovered`) or is not proven (`ProofNotZero`).

    Differences that are open do not matter here: they are named, and carried into the next month.
    """
    statement = report.statement
    if statement.last_day < last_day:
        raise MonthNotCovered(
            account=statement.account.value, period=statement.period, until=statement.last_day.isoformat()
        )
    for cents in (report.proof.proof_cents, report.theirs.proof_cents, report.ours.proof_cents):
        if cents:
            raise ProofNotZero(account=statement.account.value, period=statement.period, proof_cents=cents)


def require_identities(identities: Iterable[reconciled.Identity]) -> None:
    """Refuse (`ProofNotZero`) where one of the five does not hold."""
    for one in identities:
        if not one.holds:
            raise ProofNotZero(identity=one.number, proof_cents=one.difference_cents)


def link(certificate: Certificate | None) -> Link | None:
    """How another certificate names this one."""
    if certificate is None:
        return None
    return Link(f"{certificate.period:%Y-%m}", certificate.version, certificate.content_sha256.hex())


def account_part(report: reconciled.Report, matches_sha256: bytes, before: AccountPart | None) -> AccountPart:
    """What the certificate says of one account; `before`: what the one of the month before said of it."""
    statement, matched, proof = report.statement, report.matched, report.proof
    closed = Before(before.statement.closing_cents, before.ledger.closing_cents) if before else None
    return AccountPart(
        account=statement.account.value,
        unit=statement.account.currency,
        files=[File(one.file_name, one.sha256.hex(), one.line_count) for one in statement.parts or (statement,)],
        lines=statement.line_count,
        statement=_side(report.theirs),
        ledger=_side(report.ours),
        before=closed,
        matched=Matched(matched.lines, matched.postings, matched.cents, dict(matched.by_rule), matches_sha256.hex()),
        differences=[_difference(found, report) for found in report.breaks],
        opening_items=_opening(report.opening_items),
        carried=_carried(report, before),
        proof=Proof(
            proof.theirs_cents,
            proof.ours_only_cents,
            proof.theirs_only_cents,
            proof.amounts_cents,
            proof.opening_items_cents,
            proof.ours_cents,
            proof.proof_cents,
        ),
    )


def identity_part(identity: reconciled.Identity) -> IdentityPart:
    """One of the five, with its terms."""
    left = [Term(term.name, term.cents) for term in identity.left]
    right = [Term(term.name, term.cents) for term in identity.right]
    return IdentityPart(identity.number, identity.name, identity.programme, left, identity.relation, right)


def content(
    *,
    period: date,
    version: int,
    rehearsal: bool,
    links: tuple[Link | None, Link | None],
    made_with: tuple[str, str],
    prepared_at: datetime,
    checkpoint: str,
    accounts: Sequence[AccountPart],
    identities: Iterable[reconciled.Identity],
) -> Content:
    """The whole. `links`: the version that it supersedes, and the month before; `made_with`: program and rules."""
    return Content(
        FORMAT,
        rehearsal,
        f"{period:%Y-%m}",
        period.isoformat(),
        month_end(period).isoformat(),
        "Europe/Paris",
        version,
        links[0],
        links[1],
        made_with[0],
        made_with[1],
        prepared_at.isoformat(),
        checkpoint,
        list(accounts),
        [identity_part(one) for one in identities],
    )


def account_of(content: Content | None, account: str) -> AccountPart | None:
    """What a certificate says of an account, if anything."""
    return next((part for part in content.accounts if part.account == account), None) if content else None


def tells(part: AccountPart, ours_cents: int, theirs: tuple[list[str], int, int], matches_sha256: bytes) -> bool:
    """Does it still say what the books say? `theirs`: digests of the files, lines and closing of the month."""
    told = ([file.sha256 for file in part.files], part.lines, part.statement.closing_cents)
    return (part.ledger.closing_cents, told, part.matched.sha256) == (ours_cents, theirs, matches_sha256.hex())


def faults(content: Content) -> list[tuple[str, bool, dict[str, object]]]:
    """Every sum made again from the lists: what was tried, whether it holds, and of which account."""
    found: list[tuple[str, bool, dict[str, object]]] = []
    for part in content.accounts:
        facts: dict[str, object] = {"account": part.account, "period": content.period}
        found.append(("certified-movements", _moves(part.statement) and _moves(part.ledger), facts))
        found.append(("certified-opening", continues(part), facts))
        found.append(("certified-lines", _counts(part, content.period), {**facts, "lines": part.lines}))
        proof_cents = _proven_cents(part)
        found.append(("certified-proof", proof_cents == 0, {**facts, "proof_cents": proof_cents}))
    holding = [one for one in content.identities if _holds(one)]
    five = {one.number for one in content.identities} == {1, 2, 3, 4, 5}
    found.append(("certified-identities", five and len(holding) == len(content.identities), {"count": len(holding)}))
    return found


def has_file(content: Content, digest: bytes) -> str | None:
    """The name under which a certificate names a statement file of this SHA-256."""
    files = [file for part in content.accounts for file in part.files]
    return next((file.file for file in files if file.sha256 == digest.hex()), None)


def digest_of_rules(sources: Iterable[tuple[str, bytes]]) -> str:
    """One digest of the source files that decide what matches and what a difference is."""
    lines = [f"{sha256(source).hexdigest()}  {name}\n" for name, source in sorted(sources)]
    return sha256("".join(lines).encode()).hexdigest()


def _side(side: reconciled.Side) -> Side:
    return Side(side.opening_cents, side.in_cents, side.out_cents, side.closing_cents)


def _difference(found: reconciled.Break, report: reconciled.Report) -> Difference:
    return Difference(
        id=str(found.id),
        category=found.category.value,
        why=found.why.value,
        state=report.state_of(found).value,
        age_days=report.ages_days[found.id],
        booked_on=found.booked_on.isoformat(),
        lines=[_record(line) for line in found.lines],
        transactions=[str(unit.id) for unit in found.units],
        references=list(found.references),
        ours_cents=found.ours_cents,
        theirs_cents=found.theirs_cents,
    )


def _record(line: reconciled.Line) -> Record:
    return Record(f"{line.closed_on:%Y-%m}", line.record, line.amount_cents)


def _opening(found: reconciled.OpeningItems | None) -> Opening | None:
    return Opening(found.balance_cents, [_record(line) for line in found.lines]) if found else None


def _carried(report: reconciled.Report, before: AccountPart | None) -> Carried:
    last = {one.id for one in before.differences} if before else set()
    still = {str(found.id) for found in report.breaks}
    return Carried(len(last), len(last - still))


def _moves(side: Side) -> bool:
    return side.opening_cents + side.in_cents - side.out_cents == side.closing_cents


def continues(part: AccountPart) -> bool:
    """Does it begin where the certificate of the month before ended, on both sides?"""
    openings = (part.statement.opening_cents, part.ledger.opening_cents)
    before = part.before
    return before is None or openings == (before.statement_closing_cents, before.ledger_closing_cents)


def _counts(part: AccountPart, period: str) -> bool:
    """Each line of the month is matched, or named once: in a difference, or as older than our books."""
    named = [record for one in part.differences for record in one.lines]
    named += part.opening_items.lines if part.opening_items else []
    numbers = [record.record for record in named if record.period == period]
    return (
        sum(file.lines for file in part.files) == part.lines
        and sum(part.matched.by_rule.values()) == part.matched.lines
        and len(set(numbers)) == len(numbers)
        and part.matched.lines + len(numbers) == part.lines
    )


def _proven_cents(part: AccountPart) -> int:
    """The proof from the lists; anything but 0 where a sum that is stated differs from that of its list."""
    theirs_at_close, ours_at_close = part.statement.closing_cents, part.ledger.closing_cents
    ours_only = sum(one.ours_cents or 0 for one in part.differences if one.theirs_cents is None)
    theirs_only = sum(one.theirs_cents or 0 for one in part.differences if one.ours_cents is None)
    both = [one for one in part.differences if one.ours_cents is not None and one.theirs_cents is not None]
    amounts = sum((one.ours_cents or 0) - (one.theirs_cents or 0) for one in both)
    older = part.opening_items
    opening = older.balance_cents + sum(line.cents for line in older.lines) if older else 0
    proof_cents = theirs_at_close + ours_only - theirs_only + amounts - opening - ours_at_close
    stated = Proof(theirs_at_close, ours_only, theirs_only, amounts, opening, ours_at_close, proof_cents)
    lists_agree = all(sum(line.cents for line in one.lines) == (one.theirs_cents or 0) for one in part.differences)
    return proof_cents if stated == part.proof and lists_agree else proof_cents or 1


def _holds(identity: IdentityPart) -> bool:
    difference = sum(term.cents for term in identity.left) - sum(term.cents for term in identity.right)
    return difference == 0 or (identity.relation == ">=" and difference > 0)
