"""Whoever owns the server and even the key rewrites the seals themselves: a checkpoint kept elsewhere tells.

What each time goes unnoticed without one, and what is younger than the last one, is asserted, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import FixedClock
from ledger.database.connect import connected
from ledger.database.engine import Database
from ledger.database.unit_of_work import Ledger
from ledger.errors import FactNotAsSealed, UnknownCheckpoint
from ledger.keyring import Keyring
from ledger.sealing.actions import prove_checkpoint, prove_sale, seal
from ledger.sealing.model import Head, Node, Seal
from ledger.sealing.rules import notes, proofs
from ledger.sealing.rules.tree import STORED_LEVEL_MIN, Frontier
from tests.cells import columns
from tests.conftest import NOW
from tests.full_world import FullWorld
from tests.sealed import culprits

INTRUDER = Keyring((b"\x07" * 32,))
CHEAPER = "UPDATE ledger.redemption SET basket_cents = basket_cents - 1 WHERE id = '{sale}'"
NO_SEALS = "DELETE FROM ledger.seal; DELETE FROM ledger.tree_node"


class Forger:
    """Has the database, and the key file where a test gives it to him."""

    def __init__(self, full: FullWorld, ledger: Ledger, connection: asyncpg.Connection) -> None:
        self.full, self.ledger, self.connection = full, ledger, connection

    async def do(self, *statements: str) -> None:
        """Past every trigger."""
        await self.connection.execute(f"SET session_replication_role = replica; {';'.join(statements)}")
        await self.connection.execute("SET session_replication_role = origin")

    async def faults(self) -> set[str]:
        """What is found by whoever has no checkpoint of his own."""
        return {str(facts["fault"]) for _, facts in await culprits(self.ledger)}

    async def faults_against_older(self) -> set[str]:
        return {str(facts["fault"]) for _, facts in await culprits(self.ledger, self.full.older)}

    async def outsider_finds(self) -> set[str]:
        """What fails for somebody who has the old checkpoint, and asks for a proof that the books only grew."""
        proof = await prove_checkpoint(self.ledger, self.full.older.checkpoint.size)
        return {each.code for each in proofs.verify(proof, self.full.older.note) if not each.holds}

    async def cut_from(self, number: int) -> None:
        """Take away the seals from a number on, without a trace in the stored nodes."""
        size = await self.connection.fetchval("SELECT first_leaf FROM ledger.seal WHERE number = $1", number)
        await self.do(
            f"DELETE FROM ledger.tree_node WHERE (position + 1) << level > {size}",
            f"DELETE FROM ledger.seal WHERE number >= {number}",
        )

    async def forge(self, keys: Sequence[Ed25519PrivateKey]) -> None:
        """Make every seal over the rows of today, in its place, signed with these keys (by their numbers)."""
        grown = Frontier(0, [])
        nodes: dict[Node, bytes] = {}
        for row in await self.connection.fetch("SELECT * FROM ledger.seal ORDER BY number"):
            leaves = await self._leaves(row)
            nodes |= {node: whole for node, whole in grown.grow(leaves) if node.level >= STORED_LEVEL_MIN}
            note = self._note(row, grown, keys[row["key_number"] - 1])
            await self._put(row["number"], grown.size - len(leaves), leaves, grown.root, note)
        await self.do("DELETE FROM ledger.tree_node")
        rows = [(node.level, node.position, whole) for node, whole in nodes.items()]
        await self.connection.executemany("INSERT INTO ledger.tree_node VALUES ($1, $2, $3)", rows)

    async def _leaves(self, row: asyncpg.Record) -> list[bytes]:
        sql = "SELECT hash FROM ledger.leaf_hashes($1, $2, $3)"
        return [
            leaf["hash"] for leaf in await self.connection.fetch(sql, row["epoch"], row["xid_from"], row["xid_upto"])
        ]

    def _note(self, row: asyncpg.Record, grown: Frontier, key: Ed25519PrivateKey) -> str:
        old = notes.read_checkpoint(row["note"])
        said = {name: row[name] for name in Head.__slots__ if name in row}
        head = Head(**said, more=False, finalises=False, rehearsal=old.rehearsal)
        return notes.signed(notes.checkpoint_text(old.origin, head, grown.size, grown.root), old.origin, [key])

    async def _put(self, number: int, first: int, leaves: list[bytes], root: bytes, note: str) -> None:
        await self.do()
        async with self.connection.transaction():
            await self.connection.execute("SET LOCAL session_replication_role = replica")
            sql = """UPDATE ledger.seal SET first_leaf = $2, leaf_count = $3, leaves = $4, root = $5, note = $6
                WHERE number = $1"""
            await self.connection.execute(sql, number, first, len(leaves), b"".join(leaves), root, note)


@pytest.fixture
async def forger(full: FullWorld) -> AsyncIterator[Forger]:
    async with full.clone() as urls, connected(urls.owner) as connection:
        database = Database.at(urls.app)
        yield Forger(full, Ledger(database, FixedClock(NOW), full.keys), connection)
        await database.aclose()


@pytest.fixture
def cheaper(full: FullWorld) -> str:
    """A sale that the older checkpoint has, made a centime less."""
    return CHEAPER.format(sale=full.world.sales[0])


def true_keys(full: FullWorld) -> list[Ed25519PrivateKey]:
    return full.keys.signing_keys("seal")


def intruders_keys() -> list[Ed25519PrivateKey]:
    return INTRUDER.signing_keys("seal") * 2


async def test_nothing_is_found_where_nothing_was_done(forger: Forger) -> None:
    assert await forger.faults_against_older() == set()
    assert await forger.outsider_finds() == set()


async def test_a_tail_that_was_cut_off_is_found(forger: Forger) -> None:
    """The facts stay, as if they waited to be sealed."""
    await forger.cut_from(forger.full.older.checkpoint.seal)  # one without leaves, which called more final
    assert await forger.outsider_finds() == {"only-grew"}
    await forger.cut_from(forger.full.older.checkpoint.seal - 2)
    assert await forger.faults() == set()
    assert await forger.faults_against_older() == {"older-checkpoint"}
    with pytest.raises(UnknownCheckpoint):
        await forger.outsider_finds()


async def test_a_tail_that_was_cut_off_with_its_facts_is_found(forger: Forger) -> None:
    number = forger.full.older.checkpoint.seal - 2
    begin = await forger.connection.fetchval("SELECT xid_from::text FROM ledger.seal WHERE number = $1", number)
    tables = await columns(forger.connection)
    sealed = [name for name, table in tables.items() if {"xid", "epoch"} <= {column.name for column in table}]
    orphans = "DELETE FROM ledger.posting WHERE transaction_id NOT IN (SELECT id FROM ledger.ledger_transaction)"
    await forger.cut_from(number)
    await forger.do(*(f"DELETE FROM ledger.{name} WHERE xid >= '{begin}'" for name in sealed), orphans)
    assert await forger.faults() == set()
    assert await forger.faults_against_older() >= {"older-checkpoint"}


async def test_what_is_younger_than_the_checkpoint_may_be_cut_unnoticed(forger: Forger) -> None:
    """Hence a checkpoint is only as good as it is recent."""
    await forger.cut_from(forger.full.older.checkpoint.seal + 1)
    assert await forger.faults_against_older() == set()
    assert await forger.outsider_finds() == set()


async def test_seals_taken_from_the_beginning_or_the_middle_are_found(forger: Forger) -> None:
    for number in (1, 5, 8):
        await forger.do("BEGIN", f"DELETE FROM ledger.seal WHERE number = {number}", "COMMIT")
        assert await forger.faults() >= {"order"}


async def test_history_sealed_anew_with_the_same_key_is_found(forger: Forger, cheaper: str) -> None:
    await forger.do(cheaper, NO_SEALS)
    await seal(forger.ledger)
    assert await forger.faults() == set()
    assert await forger.faults_against_older() == {"older-checkpoint"}


async def test_history_forged_in_its_place_with_the_same_keys_is_found(forger: Forger, cheaper: str) -> None:
    """Leaves, roots, nodes and signatures are all as they should be; only whoever kept a checkpoint knows."""
    await forger.do(cheaper)
    assert await forger.faults() == {"facts"}
    await forger.forge(true_keys(forger.full))
    assert await forger.faults() == set()
    assert await forger.faults_against_older() == {"older-checkpoint"}
    assert await forger.outsider_finds() == {"only-grew"}


async def test_what_is_younger_than_the_checkpoint_may_be_forged_unnoticed(forger: Forger) -> None:
    await forger.do("UPDATE ledger.erasure SET erased_at = erased_at + interval '1 day'")
    await forger.forge(true_keys(forger.full))
    assert await forger.faults_against_older() == set()
    assert await forger.outsider_finds() == set()


async def test_history_sealed_anew_with_another_key_has_another_name(forger: Forger, cheaper: str) -> None:
    await forger.do(cheaper, NO_SEALS, "DELETE FROM ledger.sealing_key")
    await seal(replace(forger.ledger, keys=INTRUDER))
    assert await forger.faults() == set()
    assert await forger.faults_against_older() == {"older-checkpoint", "older-signature", "older-origin"}


async def test_another_second_key_is_found_without_any_checkpoint(forger: Forger, cheaper: str) -> None:
    """The intruder has not the first key, so that he cannot endorse his own; its endorsement by himself is none."""
    mine = INTRUDER.signing_keys("seal")[0]
    public = mine.public_key().public_bytes_raw()
    first = await forger.connection.fetchval("SELECT public_key FROM ledger.sealing_key WHERE number = 1")
    endorsement = mine.sign(notes.endorsement_text(first, 2, public))
    await forger.do(
        cheaper,
        f"""UPDATE ledger.sealing_key SET public_key = '\\x{public.hex()}', endorsement = '\\x{endorsement.hex()}'
        WHERE number = 2""",
    )
    await forger.forge([mine, mine])
    assert await forger.faults() == {"keys", "signature"}


async def test_notes_signed_anew_with_another_key_are_found(forger: Forger) -> None:
    await forger.forge(intruders_keys())
    assert await forger.faults() == {"signature"}


async def test_a_note_of_another_seal_in_its_place_is_found(forger: Forger) -> None:
    await forger.do("UPDATE ledger.seal SET note = (SELECT note FROM ledger.seal WHERE number = 3) WHERE number = 4")
    assert await forger.faults() == {"note"}


async def test_leaves_forged_without_their_facts_are_found(forger: Forger) -> None:
    """With the true key: roots, nodes and notes fit the forged leaves; the rows do not."""
    before = await forger.connection.fetch("SELECT number, leaves FROM ledger.seal")
    await forger.do("UPDATE ledger.erasure SET erased_at = erased_at + interval '1 day'")
    await forger.forge(true_keys(forger.full))
    await forger.do("UPDATE ledger.erasure SET erased_at = erased_at - interval '1 day'")
    assert len(before) == await forger.connection.fetchval("SELECT count(*) FROM ledger.seal")
    assert await forger.faults() == {"facts"}


async def test_a_receipt_of_a_sale_that_was_changed_is_refused(forger: Forger, cheaper: str) -> None:
    await forger.do(cheaper)
    with pytest.raises(FactNotAsSealed):
        await prove_sale(forger.ledger, forger.full.world.sales[0])
    proof = await prove_sale(forger.ledger, forger.full.world.sales[1])
    assert all(each.holds for each in proofs.verify(proof, None))


async def test_a_stored_node_that_was_changed_makes_no_proof_that_holds(forger: Forger) -> None:
    await forger.do("UPDATE ledger.tree_node SET hash = sha256(hash)")
    assert await forger.faults() == {"stored-nodes"}
    proof = await prove_sale(forger.ledger, forger.full.world.sales[0])
    assert {each.code for each in proofs.verify(proof) if not each.holds} == {"sealed-fact"}


async def test_sealing_goes_on_from_a_forged_edge_and_is_found(forger: Forger) -> None:
    """The next root is made from the stored nodes: what is built on false ones does not fit the leaves."""
    await forger.do("UPDATE ledger.tree_node SET hash = sha256(hash)")
    await forger.connection.execute(
        "INSERT INTO ledger.operator (id, name, added_at) SELECT gen_random_uuid(), 'new', now()"
    )
    made = await seal(forger.ledger)
    assert isinstance(made, Seal)
    assert await forger.faults() == {"stored-nodes", "root"}
