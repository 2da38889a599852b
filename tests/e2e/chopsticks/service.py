"""The assembled service against one node, its alerts read back from the file receiver."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paseo_watch.app.app import serve
from paseo_watch.app.how import How
from paseo_watch.app.summary import Summary
from paseo_watch.config.load import load
from tests.e2e.chopsticks.truth import Said

RULES = """
    - { name: large-move, threshold: 10000 PAS }
    - { name: policy-cap, cap: 5000 PAS }
    - { name: faucet-low, accounts: [faucet], below: 1000 PAS }
"""
FILE = """
network: paseo
units: {{ PAS: 10{units} }}
chains:
  {chain}:
    endpoints: [{{ url: "{url}", requests_per_second: 1000, burst: 1000 }}]
    start: {start}
accounts:
  faucet: "{faucet}"
watch: {watch}
receivers:
  - name: archive
    file: {{ path: alerts.jsonl }}
route: {{ receiver: archive }}
store: {{ url: "sqlite:///watch.db" }}
cache: {{ path: cache }}
http: false
"""


class Watch:
    """One run of the service over blocks start..until of a chain; it ends when every alert is delivered.

    `rules` are those about balances, `watch` everything under that key instead.
    """

    def __init__(
        self, folder: Path, url: str, faucet: str, rules: str = RULES, chain: str = "relay", watch: str | None = None
    ) -> None:
        self._folder = folder
        self._chain = chain
        watched = f"\n  balances: {rules}" if watch is None else watch
        self._text = {"chain": chain, "url": url, "faucet": faucet, "watch": watched, "units": ""}

    def unit(self, symbol: str, definition: str) -> None:
        """Know another asset, defined as in the configuration."""
        self._text["units"] += f", {symbol}: {definition}"

    async def follow(self, start: int, until: int) -> Summary:
        """Follow as the blocks come."""
        file = self._folder / "watch.yaml"
        file.write_text(FILE.format(start=start, **self._text))
        how = How(stream=io.StringIO(), until={self._chain: until})
        return await serve(load([file], {}), how)

    def alerts(self) -> list[Mapping[str, Any]]:
        """Every line of the file receiver."""
        file = self._folder / "alerts.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def said(alert: Mapping[str, Any]) -> Said:
    """An alert in the words of the truth."""
    data = alert["data"]
    amount = data["amount"] if alert["kind"] == "event" else data["balance"]
    return Said(
        alert["block"]["number"],
        alert["rule"],
        alert["status"],
        alert["extrinsic"],
        data["account_key"],
        data.get("direction"),
        None if amount is None else int(amount),
    )
