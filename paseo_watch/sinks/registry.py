"""All sinks by the key of the configuration that makes them. A new sink is one file and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from paseo_watch.sinks import console, file, webhook
from paseo_watch.sinks.discord import options as discord_options
from paseo_watch.sinks.discord import sink as discord
from paseo_watch.sinks.kind import SinkKind, SinkOptions, SinkSetting
from paseo_watch.sinks.matrix import build as matrix
from paseo_watch.sinks.matrix import options as matrix_options

__all__ = ["SINKS", "SinkKind", "SinkOptions", "SinkSetting"]

SINKS: Mapping[str, SinkKind] = MappingProxyType(
    {
        "console": SinkKind("console", console.ConsoleOptions, console.build),
        "discord": SinkKind("discord", discord_options.DiscordOptions, discord.build),
        "file": SinkKind("file", file.FileOptions, file.build),
        "matrix": SinkKind("matrix", matrix_options.MatrixOptions, matrix.build),
        "webhook": SinkKind("webhook", webhook.WebhookOptions, webhook.build),
    }
)
