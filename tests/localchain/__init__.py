"""A real chain for the tests: Anvil with the real Uniswap contracts, and the written script of the demo."""
