"""The dashboards as documents: Grafana's own types accept them, and nothing in them overlaps or is left out.

There is no Grafana server to be had here; that their queries give data is in test_observed.py.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.data import REPOSITORY, missing
from tests.e2e.deploy.dashboards import FOLDER, NAMES, dashboard, panels, queries

TYPES = REPOSITORY / "tests" / "e2e" / "grafana"
GENERATED = "@grafana/schema/dist/esm/raw/composable"
KINDS = {
    "stat": f"{GENERATED}/stat/panelcfg/x/StatPanelCfg_types.gen",
    "timeseries": f"{GENERATED}/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen",
    "table": f"{GENERATED}/table/panelcfg/x/TablePanelCfg_types.gen",
    "statetimeline": f"{GENERATED}/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen",
}
WITH_FIELDS = {"timeseries", "statetimeline"}
"""Kinds whose types say what stands under `fieldConfig.defaults.custom`; a table's is one of Grafana's common types."""


def source(documents: dict[str, dict[str, Any]]) -> Iterator[str]:
    """TypeScript that compiles if the types accept every dashboard, and every panel's own options and fields."""
    yield "import type { Dashboard, TableFieldOptions } from '@grafana/schema';"
    yield "import type { Plain } from './plain';"
    yield from (f"import type * as {kind} from '{module}';" for kind, module in KINDS.items())
    for name, document in documents.items():
        yield f"export const {name} = {json.dumps(document)} satisfies Plain<Dashboard>;"
        for panel in document["panels"]:
            kind = panel["type"].replace("-", "")
            if kind != "row":
                yield f"({json.dumps(panel['options'])}) satisfies Plain<Partial<{kind}.Options>>;"
            custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {})
            if custom:
                fields = f"{kind}.FieldConfig" if kind in WITH_FIELDS else "TableFieldOptions"
                yield f"({json.dumps(custom)}) satisfies Plain<Partial<{fields}>>;"


def compiled(folder: Path, documents: dict[str, dict[str, Any]]) -> str:
    """What the compiler says; nothing where all is well."""
    compiler = TYPES / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        missing("Grafana's types are not installed: npm ci in tests/e2e/grafana")
    for file in ("plain.d.ts", "tsconfig.json"):
        (folder / file).write_text((TYPES / file).read_text())
    (folder / "node_modules").symlink_to(TYPES / "node_modules")
    (folder / "dashboards.ts").write_text("\n".join(source(documents)))
    done = subprocess.run(["node", compiler, "-p", "."], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_grafanas_types_accept_the_dashboards(tmp_path: Path) -> None:
    """@grafana/schema, whole documents and each panel's options."""
    assert compiled(tmp_path, {name: dashboard(name) for name in NAMES}) == ""


def mistype_key(document: dict[str, Any], panel: dict[str, Any]) -> None:
    document["refesh"] = "30s"


def mistype_word(document: dict[str, Any], panel: dict[str, Any]) -> None:
    panel["fieldConfig"]["defaults"]["thresholds"]["mode"] = "absolut"


def take_anothers_option(document: dict[str, Any], panel: dict[str, Any]) -> None:
    panel["options"]["showHeader"] = True


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (mistype_key, "'\"refesh\"' does not exist"),
        (mistype_word, "Type '\"absolut\"' is not assignable"),
        (take_anothers_option, "'\"showHeader\"' does not exist"),
    ],
)
def test_grafanas_types_see_a_mistake(
    mistake: Callable[[dict[str, Any], dict[str, Any]], None], told: str, tmp_path: Path
) -> None:
    """A mistyped key, a word that is none of the enum's, an option of another kind of panel."""
    document = dashboard("overview")
    mistake(document, next(panel for panel in document["panels"] if panel["type"] == "stat"))
    found = compiled(tmp_path, {"overview": document})
    assert (found.count("error TS"), told in found) == (1, True)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_panels_overlap_and_all_stand_in_the_grid(name: str) -> None:
    """Grafana's grid is 24 wide."""
    boxes = [panel["gridPos"] for panel in dashboard(name)["panels"]]
    assert [box for box in boxes if box["x"] + box["w"] > 24] == []
    for one, other in combinations(boxes, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_asks_the_chosen_data_source_and_has_a_name_of_its_own(name: str) -> None:
    """Nothing points to a data source of the machine where the dashboard was drawn."""
    found = [panel for _, panel in panels(name)]
    assert {panel["datasource"]["uid"] for panel in found} == {"${datasource}"}
    assert {target["datasource"]["uid"] for panel in found for target in panel["targets"]} == {"${datasource}"}
    ids = [panel["id"] for panel in dashboard(name)["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_dashboards_link_to_each_other_and_every_file_is_known_here() -> None:
    """A third dashboard would go untested."""
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(NAMES)
    uids = {name: dashboard(name)["uid"] for name in NAMES}
    for name, other in (NAMES, NAMES[::-1]):
        assert [link["url"] for link in dashboard(name)["links"]] == [f"/d/{uids[other]}"]


def test_no_query_is_empty() -> None:
    """Each target has one, and a legend."""
    assert [query for query in queries() if not query.expr or not query.legend] == []
