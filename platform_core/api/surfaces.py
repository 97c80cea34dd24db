"""The base view of each surface: who calls, whose rows they see, and in which shape they are answered.

A view names its surface first and says only what is particular: `access` for each verb, and its verbs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from platform_core import denied, scoping
from platform_core.api import access, csrf, envelope, idempotency, throttling
from platform_core.api.authentication import CronTokenAuthentication, InternalTokenAuthentication
from platform_core.api.pagination import OffsetPage
from platform_core.api.parsing import StrictJSONParser, check_query
from platform_core.errors import EnrolmentRequired, StepUpRequired
from platform_core.models import IdempotentRequest
from platform_core.ratelimit import Usage
from platform_core.scoping import Scope, Scoped
from platform_core.services import audit, daily_counts

if TYPE_CHECKING:
    from identity.models import User

M = TypeVar("M", bound=Model)


class OneRenderer(BaseContentNegotiation):
    """A view answers in its own media type whatever the caller lists: a result beats a 406."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        wanted = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type in (wanted, "*/*")), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class Surface(APIView):
    """What every surface does: authenticate, enter the scope, ask `access`, answer in one shape."""

    access: ClassVar[Mapping[str, str]] = {}
    # Why a verb that writes leaves no audit event, where it does not.
    unaudited: ClassVar[Mapping[str, str]] = {}
    # What a verb may refuse with beyond what its access rule, its address and its body tell already.
    failures: ClassVar[Mapping[str, Sequence[int]]] = {}
    # Whether a POST takes an Idempotency-Key: wherever money, an order or a key comes of it, or it says why not.
    idempotent: ClassVar[bool] = False
    repeatable: ClassVar[str] = ""
    shape: ClassVar[envelope.Shape]
    # Names of security schemes in the API description.
    security: ClassVar[Sequence[str]] = ()
    challenge = 'Bearer realm="mainstay"'

    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    parser_classes: list[type[BaseParser]] = [StrictJSONParser]
    # Every list comes in pages; None for one that is short by its nature.
    pagination_class: type[BasePagination] | None = OffsetPage
    content_negotiation_class = OneRenderer
    metadata_class = None
    # How much of its limit the caller has used.
    usage: Usage | None = None
    filter_backends: ClassVar[Sequence[Any]] = ()
    # The request in hand under an Idempotency-Key.
    in_hand: IdempotentRequest | None = None

    @property
    def allowed_methods(self) -> list[str]:
        """A verb that a generic view brings along is offered only where `access` declares it."""
        verbs = [verb for verb in self.access if hasattr(self, verb.lower())]
        return [*verbs, "HEAD"] if "GET" in verbs else verbs

    def permits(self, rule: str) -> bool:
        """Whether the authenticated caller satisfies a declared rule: a machine's credential is of a kind."""
        return getattr(self.request.auth, "kind", None) == rule

    def scope(self) -> Scope | None:
        """Whose rows the authenticated caller may see at all."""
        return None

    def get_authenticate_header(self, request: Request) -> str:
        return self.challenge

    def perform_authentication(self, request: Request) -> None:
        """Who calls; then how often they do, whatever comes of it; then, and only then, whose rows are in sight."""
        super().perform_authentication(request)
        self.usage = throttling.spend(request.auth)
        scoping.enter(self.scope())
        daily_counts.add(self.counted_for, "api_calls_total")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_query(request.query_params)
        self.in_hand = idempotency.begin(self, request)

    @property
    def counted_for(self) -> UUID | None:
        """The organization whose call this is, as far as it is known by now: none is looked up for the count."""
        return getattr(self.request.auth, "counted_for", None)

    @property
    def caller(self) -> str:
        """Whose Idempotency-Keys are told apart from everybody else's."""
        return cast("str", self.request.auth.limited_as)  # type: ignore[union-attr]

    @property
    def idempotency_key(self) -> str:
        """What services hand on so that a request that runs again does nothing again; empty where no key came."""
        return self.in_hand.digest if self.in_hand else ""

    def handle_exception(self, exc: Exception) -> Response:
        """What is expected becomes an answer. After anything else the same request may be made again at once."""
        if isinstance(exc, idempotency.Replayed):
            return cast("Response", exc.response())
        try:
            return super().handle_exception(exc)
        except Exception:
            if self.in_hand is not None:
                idempotency.give_up(self.in_hand)
            raise

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and not response.exception and response.status_code != 204:  # noqa: PLR2004
            response.data = self.shape.success(response.data)
        # Answers are somebody's: no cache on the way keeps them.
        response.headers.setdefault("Cache-Control", "no-store")
        for name, value in self.usage.headers.items() if self.usage else ():
            response.headers[name] = value
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.in_hand is not None:
            idempotency.end(self.in_hand, response)
        return response

    def page(self, found: QuerySet[Any] | Sequence[Any], serializer: type[BaseSerializer[Any]]) -> Response:
        """One page of a list, for views that are not one of REST framework's generic lists."""
        if self.pagination_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} has no pages.")
        paginator = self.pagination_class()
        rows = paginator.paginate_queryset(found, self.request, view=self)
        context = {"request": self.request, "view": self}
        return paginator.get_paginated_response(serializer(rows, many=True, context=context).data)

    def validated(self, serializer: type[Serializer[Any]], *, query: bool = False) -> dict[str, Any]:
        """The body (or the query) as the serializer accepts it; 400 naming the fields otherwise."""
        given = self._query() if query else self.request.data
        reader = serializer(data=given, context={"request": self.request, "view": self})
        reader.is_valid(raise_exception=True)
        return cast("dict[str, Any]", reader.validated_data)

    def _query(self) -> dict[str, Any]:
        """The query without the words that the page itself reads; a word that is said twice is refused."""
        paging = getattr(self.pagination_class, "parameters", ())
        given = {name: values for name, values in self.request.query_params.lists() if name not in paging}
        repeated = {name: ["Given more than once."] for name, values in given.items() if len(values) > 1}
        if repeated:
            raise ValidationError(repeated)
        return {name: values[0] for name, values in given.items()}


class PeopleSurface(Surface):
    """Called by people. `callers` names the list of authentication classes in the settings."""

    callers = "person"
    security: ClassVar[Sequence[str]] = ("personBearer", "personCookie", "session")
    # What a dangerous verb is for: its caller must have proved just before, and for that, that it is still they.
    step_up: ClassVar[Mapping[str, str] | str] = ""

    def get_authenticators(self) -> list[BaseAuthentication]:
        # By dotted path: identity is above this package.
        return [import_string(path)() for path in settings.SURFACE_AUTHENTICATION[self.callers]]

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        if request.successful_authenticator is not None and getattr(request.auth, "kind", None) != "bearer":
            csrf.enforce(request)

    def check_permissions(self, request: Request) -> None:
        """Who may call at all is told first; then who must prove themselves again."""
        super().check_permissions(request)
        purpose = access.step_up_for(self, str(request.method))
        if purpose and not request.auth.has_stepped_up(purpose):  # type: ignore[union-attr]
            raise StepUpRequired(purpose)

    def handle_exception(self, exc: Exception) -> Response:
        """Whoever asked for what is not theirs is told of, once whatever they had begun is undone."""
        if denied.is_denial(exc) and self.request.user.is_authenticated:
            rule = access.rule_for(self, str(self.request.method)) or ""
            status = getattr(exc, "status", 403)
            denied.tell(self.request._request, self.denied_as, wanted=rule, status=status)
        return super().handle_exception(exc)

    @property
    def caller(self) -> str:
        """The person, however they signed in."""
        return f"person:{self.actor.pk}"

    @property
    def denied_as(self) -> Model:
        """Whose record tells of what the caller may not do; by itself, the platform's."""
        return self.actor

    @property
    def has_two_factor(self) -> bool:
        """Whether the caller proved a second factor when they signed in."""
        return getattr(self.request.auth, "has_two_factor", False)

    @property
    def signed_in_at(self) -> datetime:
        """When the caller proved who they are."""
        moment: datetime = self.request.auth.signed_in_at  # type: ignore[union-attr]
        return moment

    @property
    def actor(self) -> "User":
        """The person who calls."""
        if not self.request.user.is_authenticated:
            raise NotAuthenticated
        return self.request.user

    def _audited(self, verb: str, write: Callable[[], Model], changes: Mapping[str, Any]) -> None:
        with transaction.atomic():
            row = write()
            audit.record(f"{row._meta.model_name}.{verb}", row, by=self.actor, changes=changes)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """REST framework's generic create, in one transaction with its audit event."""
        self._audited("create", serializer.save, serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """REST framework's generic update, in one transaction with its audit event."""
        self._audited("update", serializer.save, serializer.validated_data)

    def perform_destroy(self, instance: Model) -> None:
        """REST framework's generic delete, in one transaction with its audit event."""
        with transaction.atomic():
            audit.record(f"{instance._meta.model_name}.delete", instance, by=self.actor)
            instance.delete()


class CustomersSurface(PeopleSurface):
    """Called by customers: every queryset is narrowed to what the caller may see."""

    words: ClassVar[frozenset[str]] = frozenset({access.PERSON, access.CUSTOMER})
    # Whether its requests are about the organization that the credential names.
    acts_for_one: ClassVar[bool] = False

    def permits(self, rule: str) -> bool:
        return rule in self.words

    def scope(self) -> Scope | None:
        user = self.request.user
        if not user.is_authenticated:
            return None
        reach: Callable[..., frozenset[UUID]] = import_string(settings.SURFACE_ORGANIZATIONS)
        if not self.acts_for_one:
            since = self.signed_in_at
            return scoping.FoundWhenAsked(partial(reach, user, two_factor=self.has_two_factor, signed_in_at=since))
        acting_for = getattr(self.request.auth, "organization_id", None)
        found = reach(user, two_factor=self.has_two_factor, signed_in_at=self.signed_in_at, acting_for=acting_for)
        return scoping.of_organizations(found)

    @property
    def caller(self) -> str:
        """The person, and the organization that the request is about where only the credential names it."""
        return f"{super().caller}:{self.request.auth.organization_id}" if self.acts_for_one else super().caller  # type: ignore[union-attr]

    def narrow(self, queryset: QuerySet[M]) -> QuerySet[M]:
        """Only the rows that the caller may see; another's row does not exist for them."""
        if not issubclass(queryset.model, Scoped):
            return queryset
        visible_to = getattr(queryset, "visible_to", None)
        if visible_to is None:
            raise ImproperlyConfigured(f"{queryset.model.__name__} is shown to customers and has no visible_to().")
        return cast("QuerySet[M]", visible_to(self.actor))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Lists and single rows of generic views both pass here."""
        return self.narrow(super().filter_queryset(queryset))  # type: ignore[misc]


class StaffSurface(PeopleSurface):
    """Called by staff: Django's permissions decide, and every organization is in sight."""

    callers = "staff"
    words: ClassVar[frozenset[str]] = frozenset({access.SESSION})

    def permits(self, rule: str) -> bool:
        user = self.actor
        if not user.is_staff:
            return False
        if not self.has_two_factor:
            raise EnrolmentRequired
        return rule in self.words or (access.is_staff_permission(rule) and user.has_perm(rule))

    def scope(self) -> Scope | None:
        return scoping.STAFF if self.request.user.is_authenticated and self.request.user.is_staff else None


class HubSurface(Surface):
    """Answers `{success, data, meta?}`."""

    shape = envelope.HUB


class PlatformSurface(Surface):
    """Answers the bare object."""

    shape = envelope.PLATFORM


class AdminSurface(HubSurface, StaffSurface):
    """`/api/v1/admin/`: staff."""


class OperatorSurface(PlatformSurface, StaffSurface):
    """`/api/admin/`, and staff's verbs elsewhere on the platform's prefixes."""


class CustomerSurface(HubSurface, CustomersSurface):
    """`/api/v1/customer/`: people, about their organizations' servers."""

    acts_for_one = True


class SessionSurface(HubSurface, CustomersSurface):
    """`/api/v1/{auth,profile}`: whoever is signed in, staff or not, about themselves. Open before enrolment."""

    words: ClassVar[frozenset[str]] = frozenset({access.PERSON, access.SESSION})


class PersonSurface(PlatformSurface, CustomersSurface):
    """`/api/v1/{users,organizations,billing}`, `/api/user/`, `/auth/`: people."""


class PublicHubSurface(HubSurface):
    """`/api/v1/public/`: anyone."""


class PublicPlatformSurface(PlatformSurface):
    """`/health` and `/api/v1/health`: anyone."""


class CronSurface(HubSurface):
    """`/api/v1/cron/`: the scheduler."""

    authentication_classes = [CronTokenAuthentication]
    security: ClassVar[Sequence[str]] = ("cronToken",)
    challenge = 'CronToken realm="mainstay"'

    def scope(self) -> Scope | None:
        return scoping.SYSTEM if self.request.successful_authenticator else None


class InternalSurface(PlatformSurface):
    """`/internal/`: our own services."""

    authentication_classes = [InternalTokenAuthentication]
    security: ClassVar[Sequence[str]] = ("internalToken",)
    challenge = 'InternalToken realm="mainstay"'

    def scope(self) -> Scope | None:
        return scoping.SYSTEM if self.request.successful_authenticator else None


class WebhookSurface(PlatformSurface):
    """Signed messages of outside systems. The body's signature is the credential, so it stays as it came."""

    parser_classes = []

    def scope(self) -> Scope | None:
        return scoping.SYSTEM
