"""A link to the user's own tool: https, to the host that was configured, with a real address in its place."""

import pytest

from alerts.messages.wallet_link import check_template, wallet_link
from tests.alerts.examples import WALLET


@pytest.mark.parametrize(
    "template",
    [
        "http://example.org/{address}",
        "https://example.org/",
        "https://{address}.example.org/",
        "https://{address}/",
        "https://user@example.org/{address}",
        "https:///{address}",
        "https://example.org/{address}/{address}",
        "https://example.org/{address}/{chain}",
        "https://example.org/ {address}",
        "https://example.org/\n{address}",
        "https://example.org/\u202e\\{address}",
        "javascript:alert({address})",
        "https://localhost:8080/{address}",
        "https://example.org/{address}" + "x" * 500,
    ],
)
def test_a_template_that_could_lead_elsewhere_is_refused(template: str):
    """Not https, no or a changing host, a user name, no place or two places: an error that says what to write."""
    with pytest.raises(ValueError, match="write"):
        check_template(template)


def test_only_an_address_is_put_in():
    """EVM and base58 addresses are; whatever else a file calls a wallet gets no link."""
    template = "https://example.org:8443/w/{address}?tab=pnl#{x}".replace("#{x}", "#top")
    assert wallet_link(template, WALLET) == f"https://example.org:8443/w/{WALLET}?tab=pnl#top"
    solana = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
    assert wallet_link(template, solana) == f"https://example.org:8443/w/{solana}?tab=pnl#top"
    for other in ("", "Forex 7", "0x12", WALLET + "/..", f"{WALLET}\n", "../" + WALLET):
        assert wallet_link(template, other) is None
    assert wallet_link(None, WALLET) is None
