"""The long run: thousands of steps of the model, then kill after kill under load, and at the end the accounts."""
