"""The certificate on paper: one page that two people can read, then what it rests on; and its lists as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel.dates import format_date as format_month
from babel.numbers import format_percent as format_share

from ledger.calendar import PARIS
from ledger.certificates.model import AccountPart, Certificate, Content, Difference, IdentityPart, Term
from ledger.reconciliation.model import Account
from ledger.reconciliation.model.breaks import State
from ledger.reconciliation.told import ACCOUNTS, CATEGORIES, IDENTITIES, REASONS, RULES, STATES, TERMS
from ledger.sheets import Column, Kind, Sheet, Value, as_csv
from ledger.texts import format_date, language
from ledger.texts import gettext as _
from ledger.typesetting import blocks
from ledger.typesetting.blocks import DOCUMENT, Block
from ledger.typesetting.press import typeset

_AMOUNT = Kind.AMOUNT
_DONE = frozenset({State.CLEARED.value, State.RESOLVED.value})
_SIGNS = {"=": "=", ">=": "≥"}


def as_pdf(certificate: Certificate, content: Content) -> bytes:
    """The paper: the proof of each account on one page, then annexes. Bytes follow from what was signed."""
    name = _("Certificate of the month: {month}").format(month=_month(content))
    version = _("version {version}").format(version=content.version)
    foot = _("SHA-256 of what was signed: {sha256}").format(sha256=certificate.content_sha256.hex())
    data = blocks.paper(
        [*_first_page(certificate, content, name), blocks.page_break(), *_annexes(content)],
        head=f"{name}, {version}",
        foot=foot,
    )
    return typeset(DOCUMENT, data, title=name, made_at=certificate.certified_at, rehearsal=content.rehearsal)


def as_table(certificate: Certificate, content: Content) -> bytes:
    """The lists as a CSV: every figure and every difference of both accounts, one below the other."""
    columns = [
        *(Column(_("Account")), Column(_("Part")), Column(_("What")), Column(_("Day"), Kind.DAY)),
        *(Column(_("Record")), Column(_("Ticket")), Column(_("Theirs"), _AMOUNT), Column(_("Ours"), _AMOUNT)),
        *(Column(_("Days"), Kind.NUMBER), Column(_("Why")), Column("id", Kind.CODE)),
    ]
    rows = [row for part in content.accounts for row in _flat(part)]
    facts: list[tuple[str, Value]] = [
        (_("Period"), content.period),
        (_("Version"), str(content.version)),
        ("SHA-256", certificate.content_sha256.hex()),
        *([(_("Note"), _("REHEARSAL"))] if content.rehearsal else []),
    ]
    return as_csv(Sheet(content.period, columns, rows), facts)


def _first_page(certificate: Certificate, content: Content, name: str) -> Iterator[Block]:
    yield blocks.title(name)
    yield blocks.facts(_head(content))
    yield blocks.listing(_form(content.accounts))
    yield blocks.listing(_summary(content.accounts))
    yield blocks.listing(_identities(content.identities))
    yield blocks.certified(_statement_text(content))
    yield blocks.signatures(
        [
            (_("Drawn up by"), certificate.prepared_by, _instant(datetime.fromisoformat(content.prepared_at))),
            (_("Certified by"), certificate.certified_by, _instant(certificate.certified_at)),
        ]
    )


def _summary(parts: Sequence[AccountPart]) -> Sheet:
    """What is matched and what is not, each account a column."""
    rows: list[Sequence[Value]] = [
        [_("Lines of the statement"), *(str(part.lines) for part in parts)],
        [_("Lines matched"), *(_share(part) for part in parts)],
        [_("Value matched"), *(part.matched.cents for part in parts)],
        [_("Differences (lists 1 to 3)"), *(str(len(part.differences)) for part in parts)],
        [_("Age of the oldest, in days"), *(_oldest(part) for part in parts)],
        [_("Carried from the month before / cleared of these"), *(_carried(part) for part in parts)],
    ]
    columns = [Column(_("Matching"), width="1fr"), *(Column(_name(part), _AMOUNT) for part in parts)]
    return Sheet("", columns, rows)


def _share(part: AccountPart) -> str:
    return f"{part.matched.lines} ({_percent(part.matched.lines, part.lines)})"


def _oldest(part: AccountPart) -> str:
    return str(max((one.age_days for one in part.differences if one.state not in _DONE), default=0))


def _carried(part: AccountPart) -> str:
    return f"{part.carried.from_last} / {part.carried.cleared}"


def _head(content: Content) -> list[tuple[str, Value]]:
    days = _("{first} to {last}, closed at midnight ({zone})").format(
        first=format_date(date.fromisoformat(content.first_day)),
        last=format_date(date.fromisoformat(content.last_day)),
        zone=content.time_zone,
    )
    lines = content.checkpoint.split("\n")
    sealed = _("{size} facts sealed, root {root}").format(size=lines[1], root=lines[2])
    supersedes, previous = content.supersedes, content.previous
    return [
        (_("Days"), days),
        (_("Version"), content.version),
        (_("Supersedes"), f"{supersedes.period}, {supersedes.version}" if supersedes else None),
        (_("Month before"), f"{previous.period}, {previous.version}" if previous else None),
        (_("Books"), lines[0]),
        (_("Checkpoint"), sealed),
        (_("Rules of matching"), f"{content.program}, {content.rules[:16]}"),
    ]


def _form(parts: Sequence[AccountPart]) -> Sheet:
    """Theirs at close to ours at close, row by row; each account is a column."""
    rows: list[Sequence[Value]] = [
        [_("A. Their balance at close"), *(part.proof.theirs_cents for part in parts)],
        [_("B. + ours, not yet at theirs (list 1)"), *(part.proof.ours_only_cents for part in parts)],
        [_("C. − theirs, not in ours (list 2)"), *(-part.proof.theirs_only_cents for part in parts)],
        [_("D. ± amounts that differ (list 3)"), *(part.proof.amounts_cents for part in parts)],
        [_("O. − older than our books"), *(-part.proof.opening_items_cents for part in parts)],
        [_("E. Balance of our books at close"), *(part.proof.ours_cents for part in parts)],
    ]
    proof: list[Value] = [_("Proof: A + B − C + D − O − E"), *(part.proof.proof_cents for part in parts)]
    columns = [Column(_("From their balance to ours"), width="1fr"), *(Column(_name(part), _AMOUNT) for part in parts)]
    return Sheet("", columns, rows, [proof])


def _statement_text(content: Content) -> str:
    open_ = sum(len([one for one in part.differences if one.state not in _DONE]) for part in content.accounts)
    text = _(
        "We certify that the statements named in the annex and the books of the programme agree to the centime with "
        "the differences listed ({count} of them open and carried into the next month), that the five identities hold, "
        "and that nothing in this month will change any more."
    )
    return text.format(count=open_)


def _annexes(content: Content) -> Iterator[Block]:
    for part in content.accounts:
        yield blocks.heading(_name(part))
        yield blocks.listing(_files(part))
        yield blocks.listing(_movements(part))
        yield blocks.paragraph(_opening_text(part))
        yield blocks.listing(_matched(part))
        for title, lists in _lists(part):
            yield blocks.heading(_("{account}: {list}").format(account=_name(part), list=title))
            yield blocks.listing(_differences(lists))
    yield blocks.heading(_("The five identities, with their terms"))
    yield blocks.listing(_terms(content.identities))
    lines = [(line,) for line in content.checkpoint.split("\n") if line]
    yield blocks.listing(Sheet("", [Column(_("The checkpoint that seals this month"), Kind.CODE, "1fr")], lines))


def _files(part: AccountPart) -> Sheet:
    columns = [Column(_("Statement"), width="1fr"), Column("SHA-256", Kind.CODE), Column(_("Lines"), Kind.NUMBER)]
    halves = 32
    rows = [(one.file, f"{one.sha256[:halves]} {one.sha256[halves:]}", one.lines) for one in part.files]
    return Sheet("", columns, rows)


def _movements(part: AccountPart) -> Sheet:
    columns = [Column(_("Movements"), width="1fr"), Column(_("Theirs"), _AMOUNT), Column(_("Ours"), _AMOUNT)]
    theirs, ours = part.statement, part.ledger
    rows = [
        (_("Opening"), theirs.opening_cents, ours.opening_cents),
        (_("Money in"), theirs.in_cents, ours.in_cents),
        (_("Money out"), -theirs.out_cents, -ours.out_cents),
    ]
    return Sheet("", columns, rows, [(_("Closing"), theirs.closing_cents, ours.closing_cents)])


def _opening_text(part: AccountPart) -> str:
    if part.before is None:
        return _("No month before this one was certified; its opening is that of the statement and of the books.")
    return _("Both openings are the closings of the month before, as they were certified.")


def _matched(part: AccountPart) -> Sheet:
    columns = [Column(_("Matched by"), width="1fr"), Column(_("Lines"), Kind.NUMBER)]
    rows = [(_word(RULES, rule), lines) for rule, lines in part.matched.by_rule.items()]
    return Sheet("", columns, rows, [(_("Together"), part.matched.lines)])


def _lists(part: AccountPart) -> Iterator[tuple[str, list[Difference]]]:
    """The lists that stand behind B, C and D."""
    ours = [one for one in part.differences if one.theirs_cents is None]
    theirs = [one for one in part.differences if one.ours_cents is None]
    both = [one for one in part.differences if one.ours_cents is not None and one.theirs_cents is not None]
    titles = (_("list 1, ours and not theirs"), _("list 2, theirs and not ours"), _("list 3, amounts that differ"))
    return ((title, found) for title, found in zip(titles, (ours, theirs, both), strict=True) if found)


def _differences(found: Sequence[Difference]) -> Sheet:
    columns = [
        *(Column(_("Day"), Kind.DAY), Column(_("What"), width="1.1fr"), Column(_("Record"), width="16mm")),
        *(Column(_("Ticket"), width="1fr"), Column(_("Theirs"), _AMOUNT), Column(_("Ours"), _AMOUNT)),
        *(Column(_("Days"), Kind.NUMBER), Column(_("Why"), width="1.3fr")),
    ]
    rows = [_difference(one) for one in found]
    theirs = sum(one.theirs_cents or 0 for one in found)
    ours = sum(one.ours_cents or 0 for one in found)
    return Sheet("", columns, rows, [(_("Together"), None, None, None, theirs, ours, None, None)])


def _difference(one: Difference) -> tuple[Value, ...]:
    return (
        date.fromisoformat(one.booked_on),
        _word(CATEGORIES, one.category),
        ", ".join(str(line.record) for line in one.lines),
        ", ".join(one.references),
        one.theirs_cents,
        one.ours_cents,
        one.age_days,
        _why(one),
    )


def _why(one: Difference) -> str:
    """Why it is one, after where it stood when both people signed, if something was done about it."""
    told = [] if one.state == State.OPEN else [_word(STATES, one.state)]
    told += [] if one.state == State.CLEARED else [_word(REASONS, one.why)]
    return " · ".join(told)


def _identities(found: Sequence[IdentityPart]) -> Sheet:
    """Both sums of each."""
    columns = [Column(_("The five identities"), width="1fr"), Column("", _AMOUNT), Column(""), Column("", _AMOUNT)]
    rows = [(_identity(one), _sum(one.left), _SIGNS[one.relation], _sum(one.right)) for one in found]
    return Sheet("", columns, rows)


def _terms(found: Sequence[IdentityPart]) -> Sheet:
    """The same, term by term."""
    columns = [Column(_("Identity"), width="1fr"), Column(_("Term"), width="1fr")]
    columns += [Column(_("Left side"), _AMOUNT), Column(_("Right side"), _AMOUNT)]
    rows: list[tuple[Value, ...]] = []
    for one in found:
        title = _identity(one)
        for nth, term in enumerate(one.left):
            rows.append((None if nth else title, _(TERMS[term.name]), term.cents, None))
        rows += [(None, _(TERMS[term.name]), None, term.cents) for term in one.right]
    return Sheet("", columns, rows)


def _identity(one: IdentityPart) -> str:
    return _(IDENTITIES[one.number]) + (f" ({one.programme})" if one.programme else "")


def _sum(terms: Sequence[Term]) -> int:
    return sum(term.cents for term in terms)


def _flat(part: AccountPart) -> Iterator[tuple[Value, ...]]:
    """One account as rows of one table."""
    account = _name(part)
    for what, theirs, ours in _movements(part).rows:
        yield account, _("Movements"), what, None, None, None, theirs, ours, None, None, None
    closing = (part.statement.closing_cents, part.ledger.closing_cents)
    yield account, _("Movements"), _("Closing"), None, None, None, *closing, None, None, None
    for title, found in _lists(part):
        for one in found:
            day, *rest = _difference(one)
            yield account, title, rest[0], day, *rest[1:], one.id
    yield account, _("Proof"), None, None, None, None, part.proof.proof_cents, None, None, None, None


def _name(part: AccountPart) -> str:
    name = _(ACCOUNTS[Account(part.account)])
    return name[:1].upper() + name[1:]


def _word(words: Mapping[Any, str], code: str) -> str:
    """A code in words; one that this program does not know any more stays a code."""
    known = {member.value: text for member, text in words.items()}
    return _(known[code]) if code in known else code


def _month(content: Content) -> str:
    """The month in words."""
    return format_month(date.fromisoformat(content.first_day), "MMMM y", locale=language())


def _percent(part: int, whole: int) -> str:
    """A share as the reader writes it."""
    return format_share(part / whole if whole else 1, "#,##0.0 %", locale=language())


def _instant(at: datetime) -> str:
    local = at.astimezone(PARIS)
    return f"{format_date(local.date())} {local:%H:%M}"
