"""The SQL of seals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text

from ledger.database.unit_of_work import UnitOfWork
from ledger.sealing.model import Head, Lag, Node, Seal, SealingKey

# In one seal, and of the unit of work with the last of them the rest: memory stays bounded after a long pause.
_LEAVES_MAX = 50_000
_HASH_BYTES = 32

_TAKE_TURN = text("SELECT pg_try_advisory_xact_lock(4713813331)")
_WAIT_FOR_TURN = text("SELECT pg_advisory_xact_lock(4713813331)")
_HEAD = text("""
    WITH last AS (
        SELECT number, epoch, xid_upto, first_leaf + leaf_count AS size, observed_at, final_until
        FROM ledger.seal ORDER BY number DESC LIMIT 1
    ), here AS (
        SELECT coalesce(l.number, 0) + 1 AS number, coalesce(l.size, 0) AS first_leaf, l.observed_at, l.final_until,
            l.epoch AS last_epoch, ledger.present_epoch() AS present_epoch, pg_current_snapshot() AS snapshot,
            (CASE WHEN l.xid_upto = '18446744073709551615' THEN l.epoch + 1 ELSE coalesce(l.epoch, 1) END)::smallint
            AS epoch,
            CASE WHEN l.xid_upto < '18446744073709551615' THEN l.xid_upto ELSE '0' END AS xid_from
        FROM (VALUES (true)) AS always LEFT JOIN last AS l ON true
    ), span AS (
        SELECT h.*,
            CASE WHEN epoch = present_epoch THEN pg_snapshot_xmin(snapshot) ELSE '18446744073709551615' END AS finished,
            CAST(CAST(CAST(CAST((
                SELECT l.xid FROM ledger.leaf AS l
                WHERE l.epoch = h.epoch AND l.xid >= h.xid_from ORDER BY l.xid OFFSET :leaves_max LIMIT 1
            ) AS text) AS numeric) + 1 AS text) AS xid8) AS bound
        FROM here AS h
    ), next AS (
        SELECT s.*, least(finished, bound) AS xid_upto, ledger.final_until(epoch, least(finished, bound)) AS final
        FROM span AS s
    )
    SELECT number, epoch, xid_from, xid_upto, pg_snapshot_xmax(snapshot) AS begun_below, first_leaf,
        greatest(clock_timestamp(), observed_at + interval '1 microsecond') AS observed_at, final AS final_until,
        xid_upto < finished OR epoch < present_epoch AS more,
        epoch <> coalesce(last_epoch, epoch)
        OR coalesce(final > coalesce(final_until, '-infinity') AND coalesce(final_until, '-infinity') < (
            SELECT observed_at FROM ledger.seal WHERE leaf_count > 0 ORDER BY number DESC LIMIT 1
        ), false) AS finalises,
        EXISTS (SELECT FROM ledger.rehearsal) AS rehearsal
    FROM next
""")
_LEAVES = text("""
    SELECT coalesce(string_agg(hash, '' ORDER BY xid, fact, hash), '') AS leaves
    FROM ledger.leaf_hashes(CAST(:epoch AS smallint), CAST(:xid_from AS xid8), CAST(:xid_upto AS xid8))
""")
_COLUMNS = """
    number, epoch, xid_from, xid_upto, begun_below, first_leaf, leaf_count, root, observed_at, final_until,
    key_number, note
"""
_LAST = text(f"SELECT {_COLUMNS} FROM ledger.seal ORDER BY number DESC LIMIT 1")  # noqa: S608 - constants
_OF_SIZE = text(f"""
    SELECT {_COLUMNS} FROM ledger.seal
    WHERE first_leaf + leaf_count = :size AND first_leaf <= :size ORDER BY first_leaf DESC, number LIMIT 1
""")  # noqa: S608 - constants
_COVERING = text(f"""
    SELECT {_COLUMNS} FROM ledger.seal
    WHERE epoch = :epoch AND xid_from <= CAST(:xid AS xid8) AND xid_upto > CAST(:xid AS xid8)
