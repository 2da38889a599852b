"""Lines of Python that generated functions are made of.

Positions are symbolic (a variable and a constant added to it), so that a run of fixed-size fields is unpacked by one
call of `struct`. What generated code finds in its namespace is in `compile.Compiler`.
"""

import dataclasses
from dataclasses import dataclass
from struct import calcsize
from typing import NamedTuple

from paseo_watch.chain.scale.compact import LENGTH_LIMIT
from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.layout import Layout


class Position(NamedTuple):
    """A place in the bytes: the variable `base` plus `offset`."""

    base: str
    offset: int = 0

    def __add__(self, size: int) -> "Position":  # type: ignore[override]
        return Position(self.base, self.offset + size)

    def __str__(self) -> str:
        return f"{self.base} + {self.offset}" if self.offset else self.base


@dataclass(slots=True)
class Run:
    """Fixed-size leaves that follow each other in the bytes, read by one line of code."""

    at: Position
    indent: int
    end: int
    formats: list[str] = dataclasses.field(default_factory=list)
    names: list[str] = dataclasses.field(default_factory=list)

    def takes(self, at: Position, indent: int) -> bool:
        return (self.at.base, self.end, self.indent) == (at.base, at.offset, indent)

    def line(self) -> str:
        """One leaf of bytes is a slice; all else is what a struct of that format, named F<format>, unpacks."""
        if len(self.names) == 1 and self.formats[0][-1] in "sB":
            end = Position(self.at.base, self.end)
            return (
                f"{self.names[0]} = b[{self.at}]" if self.formats[0] == "B" else f"{self.names[0]} = b[{self.at}:{end}]"
            )
        return f"{', '.join(self.names)}, = F{''.join(self.formats)}(b, {self.at})"


class Lines:
    """The lines of one function, and what they need to find in its namespace."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._lines: list[str | Run] = []
        self.empties: set[int] = set()  # types whose one value the namespace must hold as K<id>
        self.enums: set[int] = set()  # V<id>: variant index -> function
        self.skips: set[int] = set()  # W<id>: variant index -> size or function
        self.plains: set[int] = set()  # C<id>: variant index -> value
        self.formats: set[str] = set()  # F<format>: struct.unpack_from of that format
        self.calls = False
        self._run: Run | None = None
        self._indent = 1
        self._names = 0

    def line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    def lines(self) -> list[str]:
        """The code so far; also fills `formats`."""
        lines = []
        for line in self._lines:
            if isinstance(line, Run):
                self.formats.add("".join(line.formats))
                line = "    " * line.indent + line.line()
            lines.append(line)
        return lines

    def leaf(self, code: str, at: Position) -> str:
        """The name of a fixed-size leaf, by its format in the terms of `struct`."""
        run = self._run
        if run is None or not run.takes(at, self._indent):
            run = self._run = Run(at, self._indent, at.offset)
            self._lines.append(run)
        name = self.name()
        run.names.append(name)
        run.formats.append(code)
        run.end += calcsize(f"<{code}")
        return name

    def name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def compact(self, at: Position, limit: int = LENGTH_LIMIT) -> tuple[str, Position]:
        """A compact integer; those of one and two bytes, the most, without a call.

        Of two bytes the second is not zero, or one would have done; then the value is from 64 to 2**14 - 1.
        """
        value, after = self.name(), self.name()
        self.line(f"{value} = b[{at}]")
        self.line(f"if not {value} & 3: {value} >>= 2; {after} = {at + 1}")
        if limit >= 1 << 14:
            second = f"b[{at + 1}]"
            self.line(f"elif {value} & 3 == 1 and {second}: {value} = {value} >> 2 | {second} << 6; {after} = {at + 2}")
        self.line(f"else: {value}, {after} = compact(b, {at}, {limit})")
        return value, Position(after)

    def bit_bytes(self, store: int, count: str) -> str:
        size = self.layout.fixed(store)
        if size not in (1, 2, 4, 8):
            raise MetadataError(f"bits cannot be stored in type {store}")
        return f"({count} + {8 * size - 1}) // {8 * size} * {size}"
