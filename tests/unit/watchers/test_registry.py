"""The registry: each kind builds from its own options, and says which documents it wants."""

from types import MappingProxyType

from pydantic import TypeAdapter

from paseo_watch.chain import ss58
from paseo_watch.watchers.registry import GAUGES, WATCHERS, Document
from tests.unit.watchers.balances.doubles import ALICE, setting

NOTHING_SAID = {"balances": [], "opengov": {}, "validators": {}}


def test_every_kind_builds_a_watcher_of_its_own_name_from_options_that_say_nothing() -> None:
    assert isinstance(WATCHERS, MappingProxyType)
    assert WATCHERS.keys() == NOTHING_SAID.keys()
    for name, kind in WATCHERS.items():
        options = TypeAdapter(kind.options).validate_python(NOTHING_SAID[name])
        assert (kind.name, kind.build(options, setting()).name, kind.documents(options)) == (name, name, ())


def test_the_whitelists_that_rules_name_are_wanted_under_the_name_that_brings_them() -> None:
    options = TypeAdapter(WATCHERS["balances"].options).validate_python(
        [
            {"name": "cap", "cap": "5 PAS", "whitelist": "/etc/w.yml", "chains": ["relay"]},
            {"name": "elsewhere", "cap": "5 PAS", "whitelist": "https://example.org/w.yml"},
            {"name": "bare", "cap": "5 PAS"},
        ]
    )
    found = WATCHERS["balances"].documents(options)
    assert [(each.name, each.location, each.chains) for each in found] == [
        ("whitelist:cap", "/etc/w.yml", ("relay",)),
        ("whitelist:elsewhere", "https://example.org/w.yml", None),
    ]
    document: Document = found[0]
    raw = f"whitelist:\n  - address: {ss58.encode(ALICE, 0)}\n".encode()
    assert document.read(raw) == {"accounts": [ALICE.hex()]}


def test_no_two_gauges_have_one_name() -> None:
    names = [gauge.name for gauge in GAUGES]
    assert sorted(names) == sorted(set(names))
