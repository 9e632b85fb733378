"""A small world on Anvil: real Uniswap pools, a dollar, a price feed, tokens, and a market maker.

>>> with Anvil() as anvil:                                            # doctest: +SKIP
...     world = World(anvil)
...     world.deploy({"ALFA": 2.0, "BRAVO": 0.5})
...     world.fund([wallet])
...     tx_hash = world.swap(wallet, "v2", NATIVE, world.tokens["ALFA"], 10**18)
...     world.mine(timestamp)
"""

from collections.abc import Iterable, Mapping
from typing import Any

from eth_abi.abi import decode

from ingest.types import NATIVE
from tests.localchain import pools
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import (
    BATCH,
    FAR,
    FEED,
    MAX,
    batch_data,
    calldata,
    constructor,
    mapping_slot,
    word,
)
from tests.localchain.pools import Pool
from tests.localchain.swaps import Routers, swap_call

V2_INIT_CODE = "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
V3_INIT_CODE = "0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"
ADMIN = "0x" + "ad" * 20
MAKER = "0x" + "3a" * 20
FEED_ADDRESS = "0x" + "fe" * 20
BALANCES, ALLOWANCES = 3, 4  # storage slots, the same in WETH9 and in the mock ERC-20
Transaction = dict[str, str]


class World:
    """Contracts, tokens and pools on one Anvil node; addresses are attributes, lower case.

    Every method that takes part in the market only *sends*; ``mine`` makes it happen.

    Parameters
    ----------
    v4
        Whether to deploy Uniswap V4 too.
    """

    def __init__(self, anvil: Anvil, *, v4: bool = True) -> None:
        self.anvil = anvil
        self.v4 = v4
        self.tokens: dict[str, str] = {}  #: symbol -> address; USD and WETH among them
        self.decimals: dict[str, int] = {}
        self.pools: list[Pool] = []
        self.native_usd = 0.0
        self._round = 0

    # Building

    def deploy(
        self,
        tokens: Mapping[str, float] | None = None,
        *,
        native_usd: float = 3000.0,
        depth_usd: float = 20e6,
        every_venue: bool = True,
    ) -> None:
        """Deploy everything; each token (symbol -> dollars) gets pools.

        With ``every_venue``: V2 and V3 against WETH and against the dollar, V4 against WETH. Without, one of V2
        and V3 against each, by turns.
        """
        for account in (ADMIN, MAKER):
            self.anvil.rpc("anvil_setBalance", account, hex(10**30))
        self.anvil.rpc("anvil_setCode", MAKER, BATCH)
        self.anvil.rpc("anvil_setCode", FEED_ADDRESS, FEED)
        self.weth = self.create("WETH9", [])
        self.v2_factory = self.create("V2Factory", ["address"], ADMIN)
        self.v2_router = self.create("V2Router", ["address"] * 2, self.v2_factory, self.weth)
        self.v3_factory = self.create("V3Factory", [])
        self.v3_router = self.create("V3Router", ["address"] * 2, self.v3_factory, self.weth)
        self.v3_positions = self.create("V3Positions", ["address"] * 3, self.v3_factory, self.weth, pools.ZERO)
        self.v4_manager = self.create("V4Manager", ["address"], ADMIN) if self.v4 else None
        self.v4_router = self.create("V4Router", ["address"], self.v4_manager) if self.v4 else None
        self.v4_liquidity = self.create("V4Liquidity", ["address"], self.v4_manager) if self.v4 else None
        self.tokens["WETH"], self.decimals[self.weth] = self.weth, 18
        self.usd = self.add_token("USD", 6, name="Local Dollar")
        self._endow([ADMIN, MAKER], self.weth, 10**27)
        # The coin behind what was written into WETH's books: without it unwraps run dry.
        self.anvil.rpc("anvil_setBalance", self.weth, hex(10**30))
        self.set_native_usd(native_usd, timestamp=self.timestamp)
        self.add_pool("v3", self.weth, self.usd, native_usd, 10 * depth_usd)
        for i, (symbol, usd) in enumerate((tokens if tokens is not None else {"ALFA": 2.0, "BRAVO": 0.5}).items()):
            token = self.add_token(symbol)
            turns = [("v2", self.weth), ("v3", self.usd)] if i % 2 else [("v3", self.weth), ("v2", self.usd)]
            rest = [("v3", self.weth), ("v2", self.usd)] if i % 2 else [("v2", self.weth), ("v3", self.usd)]
            for venue, quote in turns + (rest if every_venue else []):
                self.add_pool(venue, token, quote, usd, depth_usd)
            if self.v4 and every_venue:
                self.add_pool("v4", token, self.weth, usd, depth_usd)

    def create(self, contract: str, types: list[str], *arguments: Any) -> str:
        """Create a contract (a key of ``contracts.ARTIFACTS``); returns its address."""
        return str(self._do({"data": constructor(contract, types, *arguments)})["contractAddress"])

    def add_token(self, symbol: str, decimals: int = 18, *, name: str | None = None) -> str:
        """Create a token, endow the market with it; returns its address."""
        token = self.create("ERC20", ["string", "string", "uint8"], name or f"{symbol} Token", symbol, decimals)
        self.tokens[symbol], self.decimals[token] = token, decimals
        self._endow([ADMIN, MAKER], token, 10 ** (decimals + 15))
        return token

    def add_pool(self, venue: str, token: str, quote: str, usd: float, depth_usd: float = 20e6) -> Pool:
        """Make a pool at ``usd`` a token with ``depth_usd`` on each side, over the full range."""
        amounts = {token: self.units(token, depth_usd, usd), quote: self.units(quote, depth_usd)}
        pool = Pool(venue, token, quote, self.v4_manager or "")
        first, second = pool.ordered
        sqrt = pool.sqrt_price(self._price(pool, usd))
        if venue == "v2":
            signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
            self._call(self.v2_router, signature, token, quote, amounts[token], amounts[quote], 0, 0, ADMIN, FAR)
            address = self.read(self.v2_factory, "getPair(address,address)", ["address"], token, quote)
            pool = Pool(venue, token, quote, address)
        elif venue == "v3":
            signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
            self._call(self.v3_positions, signature, first, second, pools.V3_FEE, sqrt)
            signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
            ticks = (-pools.FULL_RANGE, pools.FULL_RANGE)
            position = (first, second, pools.V3_FEE, *ticks, amounts[first], amounts[second], 0, 0, ADMIN, FAR)
            self._call(self.v3_positions, signature, position)
            signature = "getPool(address,address,uint24)"
            address = self.read(self.v3_factory, signature, ["address"], first, second, pools.V3_FEE)
            pool = Pool(venue, token, quote, address)
        else:
            assert self.v4_manager is not None
            assert self.v4_liquidity is not None
            self._call(self.v4_manager, f"initialize({pools.V4_KEY},uint160)", pool.key, sqrt)
            liquidity = amounts[second] * 2**96 // sqrt  # full range: L = amount1 / sqrt(P)
            signature = f"modifyLiquidity({pools.V4_KEY},(int24,int24,int256,bytes32),bytes)"
            change = (-pools.FULL_RANGE, pools.FULL_RANGE, liquidity, bytes(32))
            self._call(self.v4_liquidity, signature, pool.key, change, b"")
        self.pools.append(pool)
        return pool

    def fund(self, wallets: Iterable[str], *, native: int = 500 * 10**18, usd: float = 1e6) -> None:
        """Give wallets coins and dollars, and let the routers spend all their tokens; leaves no log."""
        wallets = list(wallets)
        self.anvil.batch([("anvil_setBalance", (wallet, hex(native))) for wallet in wallets])
        self._endow(wallets, self.usd, int(usd * 1e6))
        for token in set(self.decimals) - {self.usd}:
            self._endow(wallets, token, None)

    def _endow(self, wallets: list[str], token: str, amount: int | None) -> None:
        """Write balances and allowances straight to storage."""
        spenders = [self.v2_router, self.v3_router, self.v3_positions, self.v4_router, self.v4_liquidity]
        writes: list[tuple[str, int]] = []
        for wallet in wallets:
            if amount is not None:
                writes.append((mapping_slot(BALANCES, wallet), amount))
            writes += [(mapping_slot(ALLOWANCES, wallet, s), MAX) for s in spenders if s]
        self.anvil.batch([("anvil_setStorageAt", (token, slot, word(value))) for slot, value in writes])

    # The market

    def swap(self, wallet: str, venue: str, sell: str, buy: str, amount: int, **options: Any) -> str:
        """Send a swap of exactly ``amount`` base units (see ``swap_request``); returns the hash."""
        return self.send(self.swap_request(wallet, venue, sell, buy, amount, **options))

    def swap_request(
        self, wallet: str, venue: str, sell: str, buy: str, amount: int, *, via: str | None = None, minimum: int = 0
    ) -> Transaction:
        """Write a swap on ``v2``, ``v3`` or ``v4``; ``NATIVE`` is the coin; ``via`` makes it two hops."""
        routers = Routers(self.weth, self.v2_router, self.v3_router, self.v4_router)
        to, data = swap_call(routers, wallet, venue, sell, buy, amount, via, minimum)
        value = amount if sell == NATIVE else 0
        return {"from": wallet, "to": to, "data": data, "value": hex(value)}

    def send(self, request: Transaction) -> str:
        """Send a transaction from any address; it waits for ``mine``."""
        return self.send_all([request])[0]

    def send_all(self, requests: list[Transaction]) -> list[str]:
        """Send transactions in this order; returns their hashes."""
        # The node would estimate each gas limit, and would refuse what is meant to fail.
        tip = {"gas": hex(600_000), "maxPriorityFeePerGas": hex(10**9), "maxFeePerGas": hex(10**11)}
        return [str(h) for h in self.anvil.batch([("eth_sendTransaction", (tip | r,)) for r in requests])]

    def mine(self, timestamp: int | None = None) -> None:
        """Mine one block with everything sent so far."""
        self.anvil.mine(timestamp)

    def set_native_usd(self, usd: float, *, timestamp: int) -> None:
        """Publish a new round of the price feed; pools follow when ``set_price`` moves them."""
        self.native_usd = usd
        self._round += 1
        slots = (self._round, round(usd * 1e8), timestamp)
        self.anvil.batch([("anvil_setStorageAt", (FEED_ADDRESS, word(i), word(v))) for i, v in enumerate(slots)])

    def set_price(self, token: str, usd: float) -> str | None:
        """Let the maker trade all V2 and V3 pools of ``token`` to ``usd``; returns the hash, None if there."""
        request = self.move_request({pool: usd for pool in self.pools if pool.token == token and pool.venue != "v4"})
        return self.send(request) if request else None

    def move_request(self, targets: Mapping[Pool, float], tolerance: float = 0.0) -> Transaction | None:
        """Write the maker's one transaction that trades pools to dollar prices, from the state of the last block.

        Pools within ``tolerance`` (a fraction) of their price are left alone.
        """
        if not targets:
            return None
        reads = {"v2": calldata("getReserves()"), "v3": calldata("slot0()")}
        answers = self.anvil.batch(
            [("eth_call", ({"to": p.address, "data": reads[p.venue]}, "latest")) for p in targets]
        )
        calls = []
        for (pool, usd), answer in zip(targets.items(), answers, strict=True):
            first, second = int(answer[2:66], 16), int(answer[66:130], 16)
            price = self._price(pool, usd)
            now = second / first if pool.venue == "v2" else (first / 2**96) ** 2
            if abs((now if pool.token_first else 1 / now) / price - 1) <= tolerance:
                continue
            if pool.venue == "v2":
                move = pools.v2_move(pool, (first, second), price, self.v2_router, MAKER)
            else:
                move = pools.v3_move(pool, first, price, self.v3_router, MAKER)
            if move:
                calls.append(move)
        gas = hex(500_000 + 300_000 * len(calls))
        return {"from": ADMIN, "to": MAKER, "data": batch_data(calls), "gas": gas} if calls else None

    def _price(self, pool: Pool, usd: float) -> float:
        """Return quote base units per token base unit."""
        return usd * 10 ** self.decimals[pool.quote] / (self._usd(pool.quote) * 10 ** self.decimals[pool.token])

    def _usd(self, quote: str) -> float:
        return self.native_usd if quote == self.weth else 1.0

    def units(self, token: str, dollars: float, usd: float | None = None) -> int:
        """Return base units worth ``dollars``; quote tokens know their own price."""
        price = self._usd(token) if usd is None else usd
        decimals = 18 if token == NATIVE else self.decimals[token]
        return int(dollars / price * 10**decimals)

    # Reading

    @property
    def timestamp(self) -> int:
        """Unix seconds of the latest block."""
        return int(self.anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def balances(self, asked: list[tuple[str, str]]) -> list[int]:
        """Return balances of (wallet, token); ``NATIVE`` is the coin."""
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getBalance", (wallet, "latest"))
            if token == NATIVE
            else ("eth_call", ({"to": token, "data": calldata("balanceOf(address)", wallet)}, "latest"))
            for wallet, token in asked
        ]
        return [int(answer, 16) for answer in self.anvil.batch(calls)]

    def read(self, to: str, signature: str, returns: list[str], *arguments: Any) -> Any:
        """Call a view function; returns its first value."""
        answer = self.anvil.rpc("eth_call", {"to": to, "data": calldata(signature, *arguments)}, "latest")
        return decode(returns, bytes.fromhex(answer[2:]))[0]

    def chain_table(self) -> dict[str, Any]:
        """Return the fields of a ``[[chains]]`` table for this chain, without its RPC URLs and history."""
        dexes = [
            {"kind": "uniswap_v2", "factory": self.v2_factory, "init_code_hash": V2_INIT_CODE},
            {"kind": "uniswap_v3", "factory": self.v3_factory, "init_code_hash": V3_INIT_CODE},
        ]
        if self.v4_manager:
            dexes.append({"kind": "uniswap_v4", "factory": self.v4_manager})
        return {
            "name": "local",
            "chain_id": 31337,
            "native_symbol": "ETH",
            "wrapped_native": self.weth,
            "quote_tokens": [{"address": self.usd, "symbol": "USD", "decimals": 6, "usd": 1.0}],
            "native_usd_feed": FEED_ADDRESS,
            "dexes": dexes,
        }

    # Doing at once

    def _call(self, to: str, signature: str, *arguments: Any) -> dict[str, Any]:
        return self._do({"to": to, "data": calldata(signature, *arguments)})

    def _do(self, request: Transaction) -> dict[str, Any]:
        """Send as the admin, mine, insist on success."""
        tx_hash = self.send({"from": ADMIN, "gas": hex(15_000_000)} | request)
        self.mine()
        receipt: dict[str, Any] = self.anvil.rpc("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1", request["data"][:10]
        return receipt