""")  # noqa: S608 - constants
_ADD_SEAL = text("""
    INSERT INTO ledger.seal (
        number, epoch, xid_from, xid_upto, begun_below, first_leaf, leaf_count, leaves, root, observed_at, final_until,
        key_number, note
    ) VALUES (
        :number, :epoch, :xid_from, :xid_upto, :begun_below, :first_leaf, :leaf_count, :leaves, :root, :observed_at,
        :final_until, :key_number, :note
    )
""")
_ADD_NODES = text("""
    INSERT INTO ledger.tree_node (level, position, hash)
    SELECT * FROM unnest(CAST(:levels AS smallint[]), CAST(:positions AS bigint[]), CAST(:hashes AS bytea[]))
""")
_NODES = text("""
    SELECT n.level, n.position, n.hash
    FROM unnest(CAST(:levels AS smallint[]), CAST(:positions AS bigint[])) AS w (level, position)
    INNER JOIN ledger.tree_node AS n USING (level, position)
""")
_NODE_COUNT = text("SELECT count(*) FROM ledger.tree_node")
_LEAF_RANGE = text("""
    SELECT substring(
        leaves FROM (32 * (greatest(first_leaf, :start) - first_leaf))::integer + 1
        FOR (32 * (least(first_leaf + leaf_count, :stop) - greatest(first_leaf, :start)))::integer
    )
    FROM ledger.seal
    WHERE first_leaf < :stop AND first_leaf + leaf_count > :start
        AND first_leaf >= (SELECT max(first_leaf) FROM ledger.seal WHERE first_leaf <= :start)
    ORDER BY first_leaf
""")
_KEYS = text("SELECT number, public_key, endorsement FROM ledger.sealing_key ORDER BY number")
_ADD_KEY = text("""
    INSERT INTO ledger.sealing_key (number, public_key, endorsement) VALUES (:number, :public_key, :endorsement)
""")
_LAG = text("""
    WITH last AS (
        SELECT number, first_leaf + leaf_count AS leaves, epoch, xid_upto
        FROM ledger.seal ORDER BY number DESC LIMIT 1
    )
    SELECT coalesce(l.number, 0) AS seals, coalesce(l.leaves, 0) AS leaves,
        CAST(coalesce(extract(epoch FROM clock_timestamp() - (
            SELECT t.posted_at FROM ledger.ledger_transaction AS t
            WHERE t.epoch = p.epoch AND t.xid >= CASE WHEN l.epoch = p.epoch THEN l.xid_upto ELSE '0' END
            ORDER BY t.xid LIMIT 1
        )), 0) AS integer) AS seconds
    FROM (SELECT ledger.present_epoch() AS epoch) AS p LEFT JOIN last AS l ON true
""")
_SEALS_AFTER = text(f"""
    SELECT {_COLUMNS}, leaves
    FROM (
        SELECT *, sum(leaf_count) OVER (ORDER BY number) AS taken
        FROM (SELECT * FROM ledger.seal WHERE number > :after ORDER BY number LIMIT :seals_max) AS next
    ) AS s
    WHERE taken <= :leaves_max OR taken = leaf_count ORDER BY number
""")  # noqa: S608 - constants
_RECOMPUTED = text("""
    SELECT width_bucket(xid, CAST(:starts AS xid8[])) AS place, string_agg(hash, '' ORDER BY xid, fact, hash) AS leaves
    FROM ledger.leaf_hashes(CAST(:epoch AS smallint), CAST(:xid_from AS xid8), CAST(:xid_upto AS xid8))
    GROUP BY place
""")
_FACTS = text("""
    SELECT fact, xid, hash
    FROM ledger.leaf_hashes(CAST(:epoch AS smallint), CAST(:xid_from AS xid8), CAST(:xid_upto AS xid8))
""")
_STRAY = text("""
    SELECT l.fact, l.xid, l.epoch FROM ledger.leaf AS l CROSS JOIN (SELECT ledger.present_epoch() AS epoch) AS p
    WHERE (
        l.epoch BETWEEN 1 AND p.epoch AND CASE
            WHEN l.epoch < p.epoch THEN l.xid < '18446744073709551615'
            ELSE l.xid < pg_snapshot_xmax(pg_current_snapshot()) OR l.xid = pg_current_xact_id_if_assigned() END
    ) IS NOT TRUE LIMIT 20
