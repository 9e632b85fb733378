"""``python -m watcher`` is the same as ``edgewatch``."""

from watcher.cli.main import main

main()
