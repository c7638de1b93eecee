"""Programmes of aid: their rules, the euros behind them, households, decisions on record, and aid runs.

A month: `import_programme` → `record_mandate` → `confirm_funding` → `import_households` → `prepare_aid_run` →
`approve_aid_run` by another person, which issues a voucher per entitled household.
"""
