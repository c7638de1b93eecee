"""A small, safe XML reader: what a bank sends is somebody else's file.

No document type is taken, so there are no entities that could expand without end or fetch other files; the
encoding is the one that the file declares. Each element knows the row where it starts, so that a fault can name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

DEPTH_MAX = 64
_PREDEFINED = ""  # an element without namespace


class NotXml(Exception):  # noqa: N818 - becomes a fault of the file, as the caller words it
    """The file is no XML that is read here; `row` is where reading ended."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row, self.reason = row, reason


@dataclass(slots=True)
class Element:
    """One element. `name` is without namespace; `text` is what stands directly in it."""

    name: str
    namespace: str
    row: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list, repr=False)
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """The children of this name."""
        return (child for child in self.children if child.name == name)

    def find(self, *path: str) -> Element | None:
        """The first element down a path of names."""
        found: Element | None = self
        for name in path:
            found = next(found.all(name), None) if found is not None else None
        return found

    def each(self, *path: str) -> Iterator[Element]:
        """Every element down a path of names."""
        if not path:
            yield self
            return
        for child in self.all(path[0]):
            yield from child.each(*path[1:])

    def value(self, *path: str) -> str:
        """The text of the first element down a path, trimmed; empty where there is none."""
        found = self.find(*path)
        return "" if found is None else found.text.strip()


class _Builder:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.open: list[Element] = []
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        element = Element(local, namespace or _PREDEFINED, self.parser.CurrentLineNumber, attributes)
        if len(self.open) >= DEPTH_MAX:
            raise NotXml(element.row, "too deep")
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _name: str) -> None:
        self.open.pop()

    def data(self, text: str) -> None:
        self.open[-1].text += text

    def refuse(self, *_declaration: object) -> None:
        raise NotXml(self.parser.CurrentLineNumber, "document type")


def read_xml(content: bytes) -> Element:
    """The root element. Raises `NotXml`."""
    builder = _Builder()
    try:
        builder.parser.Parse(content, True)  # noqa: FBT003 - expat's own flag for the last piece
    except expat.ExpatError as error:
        raise NotXml(error.lineno, expat.ErrorString(error.code)) from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise NotXml(1, str(error)) from None
    assert builder.root is not None
    return builder.root
