"""Pages as tests read them: what a person sees, and whether it is sound HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from identity.models import User
from tests.clients import QuickClient
from tests.sign_ins import enter

VOID = frozenset({"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "wbr"})
UNSEEN = frozenset({"head", "script", "style", "noscript"})
NEEDS_LABEL = frozenset({"input", "select", "textarea"})
UNLABELLED_TYPES = frozenset({"hidden", "submit", "button"})


@dataclass
class Outline(HTMLParser):
    """What the checks and the tests ask of a page."""

    text: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    controls: list[dict[str, str | None]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._note(tag, given)
        self.wrong += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        if tag in ("script", "style") and "src" not in given:
            self.wrong.append(f"inline <{tag}>")
        if tag not in VOID:
            self.open_tags.append(tag)

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        if "id" in given:
            self.ids.append(str(given["id"]))
        if tag == "label":
            self.labelled.add(str(given.get("for")))
        if tag == "a":
            self.links.append(str(given.get("href")))
        if tag == "h1":
            self.headings.append("")
        if tag in NEEDS_LABEL and given.get("type") not in UNLABELLED_TYPES:
            self.controls.append(given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags[-1] != tag:
            self.wrong.append(f"</{tag}> closes <{self.open_tags[-1] if self.open_tags else 'nothing'}>")
        if tag in self.open_tags:
            while self.open_tags.pop() != tag:
                continue

    def handle_data(self, data: str) -> None:
        if not UNSEEN.intersection(self.open_tags):
            self.text.append(data)
        if "h1" in self.open_tags:
            self.headings[-1] += data

    def faults(self) -> list[str]:
        """Everything that is wrong with the page."""
        twice = sorted({each for each in self.ids if self.ids.count(each) > 1})
        unlabelled = [str(each.get("name")) for each in self.controls if not self._is_labelled(each)]
        faults = [
            *self.wrong,
            *(f"id {each} twice" for each in twice),
            *(f"{each} has no label" for each in unlabelled),
        ]
        return faults if len(self.headings) == 1 else [*faults, f"{len(self.headings)} <h1>"]

    def _is_labelled(self, control: dict[str, str | None]) -> bool:
        return control.get("id") in self.labelled or "aria-label" in control or "aria-labelledby" in control


@dataclass(frozen=True)
class Page:
    """A page that was answered."""

    status: int
    location: str
    text: str
    heading: str
    links: tuple[str, ...]
    html: str
    response: Any


class Browser(QuickClient):
    """Reads pages as a person does, and fails on any that is not sound or lacks its security policy."""

    def __init__(self, user: User | None = None, **options: Any) -> None:
        super().__init__(**options)
        if user is not None:
            enter(self, user)

    def read(self, path: str, **query: str) -> Page:
        """GET a page."""
        return opened(self.get(path, query or None))

    def words(self, path: str) -> str:
        """The words of a page of the console, whose HTML is a library's."""
        outline = Outline()
        outline.feed(self.get(path).content.decode())
        return " ".join(" ".join(outline.text).split())

    def send(self, path: str, **form: str) -> Page:
        """POST a form."""
        return opened(self.post(path, form))


def opened(response: Any) -> Page:
    """The page in an answer, checked."""
    is_page = str(response.get("Content-Type", "")).startswith("text/html") and response.content
    html = response.content.decode() if is_page else ""
    outline = Outline()
    outline.feed(html)
    if html:
        assert outline.faults() == [], outline.faults()
        assert "script-src 'self'" in response["Content-Security-Policy"]
    return Page(
        status=response.status_code,
        location=response.get("Location", ""),
        text=" ".join(" ".join(outline.text).split()),
        heading=" ".join(" ".join(outline.headings).split()),
        links=tuple(outline.links),
        html=html,
        response=response,
    )
