"""What a swap looks like on-chain: one file per family of exchange."""
