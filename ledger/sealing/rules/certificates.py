"""A certificate that anybody verifies without our database, on both sides.

What two people signed is verified as every approval is (`approvals`), and every sum in it is made again from its lists.
The checkpoint that it names has sealed the month, and the books only grew since. What a file cannot show is what came
later: that the month was reopened. `bonpois reconcile certificates` tells; the next version names what it supersedes.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from ledger.certificates import rules
from ledger.certificates.model import FORMAT, KIND, Content
from ledger.sealing.rules import approvals, notes
from ledger.sealing.rules.proofs import Finding, Proof, Unreadable, continues, keys_of, signature_holds


def findings(proof: Proof, statements: tuple[bytes, ...] = ()) -> list[Finding]:
    """What a certificate claims beyond its signatures, tried; nothing, for another kind of file.

    `statements`: the SHA-256 of files that somebody has in hand. Raises `Unreadable`.
    """
    if proof.bonpois != KIND:
        return []
    content = read(proof)
    found = [_closed(proof, content), _month(proof, content), _checkpoint(proof, content)]
    found += [Finding(code, holds, facts) for code, holds, facts in rules.faults(content)]
    return found + [_statement(content, digest) for digest in statements]


def read(proof: Proof) -> Content:
    """What was signed. Raises `Unreadable`."""
    try:
        return rules.read((proof.content or "").encode())
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Unreadable from None


def _closed(proof: Proof, content: Content) -> Finding:
    """That the books say that this proposal closed this month, as this version."""
    proposal_id, kind, closed = approvals.certified(proof)
    same = (closed.proposal_id, f"{closed.period:%Y-%m}", closed.version)
    holds = kind == KIND and same == (proposal_id, content.period, content.version)
    return Finding("certified-closed", holds, {"period": content.period, "version": content.version})


def _month(proof: Proof, content: Content) -> Finding:
    """That it is about one whole month, prepared when that was over, and of books of this kind."""
    try:
        first = date.fromisoformat(content.first_day)
        prepared_at = datetime.fromisoformat(content.prepared_at)
        rehearsal = notes.read_checkpoint(proof.checkpoint).rehearsal
    except ValueError:
        raise Unreadable from None
    months = (content.format, content.period, content.last_day, content.rehearsal)
    holds = months == (FORMAT, f"{first:%Y-%m}", rules.month_end(first).isoformat(), rehearsal)
    holds = holds and first.day == 1 and prepared_at.date().isoformat() >= content.last_day
    holds = holds and (content.version > 1) == (content.supersedes is not None)
    return Finding("certified-month", holds, {"period": content.period, "rehearsal": content.rehearsal})


def _checkpoint(proof: Proof, content: Content) -> Finding:
    """That the checkpoint in what was signed is one of these books, which only grew since."""
    try:
        inner, outer = notes.read_checkpoint(content.checkpoint), notes.read_checkpoint(proof.checkpoint)
        signed = signature_holds(content.checkpoint, inner, keys_of(proof)).holds
    except notes.NotANote:
        raise Unreadable from None
    holds = signed and inner.origin == outer.origin and continues(outer, inner, proof.certified)
    return Finding("certified-checkpoint", holds, {"older_size": inner.size, "size": outer.size})


def _statement(content: Content, digest: bytes) -> Finding:
    name = rules.has_file(content, digest)
    return Finding("certified-statement", name is not None, {"file": name or "-", "sha256": digest.hex()})
