"""Ways out: one file a sink, each sends one delivery and says how it failed.

Comes in: `sink.Delivery`. Goes out: a message to a file, a console, a URL. May import `alerts` values;
sinks do not know each other.
"""
