"""``edgewatch telegram``: is the channel open, and what are my ids."""

import asyncio

import typer

from alerts.errors import AlertError
from alerts.telegram.updates import GENERAL, Update
from alerts.types import Message
from watcher import app as build
from watcher.cli.shared import context

app = typer.Typer(help="The Telegram channel.", no_args_is_help=True)


@app.command()
def test(ctx: typer.Context) -> None:
    """Send a test message to every configured chat."""
    shared = context.of(ctx)

    async def send() -> bool:
        async with build.bot(shared.config) as bot:
            name, arrived = await bot.me(), True
            for chat_id in build.telegram(shared.config).chat_ids:
                try:
                    await bot.send(
                        Message(html="<b>Edgewatch</b> can reach you here. Flags will look different."), chat_id
                    )
                    typer.echo(f"sent by {name} to chat {chat_id}")
                except AlertError as error:
                    typer.echo(f"edgewatch: chat {chat_id}: {error}", err=True)
                    arrived = False
            return arrived

    if not asyncio.run(send()):
        raise typer.Exit(1)


@app.command()
def whoami(ctx: typer.Context) -> None:
    """Show who wrote to the bot of late, with the ids that the configuration needs."""
    shared = context.of(ctx)

    async def senders() -> list[Update]:
        async with build.bot(shared.config) as bot:
            return await bot.senders()

    found = sorted(set(map(_sender, asyncio.run(senders()))))
    for line in found:
        typer.echo(line)
    if not found:
        typer.echo("nobody; write any message to the bot in the chat that it shall use, and try again")


def _sender(item: Update) -> str:
    topic = f"  message_thread_id {item.topic}" if item.topic not in {None, GENERAL} else ""
    refused = f"  does nothing: {item.refused}" if item.refused is not None else ""
    return f"user id {item.user_id}  chat id {item.chat_id}{topic}  {item.user_name}{refused}"
