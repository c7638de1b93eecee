"""Where merchants are paid: the present IBAN, and its change by two people with a cooling period."""
