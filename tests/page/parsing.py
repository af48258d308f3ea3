"""A page as a browser's parser sees it, for tests that read pages."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class ParsedPage(HTMLParser):
    """Collect the elements in order, each with the text inside it; whatever is not closed rightly fails."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop().tag == tag, f"</{tag}> where it is not open"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def find(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def by_id(self, name: str) -> Element:
        (found,) = [element for element in self.elements if element.attributes.get("id") == name]
        return found

    def texts(self, tag: str) -> list[str]:
        return [" ".join(element.text.split()) for element in self.find(tag)]


def parse_page(path: Path) -> ParsedPage:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    page = ParsedPage()
    page.feed(text)
    page.close()
    assert not page.open, f"not closed: {[element.tag for element in page.open]}"
    return page


def assert_needs_no_network(path: Path) -> None:
    """Look for anything that a browser would ask another place for; embedded data stand aside."""
    page = parse_page(path)
    for element in page.elements:
        for name, value in element.attributes.items():
            if name in {"src", "href", "srcset", "action", "poster", "data", "background", "xlink:href", "formaction"}:
                assert value and value.startswith("data:"), f"{element.tag} {name}={(value or '')[:40]}"
            assert not name.startswith("on"), f"{element.tag} has a handler {name}"
    assert not {"iframe", "object", "embed", "base"} & {element.tag for element in page.elements}
    (policy,) = [e for e in page.find("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert (policy.attributes["content"] or "").startswith("default-src 'none'")
    written = re.sub(r"[A-Za-z0-9+/=]{200,}", "", path.read_text(encoding="utf-8"))
    for word in (
        "http:",
        "https:",
        "url(",
        "@import",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "import(",
        "sendBeacon",
    ):
        assert word not in written, word
