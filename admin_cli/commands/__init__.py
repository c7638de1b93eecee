"""One file per noun. Each has a `group` with its verbs; `admin_cli.main` lists them."""
