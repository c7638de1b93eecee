"""How the tree is hashed (`tree`), its head signed (`notes`), and how a file proves itself (`proofs`, `approvals`)."""
