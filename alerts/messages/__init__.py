"""What a person reads: cards, digests, market events, and the words and numbers in them."""
