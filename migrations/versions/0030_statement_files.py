from ledger.database.migrate import run_sql_file

revision = "0030"
down_revision = "0017"


def upgrade() -> None:
    run_sql_file("0030_statement_files.sql")
