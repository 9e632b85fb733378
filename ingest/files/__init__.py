"""Records that others kept, as files: trades, closed round trips, prices, transaction hashes."""
