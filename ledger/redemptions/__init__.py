"""Redemptions: sales paid by vouchers, their refunds, and the one fate of every request.

A redemption travels: `desk.redeem` gathers what waits into a batch → `store.load` reads in one round trip →
`rules.decide` decides request by request, in pure Python → `store.write` books it in one round trip.
"""