""")
_MALFORMED = text("""
    SELECT 'seal ' || number AS what FROM ledger.seal
    WHERE (
        number >= 1 AND epoch >= 1 AND xid_from <= xid_upto AND begun_below >= '0' AND first_leaf >= 0
        AND leaf_count >= 0 AND length(leaves) = 32 * leaf_count AND length(root) = 32
        AND observed_at > '-infinity' AND key_number >= 1 AND note <> ''
    ) IS NOT TRUE
    UNION ALL
    SELECT 'sealing_key ' || number FROM ledger.sealing_key
    WHERE (
        number >= 1 AND length(public_key) = 32
        AND CASE number WHEN 1 THEN endorsement IS NULL ELSE length(endorsement) = 64 END
    ) IS NOT TRUE
    UNION ALL
    SELECT 'tree_node ' || level || ' ' || position FROM ledger.tree_node WHERE (length(hash) = 32) IS NOT TRUE
    UNION ALL
    SELECT 'cluster ' || number FROM (SELECT *, row_number() OVER (ORDER BY number) AS nth FROM ledger.cluster) AS c
    WHERE (number = nth AND epoch = number) IS NOT TRUE
    LIMIT 20
""")
_LEAF_OF_SALE = text("""
    SELECT l.content, r.epoch, r.xid
    FROM ledger.redemption AS r
    CROSS JOIN LATERAL ledger.leaf_contents(r.epoch, r.xid) AS l
    WHERE r.id = :id AND l.fact = 'redemption' AND strpos(l.content, '"id": "' || r.id || '"') > 0
        AND r.merchant_id = coalesce(:merchant_id, r.merchant_id)
