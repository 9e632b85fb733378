"""All that verdicts and cards are made from, read from the store."""
