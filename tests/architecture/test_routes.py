"""A reader who knows a URL knows the file; every verb says who may call it."""

import re
from collections import Counter
from collections.abc import Iterator

from django.contrib.auth.models import Permission
from rest_framework.views import APIView

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.portal.pages import OrganizationPage
from platform_core import routes
from platform_core.api.access import ANYONE, CUSTOMER, INTERNAL, OPEN, PERSON, REGISTRATION, SCHEDULER, SERVER, SESSION
from platform_core.api.envelope import shape_of
from platform_core.api.surfaces import PeopleSurface, StaffSurface, Surface, WebhookSurface
from tests.architecture.prefixes import MANY_DOORS, SURFACES, place_of

PATHS = sorted(routes.api_patterns(), key=lambda entry: entry[0])
WORDS = {ANYONE, CUSTOMER, INTERNAL, PERSON, REGISTRATION, SCHEDULER, SERVER, SESSION, *OPEN}
ORGANIZATION_PERMISSIONS = frozenset(roles.REGISTRY)

WELL_KNOWN = {"/.well-known/jwks.json"}

ROUTES = routes.routes()


def surfaces_of(view: type[APIView]) -> set[str]:
    return {base.__name__ for base in view.__mro__ if base.__name__.endswith("Surface")}


def pages() -> Iterator[tuple[str, type[OrganizationPage]]]:
    """Every page that acts for an organization."""
    for path, pattern in routes.patterns():
        view = getattr(pattern.callback, "view_class", None)
        if isinstance(view, type) and issubclass(view, OrganizationPage):
            yield path, view


def names_of(path: str) -> list[str]:
    place = place_of(path)
    return [rf"\w+\.api\.{place.package}\.{module}" for module in place.modules]


def test_the_url_names_the_file() -> None:
    found = {path: view.__module__ for path, view in PATHS}

    assert found
    assert {p: file for p, file in found.items() if not any(re.fullmatch(name, file) for name in names_of(p))} == {}


def test_the_view_is_on_the_surface_of_its_url() -> None:
    assert [path for path, view in PATHS if not issubclass(view, Surface)] == []
    assert [path for path, view in PATHS if not surfaces_of(view) & SURFACES[place_of(path).package]] == []
    assert [path for path, view in PATHS if view.shape is not shape_of(path)] == []  # type: ignore[attr-defined]


def test_one_path_is_one_class() -> None:
    counts = Counter(path for path, _ in routes.patterns())
    api = {path for path, _ in PATHS}

    assert not [path for path, count in counts.items() if count > 1 and path in api]


def test_one_class_is_one_path() -> None:
    counts = Counter(view for _, view in PATHS if view.__name__ not in MANY_DOORS)

    assert not [view for view, count in counts.items() if count > 1]


def test_a_path_ends_without_a_slash_and_its_parameters_are_typed() -> None:
    # RFC 8615 and RFC 7517 name this one.
    named = {p: p.removeprefix("/.well-known").removesuffix(".json") if p in WELL_KNOWN else p for p, _ in PATHS}

    assert [path for path in named if path.endswith("/")] == []
    pattern = re.compile(r"(/([a-z0-9-]+|<(uuid|int|slug|str):[a-z_]+>))+")
    assert [path for path, name in named.items() if not pattern.fullmatch(name)] == []


def test_every_verb_declares_who_may_call_it() -> None:
    assert [route for route in ROUTES if route.rule == routes.UNDECLARED] == []
    assert [route for route in ROUTES if route.rule not in WORDS and "." not in route.rule] == []


def test_every_declared_verb_is_there() -> None:
    surfaces = [(path, view) for path, view in PATHS if issubclass(view, Surface)]

    assert [path for path, view in surfaces if not view.access] == []
    assert [(path, verb) for path, view in surfaces for verb in view.access if not hasattr(view, verb.lower())] == []


def test_a_permission_exists() -> None:
    known = {
        f"{app_label}.{codename}"
        for app_label, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    words = [route for route in ROUTES if "." not in route.rule]
    ours = [route for route in ROUTES if "." in route.rule and issubclass(route.view, OrganizationSurface)]
    staffs = [route for route in ROUTES if "." in route.rule and not issubclass(route.view, OrganizationSurface)]

    assert [each for each in words if issubclass(each.view, StaffSurface) and each.rule not in {SESSION, ANYONE}] == []
    assert [route for route in ours if route.rule not in ORGANIZATION_PERMISSIONS] == []
    assert [route for route in staffs if not issubclass(route.view, StaffSurface)] == []
    assert [route for route in staffs if route.rule not in known] == []


def test_what_acts_for_an_organization_takes_a_permission_of_the_registry() -> None:
    """Being signed in, or belonging to it, is never enough by itself: every role says what it may."""
    acting = [route for route in ROUTES if issubclass(route.view, OrganizationSurface)]

    assert acting
    assert [route for route in acting if route.rule not in ORGANIZATION_PERMISSIONS] == []


def test_every_permission_is_somebodys_and_asked_for() -> None:
    asked = {route.rule for route in ROUTES}
    asked |= {rule for _, page in pages() for rule in page.access.values()}

    assert frozenset().union(*roles.PERMISSIONS.values()) == ORGANIZATION_PERMISSIONS
    assert asked >= ORGANIZATION_PERMISSIONS


def test_a_page_of_an_organization_takes_a_permission_of_the_registry() -> None:
    acting = [(path, page) for path, page in pages() if not page.personal]

    assert acting
    assert [path for path, page in acting if not set(page.access.values()) <= ORGANIZATION_PERMISSIONS] == []


def test_an_open_verb_is_open_for_a_reason() -> None:
    """A signature is checked on the webhooks' surface only; nothing of staff's is open to anyone."""
    assert [each for each in ROUTES if (each.rule == "signature") != issubclass(each.view, WebhookSurface)] == []
    assert [each for each in ROUTES if each.rule == ANYONE and issubclass(each.view, StaffSurface)] == []
    assert [each for each in ROUTES if each.rule == PERSON and not issubclass(each.view, PeopleSurface)] == []
