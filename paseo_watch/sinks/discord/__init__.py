"""Discord: alerts as embeds, through a bot (`bot`, exactly once) or an incoming webhook (`webhook`, at least once).

Comes in: a `Delivery`. Goes out: one message, or one post in a forum. `outgoing` (what is sent), `errors` (what an
answer means), `translate` and `permissions` are pure; `client` is discord.py over REST alone, `account`
shares a login. May import what sinks may; here `discord` is always the library.
"""
