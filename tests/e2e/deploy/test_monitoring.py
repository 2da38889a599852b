"""deploy/prometheus, alertmanager and grafana: each is read by the program that it is for, where that can be had.

That Prometheus and Alertmanager run on them is in test_observed.py. There is no Grafana: its files are held to what its
documentation lists, and to what the other files say.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deploy.programs import COMPOSE, DEPLOY, judged, loaded

PROMETHEUS = DEPLOY / "prometheus"
ALERTMANAGER = DEPLOY / "alertmanager"
PROVISIONING = DEPLOY / "grafana" / "provisioning"
DISCORD = "alertmanager.discord.yml"
RULE = "groups: [{name: probe, rules: [{alert: Probe, expr: '%s'}]}]\n"
# Grafana's documentation, "Provision Grafana": the keys of a data source and of a provider of dashboards.
DATA_SOURCE = {"name", "type", "access", "orgId", "uid", "url", "user", "database", "basicAuth", "basicAuthUser"} | {
    "withCredentials", "isDefault", "jsonData", "secureJsonData", "version", "editable",
}  # fmt: skip
PROVIDER = {"name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds"} | {
    "allowUiUpdates", "options",
}  # fmt: skip


def service(name: str) -> dict[str, Any]:
    """A service of compose.yaml, as it stands there."""
    found: dict[str, Any] = loaded(COMPOSE / "compose.yaml")["services"][name]
    return found


def target_of(name: str, source: str) -> str:
    """Where a service of compose.yaml has a folder of ours mounted."""
    return next(mount.split(":")[1] for mount in service(name)["volumes"] if mount.split(":")[0] == source)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of deploy/prometheus, whose folder of rules is there."""
    copy = Path(shutil.copytree(PROMETHEUS, tmp_path / "prometheus"))
    (copy / "rules").mkdir(exist_ok=True)
    return copy


def test_prometheus_takes_its_configuration_and_every_rule_of_the_folder(folder: Path) -> None:
    """The glob reaches what lies in rules/: all that is there is named, and a wrong one is noticed."""
    (folder / "rules" / "probe.yml").write_text(RULE % "vector(1)")
    code, said = judged("promtool", "check", "config", folder / "prometheus.yml")
    assert code == 0, said
    for rules in (folder / "rules").iterdir():
        assert str(rules) in said
    (folder / "rules" / "probe.yml").write_text(RULE % "vector(")
    assert judged("promtool", "check", "config", folder / "prometheus.yml")[0] == 1


def test_what_prometheus_asks_are_services_and_their_ports(folder: Path) -> None:
    """Every target is a service of compose.yaml at a port that it serves; its own is asked on its own loopback."""
    text = (folder / "prometheus.yml").read_text()
    targets = set(re.findall(r'"([\w.-]+):(\d+)"', text))
    served = {(name, service(name)["ports"][0].split(":")[2]) for name in ("paseo-watch", "alertmanager")}
    assert targets == served | {("127.0.0.1", "9090")}
    assert loaded(folder / "prometheus.yml")["global"]["scrape_interval"] == "15s"


def test_alertmanager_takes_its_configuration_and_tells_nobody_by_default() -> None:
    code, said = judged("amtool", "check-config", ALERTMANAGER / "alertmanager.yml")
    assert code == 0, said
    assert set(loaded(ALERTMANAGER / "alertmanager.yml")["receivers"][0]) == {"name"}


def test_alertmanager_takes_the_example_with_discord(tmp_path: Path) -> None:
    """Debian's Alertmanager 0.25 knows no webhook_url_file yet (0.28 took the file): it reads a URL in its place."""
    example = (ALERTMANAGER / DISCORD).read_text()
    secret = loaded(ALERTMANAGER / DISCORD)["receivers"][0]["discord_configs"][0]["webhook_url_file"]
    older = tmp_path / DISCORD
    older.write_text(example.replace(f"webhook_url_file: {secret}", "webhook_url: http://127.0.0.1:1/hook"))
    code, said = judged("amtool", "check-config", older)
    assert code == 0, said
    routed = judged("amtool", "config", "routes", "test", f"--config.file={older}", "severity=critical")
    assert (routed[0], routed[1].splitlines()[-1]) == (0, "discord")
    folder = target_of("alertmanager", "./secrets/alertmanager")
    assert secret == f"{folder}/discord-webhook-url"
    assert "`alertmanager/discord-webhook-url`" in (COMPOSE / "secrets" / "README.md").read_text()


def test_the_example_differs_from_the_default_by_its_receiver_only() -> None:
    default, example = loaded(ALERTMANAGER / "alertmanager.yml"), loaded(ALERTMANAGER / DISCORD)
    for each in (default, example):
        each.pop("receivers")
        each["route"].pop("receiver")
    assert default == example


def test_grafana_gets_the_data_source_that_compose_runs() -> None:
    """Documented keys only; the address is Prometheus' service and port; no step is below a scrape."""
    file = loaded(PROVISIONING / "datasources" / "prometheus.yml")
    (source,) = file["datasources"]
    assert (set(file), file["apiVersion"]) == ({"apiVersion", "datasources"}, 1)
    assert set(source) <= DATA_SOURCE
    assert (source["type"], source["access"], source["uid"]) == ("prometheus", "proxy", "prometheus")
    assert source["url"] == f"http://prometheus:{service('prometheus')['ports'][0].split(':')[2]}"
    assert source["jsonData"]["timeInterval"] == loaded(PROMETHEUS / "prometheus.yml")["global"]["scrape_interval"]


def test_grafana_gets_the_folder_of_dashboards() -> None:
    """Documented keys only; it looks where compose.yaml mounts the dashboards, and at no folder that it writes to."""
    file = loaded(PROVISIONING / "dashboards" / "paseo-watch.yml")
    (provider,) = file["providers"]
    assert (set(file), file["apiVersion"]) == ({"apiVersion", "providers"}, 1)
    assert set(provider) <= PROVIDER
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"] == {"path": target_of("grafana", "../grafana/dashboards")}
    assert target_of("grafana", "../grafana/provisioning") == "/etc/grafana/provisioning"


def test_grafana_shows_nothing_without_a_login() -> None:
    """Nobody looks or registers by himself, and the first password is read from a file."""
    environment = service("grafana")["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == environment["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == f"/run/secrets/{service('grafana')['secrets'][0]}"