""").bindparams(bindparam("id", type_=Uuid), bindparam("merchant_id", type_=Uuid))


async def take_turn(work: UnitOfWork) -> bool:
    """Be the only sealer until this unit of work ends; `False` where another one is."""
    return bool((await work.run(_TAKE_TURN)).scalar_one())


async def wait_for_turn(work: UnitOfWork) -> None:
    """The same, but wait."""
    await work.run(_WAIT_FOR_TURN)


async def head(work: UnitOfWork) -> Head:
    """What the next seal is to be."""
    return Head(**(await work.run(_HEAD, leaves_max=_LEAVES_MAX)).one()._asdict())


async def leaf_hashes(work: UnitOfWork, head: Head) -> list[bytes]:
    """The leaf hashes of a span of units of work, in the order of the tree."""
    result = await work.run(_LEAVES, epoch=head.epoch, xid_from=head.xid_from, xid_upto=head.xid_upto)
    return split(result.scalar_one())


async def keys(work: UnitOfWork) -> list[SealingKey]:
    """The keys of these books, the first one first."""
    return [SealingKey(**row._asdict()) for row in await work.run(_KEYS)]


async def add_key(work: UnitOfWork, key: SealingKey) -> None:
    """Add the next key."""
    await work.run(_ADD_KEY, number=key.number, public_key=key.public_key, endorsement=key.endorsement)


async def nodes(work: UnitOfWork, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """The stored hashes of complete subtrees, by level and position."""
    places = list(wanted)
    rows = await work.run(_NODES, levels=[level for level, _ in places], positions=[place for _, place in places])
    return {Node(row.level, row.position): bytes(row.hash) for row in rows}


async def count_nodes(work: UnitOfWork) -> int:
    """How many subtrees are stored."""
    return int((await work.run(_NODE_COUNT)).scalar_one())


async def leaves_between(work: UnitOfWork, start: int, stop: int) -> list[bytes]:
    """The sealed leaf hashes from one position up to, without, another."""
    return split(b"".join((await work.run(_LEAF_RANGE, start=start, stop=stop)).scalars()))


async def add_seal(work: UnitOfWork, seal: Seal, leaves: Sequence[bytes]) -> None:
    """Record a seal; whatever is not as the database sees it aborts the unit of work (`BPX01`)."""
    columns = {name: getattr(seal, name) for name in Seal.__slots__}
    await work.run(_ADD_SEAL, **columns, leaves=b"".join(leaves))


async def add_nodes(work: UnitOfWork, completed: Mapping[Node, bytes]) -> None:
    """Record subtrees that a seal completed."""
    if completed:
        levels, positions = zip(*completed, strict=True)
        await work.run(_ADD_NODES, levels=list(levels), positions=list(positions), hashes=list(completed.values()))


async def last(work: UnitOfWork) -> Seal | None:
    """The last seal."""
    row = (await work.run(_LAST)).one_or_none()
    return None if row is None else Seal(**row._asdict())


async def of_size(work: UnitOfWork, size: int) -> Seal | None:
    """The first seal after which the tree had this size."""
    row = (await work.run(_OF_SIZE, size=size)).one_or_none()
    return None if row is None else Seal(**row._asdict())


async def lag(work: UnitOfWork) -> Lag:
    """What is sealed, and how old the oldest transaction is that is not."""
    return Lag(**(await work.run(_LAG)).one()._asdict())


async def sale(work: UnitOfWork, redemption_id: UUID, merchant_id: UUID | None) -> tuple[str, Seal | None] | None:
    """The leaf of a sale, and its seal where it has one; none where there is no such sale, or not of this merchant."""
    row = (await work.run(_LEAF_OF_SALE, id=redemption_id, merchant_id=merchant_id)).one_or_none()
    if row is None:
        return None
    return row.content, await covering(work, row.epoch, row.xid)


async def covering(work: UnitOfWork, epoch: int, xid: int) -> Seal | None:
    """The seal that took a unit of work, if one did."""
    row = (await work.run(_COVERING, epoch=epoch, xid=xid)).one_or_none()
    return None if row is None else Seal(**row._asdict())


async def seals_after(work: UnitOfWork, number: int, seals_max: int, leaves_max: int) -> list[tuple[Seal, list[bytes]]]:
    """The next seals after a number, with their leaf hashes; so many at most, unless the first alone has more."""
    found = []
    for row in await work.run(_SEALS_AFTER, after=number, seals_max=seals_max, leaves_max=leaves_max):
        columns = row._asdict()
        leaves = split(columns.pop("leaves"))
        found.append((Seal(**columns), leaves))
    return found


async def recomputed(work: UnitOfWork, seals: Sequence[Seal]) -> dict[int, list[bytes]]:
    """The leaf hashes of seals that follow each other, from the rows of today, by number."""
    found: dict[int, list[bytes]] = {}
    for epoch, group in groupby(seals, key=lambda seal: seal.epoch):
        run = list(group)
        starts = [seal.xid_from for seal in run]
        span = {"xid_from": run[0].xid_from, "xid_upto": run[-1].xid_upto}
        for row in await work.run(_RECOMPUTED, starts=starts, epoch=epoch, **span):
            found[run[row.place - 1].number] = split(row.leaves)
    return found


async def facts(work: UnitOfWork, seal: Seal) -> list[tuple[str, int, bytes]]:
    """Table, transaction id and leaf hash of each row that a seal covers, as it is today."""
    rows = await work.run(_FACTS, epoch=seal.epoch, xid_from=seal.xid_from, xid_upto=seal.xid_upto)
    return [(row.fact, row.xid, bytes(row.hash)) for row in rows]


async def stray_facts(work: UnitOfWork) -> list[tuple[str, int | None, int | None]]:
    """Table, transaction id and epoch of rows that no seal will ever take: of an epoch or a unit of work that never
    was.
    """
    return [(row.fact, row.xid, row.epoch) for row in await work.run(_STRAY)]


async def malformed(work: UnitOfWork) -> list[str]:
    """Seals, keys, nodes and clusters that are none, because somebody lifted what the schema asks of them."""
    return list((await work.run(_MALFORMED)).scalars())


def split(hashes: bytes) -> list[bytes]:
    """Hashes that stand one after the other."""
    return [hashes[place : place + _HASH_BYTES] for place in range(0, len(hashes), _HASH_BYTES)]
