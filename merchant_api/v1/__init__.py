"""Version 1 of the contract: what goes in and out, and one route per call."""
