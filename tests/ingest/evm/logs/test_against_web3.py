"""The reader of transfers beside an independent one: web3.py's own event decoding."""

from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from ingest.evm.logs.token_flows import read_movements
from tests.ingest import receipts as r

TRANSFER_ABI = {
    "type": "event",
    "name": "Transfer",
    "anonymous": False,
    "inputs": [
        {"name": "from", "type": "address", "indexed": True},
        {"name": "to", "type": "address", "indexed": True},
        {"name": "value", "type": "uint256", "indexed": False},
    ],
}
EVENT = Web3().eth.contract(abi=[TRANSFER_ABI]).events.Transfer()

addresses = st.binary(min_size=20, max_size=20).filter(any).map(lambda data: "0x" + data.hex())


@given(addresses, addresses, addresses, st.integers(1, 2**256 - 1))
def test_a_transfer_is_read_as_web3_reads_it(token, source, target, amount):
    """Token, sender, receiver and amount agree with ``process_log``, up to 2^256 - 1."""
    receipt = r.receipt(r.transfer(token, source, target, amount))
    [mine] = read_movements(receipt, None).transfers
    [log] = receipt["logs"]
    theirs = EVENT.process_log(
        {
            "address": to_checksum_address(log["address"]),
            "topics": [HexBytes(topic) for topic in log["topics"]],
            "data": HexBytes(log["data"]),
            "logIndex": 0,
            "transactionIndex": 2,
            "transactionHash": HexBytes(receipt["transactionHash"]),
            "blockHash": HexBytes("0x" + "00" * 32),
            "blockNumber": 16,
        }
    )
    args = theirs["args"]
    assert (mine.token, mine.source, mine.target, mine.amount) == (
        theirs["address"].lower(),
        args["from"].lower(),
        args["to"].lower(),
        args["value"],
    )
