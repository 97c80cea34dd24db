"""An organization's webhook endpoints: where events of billing go, and what may be done to each."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from billing.portal.webhook_forms import DeliveryFilterForm, ReplayForm, WebhookForm
from billing.services.outbound import EVENTS
from orgs import roles
from orgs.portal.pages import OrganizationPage
from platform_core.errors import DomainError, InvalidInput
from platform_core.models import WebhookEndpoint
from platform_core.services import webhook_endpoints, webhook_messages

PER_PAGE = 25


class WebhookPage(OrganizationPage):
    """What was sent holds what the organization bought: who sees it may also change it."""

    access = {"GET": roles.WEBHOOK_MANAGE, "POST": roles.WEBHOOK_MANAGE}
    nav = "settings"

    def endpoint(self, pk: UUID) -> WebhookEndpoint:
        """One of the organization in use."""
        return webhook_endpoints.own(self.organization.pk, pk)

    def done(self, request: HttpRequest, act: Callable[[], object], text: str) -> None:
        """Tell that it is done, or why it is not."""
        try:
            act()
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, text)


class WebhookList(WebhookPage):
    """Every endpoint."""

    access = {"GET": roles.WEBHOOK_MANAGE}

    def get(self, request: HttpRequest) -> HttpResponse:
        ours = WebhookEndpoint.objects.filter(organization_id=self.organization.pk, owner_type=webhook_endpoints.OWNER)
        return self.page("portal/billing/webhooks.html", endpoints=list(ours.order_by("pk")), events=EVENTS)


class NewWebhook(WebhookPage):
    """Asks where to, and shows the secret once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("portal/billing/webhook_new.html", form=WebhookForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST)
        if form.is_valid():
            try:
                endpoint, secret = webhook_endpoints.add(self.organization.pk, form.cleaned_data, by=self.actor)
            except InvalidInput as error:
                form.add_error("url", error.message)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return self.page("portal/billing/webhook_secret.html", endpoint=endpoint, secret=secret)
        return self.page("portal/billing/webhook_new.html", status=400, form=form)


class WebhookDetail(WebhookPage):
    """How an endpoint does, what was sent there, and what may be done to it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._page(self.endpoint(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoint, by = self.endpoint(pk), self.actor
        match request.POST.get("do"):
            case "test":
                self.done(request, lambda: webhook_messages.send_test(endpoint, by=by), "A test event is on its way.")
            case "pause":
                self.done(request, lambda: webhook_endpoints.pause(endpoint, by=by), "Events wait from now on.")
            case "resume":
                self.done(request, lambda: webhook_endpoints.resume(endpoint, by=by), "Events are sent again.")
            case "secret":
                secret = webhook_endpoints.renew_secret(endpoint, by=by)
                return self.page(
                    "portal/billing/webhook_secret.html", endpoint=endpoint, secret=secret, is_renewed=True
                )
            case "delete":
                webhook_endpoints.remove(endpoint, by=by)
                messages.success(request, "Nothing is sent there any more.")
                return redirect("portal:webhooks")
            case _:
                return self._changed(request, endpoint)
        return redirect("portal:webhook", pk)

    def _changed(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        form = WebhookForm(request.POST)
        if not form.is_valid():
            return self._page(endpoint, form)
        try:
            webhook_endpoints.change(endpoint, form.cleaned_data, by=self.actor)
        except InvalidInput as error:
            form.add_error("url", error.message)
            return self._page(endpoint, form)
        messages.success(request, "The endpoint is changed.")
        return redirect("portal:webhook", endpoint.pk)

    def _page(self, endpoint: WebhookEndpoint, form: WebhookForm | None = None) -> HttpResponse:
        filters = DeliveryFilterForm(self.request.GET)
        asked = filters.asked if filters.is_valid() else {}
        sent = endpoint.deliveries.filter(**asked).order_by("-pk")
        now = {name: getattr(endpoint, name) for name in webhook_endpoints.CHANGEABLE}
        return self.page(
            "portal/billing/webhook.html",
            status=400 if form else 200,
            endpoint=endpoint,
            form=form or WebhookForm(initial=now),
            filters=filters,
            query=urlencode(asked),
            deliveries=Paginator(sent, PER_PAGE).get_page(self.request.GET.get("page")),
        )


class ReplayWebhook(WebhookPage):
    """Everything between two moments once more."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._page(self.endpoint(pk), ReplayForm(), 200)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoint, form = self.endpoint(pk), ReplayForm(request.POST)
        if not form.is_valid():
            return self._page(endpoint, form, 400)
        try:
            count = webhook_messages.replay(endpoint, by=self.actor, **form.asked)
        except DomainError as error:
            form.add_error("until" if isinstance(error, InvalidInput) else None, error.message)
            return self._page(endpoint, form, 400)
        messages.success(request, f"{count} event{'' if count == 1 else 's'} will be sent once more.")
        return redirect("portal:webhook", pk)

    def _page(self, endpoint: WebhookEndpoint, form: ReplayForm, status: int) -> HttpResponse:
        return self.page("portal/billing/webhook_replay.html", status=status, endpoint=endpoint, form=form)
