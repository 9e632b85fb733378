"""Who a wallet is compared with, and what their common shift is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.peers.market_level import BLOCKS, LENGTH, LEVELS
from metrics.peers.peers import FEW_PEERS, Witnesses, choose_peers, common_shift, shrunk


def test_peers_trade_alike_and_never_include_the_wallet() -> None:
    """The nearest by pace, holding time and size come first; a wallet is not its own peer."""
    style = {f"slow{i}": (0.5 + i / 100, 86_400.0, 100.0) for i in range(4)}
    style |= {f"fast{i}": (20.0 + i, 600.0, 5_000.0) for i in range(4)}
    peers = choose_peers(style, most=3)
    for wallet, chosen in peers.items():
        assert wallet not in chosen
        assert {peer[:4] for peer in chosen} == {wallet[:4]}


def test_unknown_style_still_has_peers() -> None:
    """A wallet of which nothing is known stands in the middle of the others."""
    assert choose_peers({"a": (0.0, 0.0, 0.0), "b": (1.0, 2.0, 3.0)}) == {"a": ["b"], "b": ["a"]}
    assert choose_peers({}) == {}


def shift_of(theta: np.ndarray, information: float) -> float:
    info = np.full(theta.shape, information)
    return float(common_shift(theta * info, info, np.ones(theta.shape, dtype=bool))[0])


@pytest.mark.parametrize("shift", [-1.0, -0.4, 0.3])
def test_finds_the_common_shift(shift: float) -> None:
    """Many well-known peers that moved alike give their shift, nearly unshrunk."""
    rng = np.random.default_rng(0)
    assert shift_of(shift + rng.normal(0, 0.2, 40), 20.0) == pytest.approx(shift, abs=0.12)


def test_calm_noise_goes_and_a_drawdown_stays() -> None:
    """A small shift is mostly the peers' noise; a large one is the market, and stays nearly whole."""
    mean = np.array([-0.1, 0.1, -1.2])
    shift, sd = shrunk(mean, np.full(3, 0.03))
    assert (np.abs(shift[:2]) < 0.7 * np.abs(mean[:2])).all()
    assert shift[2] == pytest.approx(-1.2, rel=0.05)
    assert (sd > 0).all()


def test_a_larger_shift_of_the_peers_is_a_larger_market() -> None:
    """Shrinking keeps the sign and the order of shifts, and nothing known is no shift."""
    mean = np.linspace(-3, 3, 121)
    for variance in (0.001, 0.03, 0.3, 10.0):
        shift, _ = shrunk(mean, np.full(121, variance))
        assert (np.diff(shift) > 0).all()
        assert (np.abs(shift) <= np.abs(mean)).all()
    assert abs(shrunk(np.array([-3.0]), np.array([1e3]))[0][0]) < 0.01


def test_one_peer_is_no_market() -> None:
    """One collapsing peer among many hardly moves the common shift."""
    theta = np.zeros(20)
    theta[0] = -3.0
    assert abs(shift_of(theta, 5.0)) < 0.1


def test_thin_evidence_is_no_shift() -> None:
    """Where the peers know little the shift shrinks to 0, and without peers it is 0."""
    assert abs(shift_of(np.full(2, -2.0), 0.3)) < 0.5
    nobody = common_shift(np.ones(3), np.ones(3), np.zeros(3, dtype=bool))
    assert nobody[0] == 0.0


def test_peers_stand_in_the_same_market():
    """Where enough others share a wallet's tokens, only these are its peers; where too few do, style decides."""
    style = {f"{market}{i}": (1.0 + i, 3600.0, 100.0) for market in "ab" for i in range(7)}
    tokens = {name: {name[0], f"own{name}"} for name in style}
    peers = choose_peers(style, tokens)
    assert all({other[0] for other in peers[name]} == {name[0]} for name in style)
    assert all(len(others) == 6 for others in peers.values())
    few = {name: value for name, value in style.items() if name[0] == "b" or name < "a3"}
    assert {other[0] for other in choose_peers(few, tokens)["a0"]} == {"a", "b"}


