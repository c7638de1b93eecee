"""How the journal is written in each format: pure text from values."""

from __future__ import annotations

from ledger.exports.model import Cover, Format
from ledger.exports.rules.beancount import Beancount
from ledger.exports.rules.chart import Chart, read_chart
from ledger.exports.rules.fec import Fec
from ledger.exports.rules.form import Form
from ledger.exports.rules.hledger import Hledger
from ledger.exports.rules.table import Table

__all__ = ["Chart", "Form", "form_of", "read_chart"]

_FORMS: dict[Format, type[Form]] = {Format.HLEDGER: Hledger, Format.BEANCOUNT: Beancount, Format.CSV: Table}


def form_of(wanted: Format, cover: Cover, chart: Chart) -> Form:
    """The format with all that it needs to write."""
    return Fec(cover, chart) if wanted is Format.FEC else _FORMS[wanted](cover)
