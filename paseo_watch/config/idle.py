"""What a good configuration watches and what not: nothing of it is wrong, and all of it is worth a sentence."""

from collections.abc import Iterator

from paseo_watch.config.model import Config
from paseo_watch.watchers.registry import WATCHERS


def watched(config: Config) -> str:
    """What is watched, by watcher and rule: `balances (large-move), opengov (not validators)`, or `nothing`."""
    found = [_with_rules(name, options) for name, options in config.watch.watchers.items()]
    off = ", ".join(name for name in WATCHERS if name not in config.watch.watchers)
    return (", ".join(found) or "nothing") + (f" (not {off})" if off else "")


def idle_rules(config: Config) -> Iterator[str]:
    """One sentence for each rule, or watcher without rules, that is only for chains which are not followed; and one
    where nothing is watched at all.
    """
    if not config.watch.watchers:
        yield "watch: nothing is watched: no watcher is configured (a key without a value takes an inherited one away)"
    for name, options in config.watch.watchers.items():
        for rule in options if isinstance(options, list | tuple) else (options,):
            chains = getattr(rule, "chains", None)
            if chains and not config.followed.keys() & set(chains):
                what = f"rule {rule.name}" if hasattr(rule, "name") else f"watch.{name}"
                yield f"{what}: watches nothing, none of its chains is followed ({', '.join(chains)})"


def _with_rules(name: str, options: object) -> str:
    rules = [rule.name for rule in options if hasattr(rule, "name")] if isinstance(options, list | tuple) else []
    return f"{name} ({', '.join(rules)})" if rules else name
