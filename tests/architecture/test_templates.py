"""Rules of the pages' sources: what a strict policy would block is not written, nothing comes from elsewhere."""

import re
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "emails" not in path.parts)
OURS = [*sorted((ROOT / "static" / "css").glob("*.css")), *sorted((ROOT / "static" / "js").glob("*.js"))]
STYLESHEET = ROOT / "static" / "css" / "app.css"
# Loaded by the few pages that need it.
ADDED = (ROOT / "static" / "css" / "webhooks.css",)
FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "an inline style": re.compile(r"<style|\sstyle=", re.IGNORECASE),
    "an event attribute": re.compile(r"\son\w+\s*=\s*[\"']", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE),
    "an unescaped value": re.compile(r"{%\s*autoescape off|\|\s*safe\s*(?!.*help_text)"),
    "htmx that evaluates": re.compile(r"hx-on|hx-vals=[\"']js:|hx-trigger=[\"'][^\"']*\["),
}
# The console's pages have unfold's classes, the sandbox's its own.
STYLED_ELSEWHERE = {"admin", "billing", "unfold"}
# Help texts are written by us and by libraries, never by a person.
WRITTEN_BY_US = {"templates/components/field.html": "an unescaped value"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_pages_write_nothing_that_the_policy_blocks() -> None:
    found = {
        name(page): rule for page in PAGES for rule, pattern in FORBIDDEN.items() if pattern.search(page.read_text())
    }

    assert found == WRITTEN_BY_US


def test_every_page_is_a_template_that_compiles() -> None:
    for page in PAGES:
        get_template(str(page.relative_to(ROOT / "templates")))


def test_every_form_that_changes_something_carries_its_token() -> None:
    forms = {
        name(page): re.findall(r"<form[^>]*method=\"post\".*?</form>", page.read_text(), re.DOTALL) for page in PAGES
    }

    assert sum(map(len, forms.values())) > 20
    assert [where for where, found in forms.items() for form in found if "csrf_token" not in form] == []


def test_styles_and_scripts_load_nothing_from_elsewhere() -> None:
    foreign = re.compile(r"url\(|@import|https?://|eval\(|new Function")

    assert [name(source) for source in OURS if foreign.search(source.read_text())] == []


def test_the_stylesheet_stays_small() -> None:
    assert STYLESHEET.stat().st_size < 27_000


def test_every_class_of_the_portal_s_pages_is_in_its_stylesheet() -> None:
    sheets = " ".join(sheet.read_text() for sheet in (STYLESHEET, *ADDED))
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", sheets))
    pages = [page for page in PAGES if page.relative_to(ROOT / "templates").parts[0] not in STYLED_ELSEWHERE]
    used = {word for page in pages for value in _classes(page) for word in value}

    assert used - known == set()


def _classes(page: Path) -> list[list[str]]:
    values = re.findall(r'class="([^"]*)"', page.read_text())
    return [re.sub(r"{[{%].*?[%}]}", " ", value).split() for value in values]


def test_vendored_code_names_its_version_and_licence() -> None:
    folders = [folder for folder in (ROOT / "static" / "vendor").iterdir() if folder.is_dir()]

    assert folders
    assert [folder.name for folder in folders if not any(folder.glob("VERSION"))] == []
    assert [
        folder.name for folder in folders if not any(folder.glob("LICENSE*")) and not any(folder.glob("OFL*"))
    ] == []
