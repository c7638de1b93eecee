"""PostgreSQL: the embedded server, roles, migrations, engine and unit of work."""
