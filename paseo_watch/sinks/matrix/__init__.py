"""Matrix: an alert as one message in a room, once, whatever breaks.

Comes in: `sink.Delivery`. Goes out: one event, under a transaction id that the homeserver dedupes on. Sinks of one
account share a login (`account`), of which a session is kept (`session`). May import of ours: clock, watchers.watcher,
sinks.sink, sinks.kind, sinks.render.

    secret <- options, errors, session, pace, content, rules <- client <- account <- room, encryption <- sink <- build
"""
