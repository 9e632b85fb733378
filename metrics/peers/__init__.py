"""Who a wallet is compared with, and what they have in common with it."""
