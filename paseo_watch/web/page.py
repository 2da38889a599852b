"""The status page: values in, one self-contained HTML document out. Pure after the template is loaded.

Everything is escaped by the template engine, after `render.clean` has made visible what would not be. Nothing is loaded
from anywhere, no script runs, and the Content-Security-Policy allows only the one style sheet by its hash.
"""

import base64
import hashlib
import math
from importlib.resources import files
from types import MappingProxyType

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from paseo_watch.sinks.render.clean import clean
from paseo_watch.web.status import ChainView, StatusView, concerns

REFRESH_SECONDS = 10
TEXT_LIMIT = 300

_FAR = 12.0  # the drawing is logarithmic; 2**12 blocks behind the best head is its left edge
_LEFT, _RIGHT = 3.0, 97.0
_TONES = MappingProxyType(
    {
        **dict.fromkeys(("following", "connected", "resolved", "sending"), "good"),
        **dict.fromkeys(("starting", "catching_up", "connecting", "opening", "info", "event"), "busy"),
        **dict.fromkeys(("backing_off", "failing", "warning", "firing", "not configured"), "warn"),
        **dict.fromkeys(
            ("halted", "unreachable", "quarantined", "critical", "refused", "store_unavailable", "ended"), "bad"
        ),
    }
)


class StatusPage:
    """The page's template, loaded once. `policy` is the Content-Security-Policy that the page needs."""

    def __init__(self) -> None:
        folder = files("paseo_watch.web")
        style = (folder / "status.css").read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        environment = Environment(
            loader=DictLoader({"status.html": (folder / "status.html").read_text(encoding="utf-8")}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"clean": _clean, "tone": tone, "age": age, "number": number, "words": words}
        environment.globals |= {"style": Markup(style), "position": position, "refresh": REFRESH_SECONDS}
        self._template = environment.get_template("status.html")

    def render(self, view: StatusView) -> str:
        """The document for this view."""
        return self._template.render(view=view, concerns=concerns(view))


def tone(state: str) -> str:
    """How a state or a severity looks: `good`, `busy`, `warn`, `bad`, else `off`."""
    return _TONES.get(state, "off")


def words(state: str) -> str:
    """`catching_up` as people write it."""
    return _clean(state.replace("_", " "))


def number(value: int | None) -> str:
    """`9000001` as `9,000,001`; a dash for what is not known."""
    return "–" if value is None else f"{value:,}"


def age(then_ms: int | None, now_ms: int) -> str:
    """How long ago in the largest whole unit; a clock that runs ahead of ours by under a minute is `now`."""
    if then_ms is None:
        return "–"
    seconds = (now_ms - then_ms) // 1000
    if seconds < -60:
        return "in the future"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def position(chain: ChainView, height: int | None) -> float | None:
    """Where to draw a height, in percent from the left, by its distance from the highest that is known.

    The scale is logarithmic, so that one block behind is seen as well as a thousand. None for what is not known.
    """
    if height is None:
        return None
    top = max(known for known in (chain.best, chain.finalized, chain.processed, height) if known is not None)
    far = min(1.0, math.log2(1 + top - height) / _FAR)
    return round(_RIGHT - (_RIGHT - _LEFT) * far, 1)


def _clean(text: str) -> str:
    return clean(text, TEXT_LIMIT)
