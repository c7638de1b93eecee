"""`bonpois reconcile review`: what waits for a person, one by one, with single keys."""
