"""Long runs under load and kill -9. Never part of the tests; bounded in cycles, loopback only."""
