"""`python -m admin_cli` is `bonpois`."""

from admin_cli.main import main

main()
