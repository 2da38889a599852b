"""The model and its sections."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from paseo_watch.chain.units import Unit
from paseo_watch.config.model import Config, build
from paseo_watch.config.sections import Endpoint, Route, UnitOptions
from paseo_watch.sinks.registry import SINKS
from paseo_watch.watchers.registry import WATCHERS
from tests.unit.config.stand_in import WHOLE, loaded, model, written


def test_the_registries_give_the_keys() -> None:
    """A sink or watcher that is registered is a key; nothing else here knows it."""
    real = build(SINKS, WATCHERS)
    text = real.model_validate(
        {"receivers": [{"name": "a", kind: {}} for kind in ["console"]], "watch": {"balances": []}}
    )
    assert list(text.receivers[0].sinks) == ["console"]
    assert dict(text.watch.watchers) == {"balances": ()}
    with pytest.raises(ValidationError, match=r"watch\.moves"):
        real.model_validate({"watch": {"moves": []}})
    assert model().model_validate({"watch": {"moves": []}}).watch.watchers == {"moves": ()}


def test_an_endpoint_may_be_its_url_alone() -> None:
    """With the rates that public nodes bear."""
    short = Endpoint.model_validate("wss://node.example:1/key")
    assert short == Endpoint.model_validate({"url": "wss://node.example:1/key"})
    assert (short.requests_per_second, short.burst, short.host) == (10.0, 20, "node.example:1")


def test_a_unit_may_be_its_decimals_alone() -> None:
    """Then it is a chain's own token; an asset has a pallet and an id."""
    assert UnitOptions.model_validate(10).unit("PAS") == Unit("PAS", 10)
    asset = UnitOptions.model_validate({"decimals": 6, "pallet": "Assets", "id": 1984})
    assert asset.unit("USDT") == Unit("USDT", 6, "Assets/1984")


def test_what_is_not_enabled_is_not_followed(tmp_path: Path) -> None:
    """It stays in the configuration, for the status page."""
    written(tmp_path, {"c.yaml": "chains:\n  idle: { enabled: false }\n" + WHOLE.removeprefix("chains:\n")})
    config = loaded(tmp_path, "c.yaml")
    assert (list(config.chains), list(config.followed)) == (["idle", "relay"], ["relay"])


def test_units_are_a_table(tmp_path: Path) -> None:
    """By symbol, for amounts."""
    written(tmp_path, {"c.yaml": WHOLE + "units: { PAS: 10, DOT: 12 }\n"})
    assert loaded(tmp_path, "c.yaml").unit_table == {"PAS": Unit("PAS", 10), "DOT": Unit("DOT", 12)}


def test_a_child_route_without_receiver_has_its_parents() -> None:
    """At any depth, and `continue` arrives."""
    route = Route.model_validate(
        {"receiver": "a", "routes": [{"continue": True, "routes": [{}]}, {"receiver": "b", "routes": [{}]}]}
    )
    tree = route.tree()
    assert [child.receiver for child in tree.routes] == ["a", "b"]
    assert [child.routes[0].receiver for child in tree.routes] == ["a", "b"]
    assert [child.continues for child in tree.routes] == [True, False]


def test_the_defaults_are_those_of_the_contract() -> None:
    """SQLite in the working directory, the loopback, three months (facts 400 days), no heartbeat."""
    config = Config()
    assert config.store.url.get_secret_value() == "sqlite:///paseo-watch.db"
    assert {table: age // 86_400_000 for table, age in config.store.ages_ms.items()} == {
        "deliveries": 90,
        "notifications": 90,
        "holes": 90,
        "facts": 400,
    }
    assert config.http
    assert str(config.http.listen) == "127.0.0.1:9615"
    assert config.heartbeat is None
