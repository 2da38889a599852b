"""Options and sinks as the Matrix tests need them."""

import dataclasses
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.options import MatrixOptions
from tests.unit.sinks import settings
from tests.unit.sinks.matrix.homeserver import DEVICE, ROOM, TOKEN, USER, FakeSession, Homeserver

PASSWORD = "passw0rd"


def options(store: Path | str = "never-made", *, by_password: bool = False, **changes: Any) -> MatrixOptions:
    """By access token, unless `by_password`."""
    login: dict[str, Any] = {"password": SecretStr(PASSWORD)} if by_password else {"access_token": SecretStr(TOKEN)}
    usual = {"homeserver": "http://matrix.test", "user": USER, "device_id": DEVICE, "room": ROOM, "store": str(store)}
    return MatrixOptions.model_validate({**usual, **login, **changes})


def setting(homeserver: Homeserver) -> SinkSetting:
    """Sessions with this homeserver behind them, and a clock that stands still."""
    return dataclasses.replace(settings.setting(), session=lambda: FakeSession(homeserver))  # type: ignore[arg-type,return-value]
