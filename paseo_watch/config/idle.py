"""Rules that nothing carries out: a good configuration, since a chain may be off for a while, but one to speak of."""

from collections.abc import Iterator

from paseo_watch.config.model import Config


def idle_rules(config: Config) -> Iterator[str]:
    """One sentence for each rule that is only for chains which are not followed."""
    for options in config.watch.watchers.values():
        for rule in options if isinstance(options, list | tuple) else ():
            chains = getattr(rule, "chains", None)
            if chains and not config.followed.keys() & set(chains):
                yield f"rule {rule.name}: watches nothing, none of its chains is followed ({', '.join(chains)})"
