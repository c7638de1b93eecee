"""The SQL of programmes, one module per subject."""
