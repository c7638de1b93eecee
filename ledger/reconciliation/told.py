"""The words of reconciliation as people read them, on a screen and on paper."""

from __future__ import annotations

from ledger.errors import N_
from ledger.reconciliation.model import Account, Break, Category, Identity, Report, Rule, Why
from ledger.reconciliation.model.breaks import Course, Life, State
from ledger.texts import format_date
from ledger.texts import gettext as _

ACCOUNTS = {
    Account.POIS: N_("dedicated account in Pois"),
    Account.RESERVE: N_("reserve in euros"),
}
RULES = {
    Rule.REMITTANCE: N_("acknowledged remittance"),
    Rule.PAYOUT_LOT: N_("payout lot with its commission"),
    Rule.REFERENCE: N_("reference"),
    Rule.DAY_TOTAL: N_("total of the day"),
    Rule.AMOUNT_DATE_MERCHANT: N_("amount, date and merchant"),
    Rule.EQUAL_SET: N_("equal ones as a set"),
    Rule.REVERSAL_PAIR: N_("taken back on the same side"),
    Rule.CORRECTION: N_("correction approved by two people"),
    Rule.SUBSET_SUM: N_("sum of several"),
    Rule.ALIKE: N_("equal but for one thing"),
}
CATEGORIES = {
    Category.TIMING_OURS_FIRST: N_("ours first, theirs will follow"),
    Category.TIMING_THEIRS_FIRST: N_("theirs first, ours follows"),
    Category.MISSING_AT_ASSOCIATION: N_("missing at the association"),
    Category.MISSING_IN_LEDGER: N_("missing in our ledger"),
    Category.AMOUNT_DIFFERS: N_("amount differs"),
    Category.DUPLICATE_THEIRS: N_("booked twice by the association"),
    Category.DUPLICATE_OURS: N_("twice in our ledger"),
    Category.WRONG_MERCHANT: N_("put to another merchant"),
    Category.REVERSAL_NOT_MIRRORED: N_("taken back on one side only"),
    Category.FEE: N_("fee"),
    Category.UNKNOWN: N_("unknown"),
}
REASONS = {
    Why.REMITTANCE_AMOUNT: N_("acknowledged by the association, another amount"),
    Why.LOT_AMOUNT: N_("same payout lot, another amount"),
    Why.REFERENCE_AMOUNT: N_("same reference, another amount"),
    Why.REFERENCE_MATCHED: N_("its reference is matched already"),
    Why.REFERENCE_ELSEWHERE: N_("its reference belongs to another merchant"),
    Why.REFERENCE_UNKNOWN: N_("its reference is not known"),
    Why.TOTAL_AMOUNT: N_("the total of the day has another amount"),
    Why.ALONE_AMOUNT: N_("alone on both sides that day, another amount"),
    Why.COPY: N_("repeats a record that is accounted for"),
    Why.COPY_OURS: N_("the same ticket is there once more"),
    Why.BOOKED_LATER: N_("booked by us just after the end"),
    Why.REVERSED: N_("the other side did not take it back"),
    Why.NAMES_NOTHING: N_("names nothing that we know"),
    Why.NO_MERCHANT: N_("names no merchant"),
    Why.ANOTHER_REFERENCE: N_("equal, but the references differ"),
    Why.BY_HAND: N_("equal, but unmatched by hand"),
    Why.SEVERAL: N_("several equal ones, none certain"),
    Why.EQUAL_MATCHED: N_("the equal ones are matched already"),
    Why.TOO_FAR: N_("an equal one, but too many days apart"),
    Why.OTHER_AMOUNTS: N_("only other amounts that day"),
    Why.NOTHING_NEAR: N_("nothing comparable"),
}
STATES = {
    State.OPEN: N_("open"),
    State.WAITING: N_("waiting"),
    State.PROPOSED: N_("proposed"),
    State.RESOLVED: N_("resolved by two people"),
    State.CLEARED: N_("matched in a later month"),
}
COURSES = {
    Course.WAIT: N_("wait"),
    Course.THEY_CORRECT: N_("they correct"),
    Course.WE_CORRECT: N_("we correct"),
    Course.WRITE_OFF: N_("write off"),
}
IDENTITIES = {
    1: N_("1. Euros mandated = Pois credited ± in transit"),
    2: N_("2. Issued = spent + lapsed + revoked or returned + outstanding"),
    3: N_("3. Our redemptions = their credits to merchants, every difference named"),
    4: N_("4. Reserve covers the Pois in circulation"),
    5: N_("5. Conversions gross = net + commission"),
}
TERMS = {
    "mandated": N_("mandated"),
    "pois-credited": N_("Pois credited"),
    "in-transit": N_("in transit"),
    "adjusted": N_("adjusted by two people"),
    "issued": N_("Pois issued"),
    "spent": N_("spent, refunds taken off"),
    "lapsed": N_("lapsed"),
    "revoked": N_("Pois revoked"),
    "returned-by-refunds": N_("returned by refunds of revoked vouchers"),
    "outstanding": N_("outstanding"),
    "merchant-credits": N_("their credits to merchants"),
    "ours-only": N_("ours, not at theirs"),
    "theirs-only": N_("theirs, not in ours"),
    "amounts-differ": N_("amounts that differ"),
    "corrected": N_("corrected by two people"),
    "redemptions": N_("our redemptions, refunds taken off"),
    "guarantee-fund": N_("guarantee fund"),
    "owed-to-reserve": N_("owed to the reserve by the association"),
    "suspense": N_("in suspense"),
    "digital": N_("digital Pois"),
    "paper": N_("paper Pois"),
    "gross": N_("gross"),
    "net": N_("net"),
    "commission": N_("commission"),
}


def identity_title(identity: Identity) -> str:
    """What has to be equal, and of which programme or month."""
    title = _(IDENTITIES[identity.number])
    scope = identity.programme or identity.period
    return f"{title} ({scope})" if scope else title


def standing(life: Life) -> str:
    """Where a break stands, in one cell: what is waited for and until when, or that it was waited for in vain."""
    state = _(STATES[life.state])
    course = _(COURSES[life.course]) if life.course and life.state is not State.CLEARED else ""
    course = "" if life.course is Course.WAIT and life.state is State.WAITING else course
    until = _("until {day}").format(day=format_date(life.due_on)) if life.due_on and not life.state.is_done else ""
    late = _("overdue") if life.overdue else ""
    return ", ".join(each for each in (state, late, course, until) if each)


def why_or_state(found: Break, report: Report) -> str:
    """The same as `why`, after where it stands, if something was done about it."""
    state = report.state_of(found)
    if state in {State.OPEN, State.CLEARED}:
        return why(found)
    return f"{_(STATES[state])} · {why(found)}"


def why(found: Break) -> str:
    """Why the nearest candidate was not taken, and which one it is; or that it was matched since."""
    if found.cleared:
        return _("matched in a later month")
    near: list[str] = [str(found.near_line.record)] if found.near_line else []
    near += [found.near_unit.reference] if found.near_unit and found.near_unit.reference else []
    reason = _(REASONS[found.why])
    return f"{reason} ({', '.join(near)})" if near else reason
