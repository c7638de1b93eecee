"""What somebody outside keeps of a rehearsed month: a checkpoint of its beginning, one of its end, and a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ledger.database.unit_of_work import Ledger
from ledger.sealing.actions import prove_checkpoint, prove_sale, read_older_checkpoint, seal, verify
from ledger.sealing.rules import proofs

BEGINNING, END, RECEIPT = "checkpoint-beginning.json", "checkpoint-end.json", "receipt.json"


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many facts are sealed, under which name of the books, and what was written for others to verify."""

    leaves: int
    origin: str
    files: list[Path]
    holds: bool


async def keep_beginning(ledger: Ledger, folder: Path) -> Path:
    """The checkpoint before the first sale. A run that goes on keeps the one of the run that was cut."""
    file = folder / BEGINNING
    if not file.exists():
        await seal(ledger)
        _write(file, await prove_checkpoint(ledger))
    return file


async def prove_month(ledger: Ledger, beginning: Path, sale: UUID | None) -> Sealed:
    """Seal the end, and write what proves that the books only grew since the beginning, and that a sale is in them."""
    await seal(ledger)
    older = read_older_checkpoint(beginning).checkpoint
    files = [_write(beginning.with_name(END), await prove_checkpoint(ledger, older.size))]
    if sale is not None:
        files.append(_write(beginning.with_name(RECEIPT), await prove_sale(ledger, sale)))
    findings = [*verify(files[0], beginning), *(finding for file in files[1:] for finding in verify(file))]
    end = read_older_checkpoint(files[0]).checkpoint
    return Sealed(end.size, end.origin, [beginning, *files], all(finding.holds for finding in findings))


def _write(file: Path, proof: proofs.Proof) -> Path:
    file.write_text(proofs.written(proof), encoding="utf-8")
    return file
