"""What the service's log says of an error."""

import json
import logging

import structlog

from watcher.cli.main import _log_to_stderr


def test_a_crash_is_named_with_its_place_and_without_its_words(capsys):
    """Kind and frames, innermost last; the words of an exception can hold a URL with its key."""
    kept = structlog.get_config()

    def fail():
        raise LookupError("https://node.example/v2/SECRET")

    try:
        _log_to_stderr(logging.INFO)
        try:
            fail()
        except LookupError:
            structlog.get_logger().exception("job_crashed", job="read")
    finally:
        structlog.configure(**kept)
    line = capsys.readouterr().err
    said = json.loads(line)
    assert (said["event"], said["job"], said["kind"]) == ("job_crashed", "read", "LookupError")
    assert said["raised_at"][-1].startswith("test_log.py:")
    assert said["raised_at"][-1].endswith(" fail")
    assert "SECRET" not in line
