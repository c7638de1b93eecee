"""Measurements, side by side in one run on one PostgreSQL. Never part of the tests: machines are noisy."""
