"""The numbered migrations: plain SQL, one purpose each, with a small revision for Alembic beside each."""
