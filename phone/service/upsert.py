"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy writes for each of them apart."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Values = Mapping[str, object]


def put(
    connection: Connection, table: Table, key: Values, values: Values, *, keep: AbstractSet[str] = frozenset()
) -> None:
    """Insert the row, or change it to `values`, but for those in `keep`."""
    changed = {name: value for name, value in values.items() if name not in keep}
    if connection.dialect.name == "postgresql":
        pg = postgresql.insert(table).values(**key, **values)
        connection.execute(
            pg.on_conflict_do_update(index_elements=list(key), set_=changed) if changed else pg.on_conflict_do_nothing()
        )
    else:
        lite = sqlite.insert(table).values(**key, **values)
        connection.execute(
            lite.on_conflict_do_update(index_elements=list(key), set_=changed)
            if changed
            else lite.on_conflict_do_nothing()
        )


def raise_count(connection: Connection, table: Table, key: Values) -> int:
    """Add one to the column `count` of that row, which is made if it is not there; what it is now."""
    values = {**key, "count": 1}
    more = {"count": table.c.count + 1}
    if connection.dialect.name == "postgresql":
        pg = postgresql.insert(table).values(**values).on_conflict_do_update(index_elements=list(key), set_=more)
        return int(connection.execute(pg.returning(table.c.count)).scalar_one())
    lite = sqlite.insert(table).values(**values).on_conflict_do_update(index_elements=list(key), set_=more)
    return int(connection.execute(lite.returning(table.c.count)).scalar_one())
