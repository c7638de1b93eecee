"""Approvals: the people who answer for it, what one prepares, and what another approves (L9)."""
