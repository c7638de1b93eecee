"""References, the characters and the file of a bank, and what its answers mean. Pure."""
