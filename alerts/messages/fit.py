"""A text that is too long for one message. Pure."""

from alerts import wording
from alerts.messages.lines import CAPTION_LIMIT, TEXT_LIMIT

REST = "<i>The whole text is in the file.</i>"


def fit(html: str) -> tuple[str, bytes | None]:
    """Cut a text that Telegram would refuse: as many whole lines as fit under a file, and the file.

    Returns
    -------
    tuple
        The text and None if it fits; else its first lines with a remark, and all of it as plain UTF-8.
    """
    if wording.visible_length(html) <= TEXT_LIMIT:
        return html, None
    lines = html.split("\n")
    while lines and wording.visible_length("\n".join([*lines, REST])) > CAPTION_LIMIT:
        lines.pop()
    return "\n".join([*lines, REST]), wording.strip(html).encode()
