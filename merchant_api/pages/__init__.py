"""How pages are served: files by the hash of their content, one strict policy, texts from the one catalogue."""
