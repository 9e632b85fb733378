"""What a transaction moved beside its trades: transfers, liquidity, and what looks like a wash trade."""