def test_another_address_of_the_same_hand_is_no_peer():
    """However alike: it falls when the wallet falls, and would look like a market. Others may compare with either."""
    style = {f"a{i}": (1.0 + i, 3600.0, 100.0) for i in range(7)}
    peers = choose_peers(style, copies={"a0": {"a1"}, "a1": {"a0"}})
    assert "a1" not in peers["a0"]
    assert "a0" not in peers["a1"]
    assert {"a0", "a1"} <= set(peers["a2"])
    assert all(len(others) == (5 if name in ("a0", "a1") else 6) for name, others in peers.items())


def test_strangers_on_a_long_list_change_nothing() -> None:
    """Who is no witness has no say, however many there are: the shift is that of the witnesses alone."""
    rng = np.random.default_rng(1)
    residual, information = rng.normal(size=(BLOCKS, 1, 60)), rng.gamma(1.0, 2.0, size=(BLOCKS, 1, 60))
    wandering = rng.gamma(1.0, 0.1, size=(1, 60))
    rows = [rng.permutation(60)[: i % 9] for i in range(60)]
    away = rng.random(60) < 0.3
    witnesses = Witnesses.of(rows).those(~away)
    shift, sd = witnesses.shift(residual, information, wandering)
    for i, peers in enumerate(rows):
        left = np.sort(peers[~away[peers]])
        assert witnesses.rows_of(i).tolist() == left.tolist()
        alone = Witnesses.of([range(len(left))]).shift(residual[..., left], information[..., left], wandering[:, left])
        assert (shift[0, i], sd[0, i]) == pytest.approx((alone[0].item(), alone[1].item()))
    assert witnesses.where(witnesses.enough).count.tolist() == [n if n >= FEW_PEERS else 0 for n in witnesses.count]


def blocks_of(theta, trades=4.0):
    """Residuals and information of peers that trade so often a day and have moved by ``theta`` (peers,) for good."""
    information = np.outer(LENGTH, np.full(len(theta), trades * 0.25))[:, None, :]
    return information * np.asarray(theta), information, np.zeros((1, len(theta)))


@given(st.integers(5, 30), st.floats(-0.8, 0.8), st.floats(-6.0, 6.0))
def test_one_broken_peer_moves_the_market_little(peers, market, broken):
    """However far one of n peers has gone, and whatever the market does: by about 1 / n logit units at most."""
    honest = np.full(peers, market)
    spoilt = np.append(honest[1:], broken)
    everybody = Witnesses.of([range(peers)])
    (true, _), (told, _) = (everybody.shift(*blocks_of(theta)) for theta in (honest, spoilt))
    assert abs(told.item() - true.item()) < 1.2 / peers


@given(st.lists(st.floats(-1.5, 1.5), min_size=5, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_the_peers_does_not_show(theta, random):
    """The common shift is that of a set of peers."""
    shuffled = random.sample(theta, len(theta))
    everybody = Witnesses.of([range(len(theta))])
    told = [everybody.shift(*blocks_of(each)) for each in (theta, shuffled)]
    assert np.allclose(told[0], told[1], atol=1e-9)


def test_peers_that_do_not_trade_tell_nothing():
    """They change nothing, and alone they leave the prior."""
    residual, information, wandering = blocks_of([-0.5] * 6)
    idle = [np.concatenate((each, np.zeros((*each.shape[:-1], 3))), axis=-1) for each in (residual, information)]
    six, nine, none = (Witnesses.of([rows]) for rows in (range(6), range(9), range(6, 9)))
    wandering = np.zeros((1, 9))
    assert np.allclose(six.shift(*idle, wandering), nine.shift(*idle, wandering))
    shift, sd = none.shift(*idle, wandering)
    assert shift.item() == pytest.approx(0.0, abs=1e-6)
    assert sd.item() > min(LEVELS)
