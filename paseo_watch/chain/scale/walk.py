"""Stepping over the parts of metadata that nobody here asks for, and over documentation.

Source of the layouts: frame-metadata `src/v14.rs`, `v15.rs`, `v16.rs`.
"""

from paseo_watch.chain.scale.errors import MetadataError
from paseo_watch.chain.scale.reader import Reader
from paseo_watch.chain.scale.registry import Documentation, skip_text


class Walk(Reader):
    """A cursor that knows the metadata's version, and what to do at documentation."""

    __slots__ = ("_at_documentation", "version")

    def __init__(self, data: bytes, position: int, documentation: Documentation) -> None:
        super().__init__(data, position)
        self._at_documentation = documentation
        self.version = 0

    def documentation(self) -> None:
        empty = self.data[self.position] == 0
        self.position = self.position + 1 if empty else self._at_documentation(self.data, self.position)

    def skip_text(self) -> None:
        self.position = skip_text(self.data, self.position)

    def skip_associated_types(self) -> None:
        for _ in range(self.compact()):
            self.skip_text()
            self.compact()
            self.documentation()

    def skip_view_functions(self) -> None:
        for _ in range(self.compact()):
            self.position += 32  # the id
            self.skip_method()

    def skip_method(self) -> None:
        self.skip_text()
        for _ in range(self.compact()):
            self.skip_text()
            self.compact()
        self.compact()
        self.documentation()
        self.skip_deprecation()

    def skip_deprecation(self) -> None:
        """An item's deprecation, which only V16 has."""
        if self.version == 16:
            self.skip_status()

    def skip_status(self) -> None:
        match self.byte():
            case 0 | 1:
                return
            case 2:
                self.skip_text()
                if self.option():
                    self.skip_text()
            case tag:
                raise MetadataError(f"deprecation with the unknown tag {tag} at byte {self.position - 1}")

    def skip_rest(self) -> None:
        """The runtime's own type; from V15 on runtime APIs, outer enums and custom values."""
        if self.version < 16:
            self.compact()
        if self.version > 14:
            for _ in range(self.compact()):
                self.skip_api()
            for _ in range(3):
                self.compact()
            for _ in range(self.compact()):
                self.skip_text()
                self.compact()
                self.skip_text()

    def skip_api(self) -> None:
        self.skip_text()
        for _ in range(self.compact()):
            self.skip_method()
        self.documentation()
        if self.version == 16:
            self.compact()
            self.skip_deprecation()
