"""Chromium and the demo, once for all of these tests; a fresh visitor for each."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import demo as demos
from tests.browser.demo import Demo
from tests.browser.visitor import SCREENSHOTS, Visitor, visiting

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Visit = Callable[..., AbstractContextManager[Visitor]]


@pytest.hookimpl(trylast=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """The demo has databases of its own: these tests need none."""
    item.own_markers[:] = [marker for marker in item.own_markers if marker.name != "django_db"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "No Chromium here: install it, or name it in CHROMIUM."
    SCREENSHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that serves; the one named in DEMO_CREDENTIALS saves the wait for another."""
    if given := os.environ.get("DEMO_CREDENTIALS"):
        yield demos.already_running(Path(given))
        return
    directory: Path = tmp_path_factory.mktemp("demo")
    with demos.running(directory) as running:
        yield running


@pytest.fixture
def passer_by(demo: Demo, chromium: Browser) -> Visit:
    """`with passer_by() as visitor:` somebody comes along who needs no account, nor the company that is seeded."""
    return partial(visiting, demo, chromium)


@pytest.fixture
def visit(demo: Demo, chromium: Browser) -> Visit:
    """`with visit() as visitor:` somebody new comes along, when all is there."""
    assert demo.credentials
    return partial(visiting, demo, chromium)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """While the demo's company is seeded, those who do not need it go first."""
    items.sort(key=lambda item: "passer_by" not in getattr(item, "fixturenames", ()))
