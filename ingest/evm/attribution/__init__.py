"""Which of a transaction's swaps are the wallet's, who vouches for them, and which native coin is its own."""
