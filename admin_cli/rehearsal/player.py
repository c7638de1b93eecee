"""Plays a month at the tills over a real socket, and holds each answer against what a right one would be.

Every request has a key of its own that depends on the ticket alone: a rehearsal that goes on sends the whole month
again, and what was answered before is answered the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from admin_cli.rehearsal.folder import Month, Purchase, RefundOfTicket
from admin_cli.rehearsal.service import RunningService
from admin_cli.rehearsal.wallets import Wallets
from ledger.clock import RehearsalClock
from ledger.database.unit_of_work import Ledger
from ledger.errors import ServiceGone
from ledger.merchants.actions import invite_till

_REQUEST_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Difference:
    """An answer that was not the expected one."""

    ticket: str
    expected: str
    answered: str


@dataclass
class Played:
    """What came of the month."""

    approved: int = 0
    approved_cents: int = 0
    refused: int = 0
    refunded: int = 0
    refunded_cents: int = 0
    repeated: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass
class Player:
    """The shops' side of the counter."""

    client: httpx.AsyncClient
    service: RunningService
    clock: RehearsalClock
    wallets: Wallets
    played: Played = field(default_factory=Played)
    sales: dict[str, str] = field(default_factory=dict)

    async def buy(self, purchase: Purchase) -> None:
        """Scan, key the basket, compare."""
        card = self.wallets.cards[purchase.case_number]
        body = {
            "credential": card.credential(purchase.at),
            "basket": [{"category": name, "amount_cents": cents} for name, cents in purchase.basket],
            "allow_partial": True,
            "reference": purchase.ticket,
            "initiated_at": purchase.at.isoformat(),
        } | ({"pin": card.pin} if card.pin else {})
        answer = await self._post("/v1/redemptions", purchase.siret, f"purchase {purchase.ticket}", body)
        self._count(answer)
        if answer.status_code == 201:
            self.sales[purchase.ticket] = answer.json()["id"]
        answered, expected = _purchase_answer(answer), _expected(purchase)
        if answered != expected:
            self.played.differences.append(Difference(purchase.ticket, expected, answered))

    async def refund(self, refund: RefundOfTicket) -> None:
        """Give a ticket back, in part or whole."""
        sale = self.sales.get(refund.ticket, str(uuid5(NAMESPACE_URL, "no such sale")))
        body = {"amount_cents": refund.amount_cents, "reason": "returned-goods"}
        key = f"refund {refund.ticket} {refund.at.isoformat()}"
        answer = await self._post(f"/v1/redemptions/{sale}/refunds", refund.siret, key, body)
        if answer.status_code == 201:
            self.played.refunded += 1
            self.played.refunded_cents += answer.json()["amount_cents"]
        else:
            expected = f"refunded {refund.amount_cents}"
            self.played.differences.append(Difference(refund.ticket, expected, f"refused {answer.json()['code']}"))

    async def pair(self, ledger: Ledger, siret: str, operator: str) -> None:
        """Pair a till with the one-time code that the shop was given."""
        if siret in self.wallets.tokens:
            return
        invitation = await invite_till(ledger, siret, "till", operator)
        self.wallets.tokens[siret] = await self.exchange(invitation.code)
        self.wallets.save()

    async def exchange(self, pairing_code: str) -> str:
        """The token that a device gets for a one-time code."""
        answer = await self.send("/v1/tills/pair", {}, {"pairing_code": pairing_code})
        return str(answer.raise_for_status().json()["token"])

    def _count(self, answer: httpx.Response) -> None:
        self.played.repeated += answer.headers.get("idempotency-replayed") == "true"
        if answer.status_code == 201:
            self.played.approved += 1
            self.played.approved_cents += answer.json()["approved_cents"]
        else:
            self.played.refused += 1

    async def _post(self, path: str, siret: str, key: str, body: dict[str, Any]) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.wallets.tokens[siret]}",
            "Idempotency-Key": str(uuid5(NAMESPACE_URL, key)),
        }
        return await self.send(path, headers, body)

    async def send(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
        """One call to the service; refuses `ServiceGone` where it is gone or failed."""
        try:
            answer = await self.client.post(self.service.url + path, headers=headers, json=body)
        except httpx.TransportError:
            raise ServiceGone(log=str(self.service.log), url=self.service.url) from None
        if answer.status_code >= 500:
            raise ServiceGone(log=str(self.service.log), url=self.service.url, answered=answer.json().get("code"))
        return answer


def new_client() -> httpx.AsyncClient:
    """A client that talks to the loopback service only: no proxy of the environment comes between."""
    return httpx.AsyncClient(timeout=_REQUEST_SECONDS_MAX, trust_env=False)


def in_order(month: Month) -> Iterator[Purchase | RefundOfTicket]:
    """Purchases and refunds by time; a refund at the very instant of a sale comes after it."""
    events: list[Purchase | RefundOfTicket] = [*month.purchases, *month.refunds]
    return iter(sorted(events, key=lambda event: (event.at, isinstance(event, RefundOfTicket))))


def _expected(purchase: Purchase) -> str:
    if purchase.expected == "refused":
        return f"refused {purchase.expected_code}"
    return f"{purchase.expected} {purchase.expected_cents}"


def _purchase_answer(answer: httpx.Response) -> str:
    document = answer.json()
    if answer.status_code != 201:
        return f"refused {document['code']}"
    outcome = "partial" if document["remainder_cents"] else "approved"
    return f"{outcome} {document['approved_cents']}"
