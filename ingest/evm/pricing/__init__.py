"""What a trade was worth, and what selling a holding would bring."""
