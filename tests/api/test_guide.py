"""Every example of the guide for makers of tills is run as it stands there, against a running service."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from ledger.database.unit_of_work import Ledger
from ledger.merchants.actions import invite_till
from ledger.sealing.actions import seal
from tests.contract import conforms, operations
from tests.services import Installation, client_of
from tests.tills import TillClient
from tests.town import AGENT, FRUIT, Town

GUIDE = Path(__file__).parents[2] / "merchant_api" / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "…"


@dataclass(frozen=True)
class Shown:
    """One example: what is sent, and what the guide says comes back."""

    method: str
    address: str
    headers: dict[str, str]
    body: str
    status: int
    answer_headers: dict[str, str]
    answer: Any


@dataclass
class Reader:
    """Somebody who does what the guide says, and remembers what he is told."""

    client: httpx.AsyncClient
    known: dict[str, str] = field(default_factory=dict)

    async def follow(self, shown: Shown) -> None:
        headers = {name: self._filled(value) for name, value in shown.headers.items()}
        headers.setdefault("Authorization", f"Bearer {self.known.get('token', 'none')}")
        given = await self.client.request(
            shown.method, self._filled(shown.address), headers=headers, content=self._filled(shown.body) or None
        )
        assert given.status_code == shown.status, f"{shown.method} {shown.address}: {given.text}"
        for name, value in shown.answer_headers.items():
            assert given.headers[name] == value
        self._compare(shown.answer, given.json(), shown.address)
        self._remember(given.json())

    def _remember(self, answer: dict[str, Any]) -> None:
        self.known |= {name: answer[name] for name in ("token",) if name in answer}
        if "receipt_number" in answer:
            self.known["id"] = answer["id"]
        if "checkpoint" in answer:
            self.known["size"] = answer["checkpoint"].split("\n")[1]

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: self.known[name[1]], text)

    def _compare(self, shown: Any, given: Any, place: str) -> None:
        """Equal, where the guide does not say that it is different each time."""
        if isinstance(shown, dict):
            assert isinstance(given, dict), place
            for name in shown.keys() - {ANYTHING}:
                self._compare(shown[name], given[name], f"{place} {name}")
            assert ANYTHING in shown or given.keys() == shown.keys(), f"{place}: {given.keys() ^ shown.keys()}"
        elif isinstance(shown, list):
            named = [one for one in shown if one != ANYTHING]
            assert len(given) == len(named) or (len(named) < len(shown) and len(given) >= len(named)), place
            for one, other in zip(named, given, strict=False):
                self._compare(one, other, place)
        elif isinstance(shown, str) and re.fullmatch(r"\{\w+\}", shown):
            self.known[shown[1:-1]] = given
        elif isinstance(shown, str) and ANYTHING in shown:
            assert given is None or isinstance(given, str), place
        elif not place.endswith((" older_size", " position")):
            assert given == shown, f"{place}: {given!r} is not {shown!r}"


def examples() -> list[Shown]:
    """All of them, in order; each request is followed by its answer."""
    blocks = [(kind, text) for kind, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8"))]
    assert all(kind == "http" for kind, _ in blocks), "an example that no test runs"
    assert len(blocks) % 2 == 0
    return [_shown(sent, given) for (_, sent), (_, given) in zip(blocks[::2], blocks[1::2], strict=True)]


def _shown(sent: str, given: str) -> Shown:
    method_and_address, headers, body = _parts(sent)
    status, answer_headers, answer = _parts(given)
    method, address = method_and_address.split(" ")
    protocol, code, _ = status.split(" ", 2)
    assert protocol == "HTTP/1.1"
    return Shown(method, address, headers, body, int(code), answer_headers, json.loads(answer))


def _parts(block: str) -> tuple[str, dict[str, str], str]:
    head, _, body = block.partition("\n\n")
    first, *headers = head.strip().split("\n")
    return first, dict(header.split(": ", 1) for header in headers), body.strip()


async def test_every_example_of_the_guide_is_true(installation: Installation, ledger: Ledger, town: Town) -> None:
    shown = examples()
    assert len(shown) > 20
    async with installation.running() as [service], client_of(service) as client:
        client.event_hooks = {"response": [conforms]}
        real = TillClient(client, installation.clock, town.tills[0].token)
        sold = (await real.redeem(town.paper_card, (FRUIT, 850), key=str(uuid4()))).json()["id"]
        await seal(ledger)
        invited = await invite_till(ledger, town.shops[0].siret, "training", AGENT)
        reader = Reader(client, {"pairing_code": invited.code, "real_id": sold, "real_token": town.tills[0].token})
        for one in shown:
            if "consistency" in one.address:  # the books have grown meanwhile
                await real.redeem(town.paper_card, (FRUIT, 850), key=str(uuid4()))
                await seal(ledger)
            await reader.follow(one)


def test_the_guide_names_every_refusal_of_a_cashier() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    counter = ("redeem", "abandonRedemption", "refundRedemption", "voidRedemption", "getCardBalance", "getDayTotals")
    named = {code for name in counter for code in operations()[name].refusals}
    assert not {code for code in named if f"`{code}`" not in text}
