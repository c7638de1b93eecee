from ledger.database.migrate import run_sql_file

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_sql_file("0027_owners_orders.sql")
