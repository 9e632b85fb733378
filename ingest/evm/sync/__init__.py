"""Which blocks and transactions to read for which wallets, and the proof that nothing is missing."""
