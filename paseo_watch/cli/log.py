"""Logs: one line an event, as text or as JSON, to standard error; alerts go to standard output and nowhere near."""

import json
import logging
import sys
from datetime import UTC, datetime

LEVELS = ("debug", "info", "warning", "error")


class TextFormat(logging.Formatter):
    """`2026-11-21T20:59:06Z warning chain.follow: text`, times in UTC by our clock."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback below it where there is one."""
        name = record.name.removeprefix("paseo_watch.")
        line = f"{_time(record)} {record.levelname.lower()} {name}: {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormat(logging.Formatter):
    """One object a line: time, level, logger, message, and error where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        entry = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up(level: str, form: str) -> None:
    """Ours at `level`; libraries only from warnings on, for APScheduler tells every run of every job."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormat() if form == "json" else TextFormat())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # app.schedule tells what jobs fail of, in one line
    logging.getLogger("paseo_watch").setLevel(level.upper())


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
