"""Tests of the whole product; `make test` runs them."""
