"""A model ledger beside the real one: the same requests go to both, and the books must agree after each.

`books` is the model's memory, `sales`, `aid`, `trade` and `moves` say what each request should be answered and move
the model, `plans` draws requests, `runner` sends them to the product on a real database and compares.
"""
