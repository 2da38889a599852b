"""Builds the sink, and loads nio then: it takes a second, which a command without Matrix rooms does not wait for."""

from paseo_watch.sinks.kind import SinkSetting
from paseo_watch.sinks.matrix.options import MatrixOptions
from paseo_watch.sinks.sink import Sink


def build(options: MatrixOptions, setting: SinkSetting) -> Sink:
    """A Matrix sink on the options' room."""
    from paseo_watch.sinks.matrix.sink import MatrixSink

    return MatrixSink(options, setting)
