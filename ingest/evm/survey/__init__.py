"""Looking around on a chain: who swaps in a pool, and what an address did."""
