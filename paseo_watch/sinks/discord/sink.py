"""Which of the two ways a configuration means."""

from paseo_watch.sinks.discord.options import DiscordOptions
from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.sink import Sink


def build(options: DiscordOptions, setting: SinkSetting) -> Sink:
    """A sink of one bot in a channel, or of one webhook."""
    if options.webhook_url is not None:
        from paseo_watch.sinks.discord.webhook import WebhookSink

        return WebhookSink(options, setting)
    from paseo_watch.sinks.discord.bot import BotSink  # discord.py takes a third of a second, from who uses it

    return BotSink(options, setting)
