"""A node as if it were far away: hands bytes on, those of requests late.

    python -m benchmarks.latency PORT MILLISECONDS

Prints the port on which it listens. A process of its own, so that its work is not counted as the reader's.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def late(port: int, latency_ms: int) -> Iterator[str]:
    """The node on a port of this machine, behind so much latency: its URL."""
    command = [sys.executable, "-m", "benchmarks.latency", str(port), str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(relay.stdout.readline())}"
        finally:
            relay.terminate()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay_s: float = 0.0) -> None:
    loop = asyncio.get_running_loop()
    while data := await source.read(2**20):
        if delay_s:
            loop.call_later(delay_s, target.write, data)
        else:
            target.write(data)
    loop.call_later(delay_s, target.close)


async def _serve(port: int, delay_s: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_node, to_node = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        await asyncio.gather(_pass_on(reader, to_node, delay_s), _pass_on(from_node, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) / 1_000))
