"""What came of the dial, in one sentence."""

from alerts.messages.promise import against_promise

DASH = "\N{EN DASH}"


def test_flags_stand_beside_those_expected():
    """How many there were, and in which range luck alone puts them."""
    assert against_promise(12, 10.0, 1.0) == (
        f"12 flags in 10 wallet-years; 10 (4{DASH}17) expected if nothing had changed"
    )
    assert against_promise(1, 0.5, 1.0) == (
        f"1 flag in 0.5 wallet-years; 0.5 (0{DASH}2) expected if nothing had changed"
    )


def test_of_hardly_any_time_nothing_is_said():
    """A tenth of a wallet-year is the least."""
    assert against_promise(0, 0.09, 4.0) is None
