"""The town that every run of the machine starts from, made once by the product's own actions and then cloned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from ledger.approvals.actions import suspend_operator
from ledger.approvals.model import Limit, Role
from ledger.cards.actions import issue_card
from ledger.clock import FixedClock
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.keyring import Keyring
from ledger.merchants.actions import import_merchants, invite_till, pair_till
from ledger.merchants.owners import enrol_owner
from ledger.programmes.actions import import_households, import_programme, list_households
from tests.bench.inputs import _iban, _siret
from tests.databases import DatabaseUrls, TestServer
from tests.people import enrol, signer
from tests.properties.machine.aid import Applicant
from tests.properties.machine.books import Books, Card, Household, Person, Rules, Shop, Till

START = datetime(2026, 10, 6, 7, 44, tzinfo=UTC)
CODE = "HUNT-2026"
SIRETS = tuple(_siret(300 + nth) for nth in range(5))  # others than those of the benchmark
FRUIT, BREAD, MILK, WINE = "fruits-legumes", "cereales-pain", "lait-oeufs", "alcool"
CATEGORIES = (FRUIT, BREAD, MILK, WINE)

PEOPLE = {
    "omar": Person(frozenset({"approver"})),
    "ana": Person(frozenset({"agent"})),
    "fay": Person(frozenset({"finance"})),
    "tom": Person(frozenset({"treasurer"})),
    "rex": Person(frozenset({"reviewer"})),
    "aude": Person(frozenset({"auditor"})),
    "lim": Person(frozenset({"agent", "finance"}), limit=(40_00, 10)),
    "dual": Person(frozenset({"agent", "approver", "finance"})),
    "gone": Person(frozenset({"finance", "agent", "approver"}), active=False),
}

_PROGRAMME = """
code = "{code}"
libelle = "Bons de la chasse"
unite = "POIS"
[bareme]
forme = "forfait"
fixe = "0.00"
par_adulte = "10.00"
par_enfant = "25.00"
[eligibilite]
reste_a_vivre_par_jour_maximum = "10.00"
derogations = ["urgence"]
[validite]
jours = {days}
annee_civile = false
grace_jours = {grace}
[panier]
categories = [{eligible}]
hors_panier = [{other}]
[plafonds]
papier_par_vente = "{sale}.00"
papier_par_jour = "{day}.00"
"""
# Each version pays for all that a narrower one pays for.
BASKETS = ((FRUIT, BREAD, MILK), (FRUIT, BREAD), (FRUIT,))
FIRST_RULES = Rules(frozenset(BASKETS[0]), 20, 5, 20_00, 45_00)
_COLUMNS = (
    "dossier;adultes;enfants_14_et_plus;enfants_moins_14;ressources_mensuelles;charges_mensuelles;langue;support;"
    "derogation"
)


def programme_file(folder: Path, rules: Rules) -> Path:
    """The programme with these rules, as a file for the product."""
    path = folder / "programme.toml"
    eligible, other = (
        ", ".join(f'"{one}"' for one in CATEGORIES if (one in rules.eligible) is wanted) for wanted in (True, False)
    )
    values = {"days": rules.days, "grace": rules.grace_days, "eligible": eligible, "other": other}
    caps = {"sale": rules.sale_cap // 100, "day": rules.day_cap // 100}
    path.write_text(_PROGRAMME.format(code=CODE, **values, **caps), encoding="utf-8")
    return path


def household_rows(applicants: tuple[Applicant, ...]) -> str:
    """Households as a file has them."""
    rows = [
        f"{one.case};{one.adults};0;{one.children};{'400,00' if one.poor else '9000,00'};300,00;fr;papier;"
        for one in applicants
    ]
    return "\n".join([_COLUMNS, *rows]) + "\n"


@dataclass(frozen=True)
class Ground:
    """A server whose template has the town in it, the model of it, and a folder for files."""

    server: TestServer
    keys: Keyring
    folder: Path
    books: Books = field(repr=False)
    numbers: Iterator[int] = field(default_factory=count)

    def fresh_books(self) -> Books:
        """The model as it is at the start."""
        return deepcopy(self.books)

    @asynccontextmanager
    async def cloned(self) -> AsyncIterator[DatabaseUrls]:
        """A database of one's own."""
        async with self.server.clone() as urls:
            yield urls

    def file(self, name: str) -> Path:
        """A place for a file that was never there before."""
        return self.folder / f"{next(self.numbers)}-{name}"


@asynccontextmanager
async def prepared_ground(server: TestServer, keys: Keyring, folder: Path) -> AsyncIterator[Ground]:
    """Build the town and keep it until the end of the block; nothing stays connected to it."""
    async with server.clone() as urls:
        database = Database.at(urls.app)
        try:
            books = await build(Ledger(database, FixedClock(START), keys), folder)
        finally:
            await database.aclose()
        yield Ground(replace(server, template=urlsplit(urls.app).path[1:]), keys, folder, books)


async def build(ledger: Ledger, folder: Path) -> Books:
    """People, programme, merchants with devices, households with cards; no money yet."""
    books = Books(CODE, PEOPLE, FIRST_RULES)
    for name, person in PEOPLE.items():
        limit = Limit(*person.limit) if person.limit else None
        await enrol(ledger, name, *map(Role, sorted(person.roles)), limit=limit)
    await suspend_operator(ledger, "gone", signer("omar"))
    await import_programme(ledger, programme_file(folder, FIRST_RULES), "fay")
    await _merchants(ledger, folder, books)
    await _households(ledger, folder, books)
    return books


async def _merchants(ledger: Ledger, folder: Path, books: Books) -> None:
    """The last one has no owner's code."""
    path = folder / "commercants.csv"
    rows = [f"{siret};Commerce {nth};Poitiers;;{_iban(300 + nth)};detail" for nth, siret in enumerate(SIRETS)]
    path.write_text("\n".join(["siret;nom;commune;categories;iban;remise", *rows]) + "\n", encoding="utf-8")
    await import_merchants(ledger, path, "ana")
    for siret in SIRETS:
        secret = (await enrol_owner(ledger, siret, "ana")).secret if siret != SIRETS[-1] else None
        books.shops[siret] = Shop(siret, secret)
        for scope in ("till", "till", "merchant"):
            made = await pair_till(ledger, (await invite_till(ledger, siret, scope, "ana")).code)
            books.tills[made.token] = Till(made.token, siret, scope, made.till_id)


async def _households(ledger: Ledger, folder: Path, books: Books) -> None:
    """Six that are granted something, with one card or two, and one that is not."""
    applicants = tuple(Applicant(f"H{nth}", 1 + nth % 2, nth % 4, poor=nth < 6) for nth in range(7))
    path = folder / "menages.csv"
    path.write_text(household_rows(applicants), encoding="utf-8")
    await import_households(ledger, CODE, path, "ana")
    cents = {one.case: one.cents for one in applicants}
    for nth, entry in enumerate(await list_households(ledger, CODE)):
        granted = cents[entry.case_number]
        books.households[entry.household_id] = Household(entry.case_number, waiting=[granted] if granted else [])
        for kind in ("paper", "phone") if nth % 2 else (("phone",) if nth % 4 else ("paper",)):
            made = await issue_card(ledger, entry.household_id, kind, "ana")
            card = Card(made.number, entry.household_id, kind, made.secret, made.pin)
            books.cards[made.number] = card
