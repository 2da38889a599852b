"""Rules that nothing carries out: a good configuration, since a chain may be off for a while, but one to speak of."""

from collections.abc import Iterator

from paseo_watch.config.model import Config


def idle_rules(config: Config) -> Iterator[str]:
    """One sentence for each rule, or watcher without rules, that is only for chains which are not followed."""
    for name, options in config.watch.watchers.items():
        for rule in options if isinstance(options, list | tuple) else (options,):
            chains = getattr(rule, "chains", None)
            if chains and not config.followed.keys() & set(chains):
                what = f"rule {rule.name}" if hasattr(rule, "name") else f"watch.{name}"
                yield f"{what}: watches nothing, none of its chains is followed ({', '.join(chains)})"
