"""``edgewatch telegram``: is the channel open, and what are my ids."""

import asyncio

import typer

from alerts.errors import AlertError
from alerts.types import Message
from watcher import app as build
from watcher.cli import context

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

    async def senders() -> list[tuple[int | None, int | None, str]]:
        async with build.bot(shared.config) as bot:
            return [(item.user_id, item.chat_id, item.user_name) for item in await bot.senders()]

    found = sorted(set(asyncio.run(senders())), key=str)
    for user_id, chat_id, name in found:
        typer.echo(f"user id {user_id}  chat id {chat_id}  {name}")
    if not found:
        typer.echo("nobody; write any message to the bot in the chat that it shall use, and try again")
