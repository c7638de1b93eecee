"""How Alembic runs our migrations: on the connection that `ledger.database.migrate` opened, one by one."""

from alembic import context

from ledger.database.migrate import VERSION_SCHEMA

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=VERSION_SCHEMA,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
