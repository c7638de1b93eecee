"""The rehearsal of one month: a folder of real-looking input, played through the real service, then reconciled."""
