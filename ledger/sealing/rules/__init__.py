"""How the tree is hashed (`tree`), how a head of it is signed (`notes`), how a file proves itself (`proofs`)."""
