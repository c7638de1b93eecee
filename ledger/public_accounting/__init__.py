"""The papers of public accounting: what the CCAS sends to its accountant and to the association, with its grounds."""
