"""Consumers: made here, with an address for their events; a new secret is shown once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminURLInputWidget

from billing.models import Consumer, ConsumerTenant, Purchase
from billing.services import consumers
from platform_core.admin.base import TONES, Operation, StaffInline, StaffModelAdmin, staff_of
from platform_core.errors import InvalidInput
from platform_core.services import webhook_endpoints, webhook_messages

if TYPE_CHECKING:
    from identity.models import User

    _Form = ModelForm[Consumer]
else:
    _Form = ModelForm

RENEW = "renew_secret"


class ConsumerForm(_Form):
    """What staff say of a consumer."""

    events_url = forms.CharField(
        max_length=500,
        required=False,
        label="Events URL",
        widget=UnfoldAdminURLInputWidget,
        help_text="Where its events are posted. It may be an address of our own network.",
    )

    class Meta:
        model = Consumer
        fields = ("key", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.endpoint is not None:
            self.initial["events_url"] = self.instance.endpoint.url

    def clean_events_url(self) -> str:
        """An address that is there stays, or becomes another one."""
        url = str(self.cleaned_data["events_url"])
        try:
            if url:
                consumers.check_url(url)
            elif self.instance.endpoint is not None:
                raise forms.ValidationError("Pause or disable its endpoint instead.")
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from error
        return url


class TenantInline(StaffInline):
    """Its tenants."""

    model = ConsumerTenant
    fields = ("external_id", "name", "organization", "billing_email", "created_at")
    show_change_link = True


def _with_endpoint(consumer: Consumer) -> bool:
    return consumer.endpoint is not None


def _test(consumer: Consumer, by: "User") -> str:
    webhook_messages.send_test(consumers.endpoint_of(consumer), by=by)
    return "on its way; what came of it stands among the deliveries"


@admin.register(Consumer)
class ConsumerAdmin(StaffModelAdmin[Consumer]):
    """A product's back end that sells through us."""

    form = ConsumerForm
    list_display = ("name", "key", "state", "events", "created_at")
    list_filter = ("status",)
    list_select_related = ("endpoint",)
    search_fields = ("key", "name", "id")
    addable = ("key", "name", "events_url")
    editable = ("name", "events_url")
    readonly_fields = ("events",)
    inlines: ClassVar[Sequence[type[StaffInline]]] = (TenantInline,)
    operations: ClassVar[Sequence[Operation]] = (
        Operation("test", "Send a test event", "billing.change_consumer", _test, offered=_with_endpoint),
        Operation(
            "pause",
            "Pause events",
            "billing.change_consumer",
            lambda consumer, by: webhook_endpoints.pause(consumers.endpoint_of(consumer), by=by),
            offered=lambda consumer: _with_endpoint(consumer) and consumer.endpoint.state in ("active", "throttled"),
        ),
        Operation(
            "resume",
            "Resume events",
            "billing.change_consumer",
            lambda consumer, by: webhook_endpoints.resume(consumers.endpoint_of(consumer), by=by),
            offered=lambda consumer: _with_endpoint(consumer) and consumer.endpoint.state != "active",
        ),
        Operation(
            RENEW,
            "New secret",
            "billing.change_consumer",
            lambda consumer, by: consumers.renew_secret(consumer, by=by),
            offered=_with_endpoint,
            is_dangerous=True,
        ),
        Operation(
            "suspend",
            "Suspend",
            "billing.change_consumer",
            lambda consumer, by: consumers.set_status(consumer, Consumer.Status.SUSPENDED, by=by),
            offered=lambda consumer: consumer.status == Consumer.Status.ACTIVE,
            is_dangerous=True,
        ),
        Operation(
            "reactivate",
            "Reactivate",
            "billing.change_consumer",
            lambda consumer, by: consumers.set_status(consumer, Consumer.Status.ACTIVE, by=by),
            offered=lambda consumer: consumer.status == Consumer.Status.SUSPENDED,
        ),
    )

    @display(description="Events", label=TONES | {"paused": "warning", "disabled": "danger", "none": "info"})  # type: ignore[untyped-decorator]
    def events(self, consumer: Consumer) -> str:
        """How its endpoint does."""
        return consumer.endpoint.state if consumer.endpoint is not None else "none"

    @admin.display(description="Events URL")
    def events_url(self, consumer: Consumer) -> str:
        """Where they are posted, for whoever may only look."""
        return consumer.endpoint.url if consumer.endpoint is not None else ""

    def shown(self) -> list[str]:
        return ["id", "key", "name", "status", "created_at", "events_url"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """A secret is shown on a page of its own: one at a time."""
        return {name: action for name, action in super().get_actions(request).items() if name != RENEW}

    def save_model(self, request: HttpRequest, obj: Consumer, form: "ModelForm[Consumer]", change: Any) -> None:
        """The address and its secret are the endpoint's; a new secret is shown in the answer."""
        url = form.cleaned_data.get("events_url", "")
        form.changed_data[:] = [name for name in form.changed_data if name != "events_url"]
        super().save_model(request, obj, form, change)
        if url:
            obj.refresh_from_db()
            request.META["consumer_secret"] = consumers.set_endpoint(obj, url, by=staff_of(request))

    def response_add(self, request: HttpRequest, obj: Consumer, post_url_continue: Any = None) -> HttpResponse:
        return self._with_secret(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Consumer) -> HttpResponse:
        return self._with_secret(request, obj) or super().response_change(request, obj)

    def _with_secret(self, request: HttpRequest, consumer: Consumer) -> HttpResponse | None:
        secret = request.META.pop("consumer_secret", "")
        return self._show(request, consumer, secret, "Its events are signed with this.") if secret else None

    def operate(self, request: HttpRequest, pk: str, operation: str) -> HttpResponse:
        """A new secret is the answer itself: it is kept nowhere in between."""
        if operation != RENEW:
            return super().operate(request, pk, operation)
        self._chosen(request, self.operations, operation)
        consumer = self.get_object(request, pk)
        if consumer is None:
            raise Http404
        secret = consumers.renew_secret(consumer, by=staff_of(request))
        return self._show(request, consumer, secret, "The secret before signs along for 24 hours.")

    def _show(self, request: HttpRequest, consumer: Consumer, secret: str, text: str) -> HttpResponse:
        back = reverse(admin_urlname(self.model._meta, "change"), args=[consumer.pk])  # type: ignore[arg-type]
        context = self.admin_site.each_context(request)
        context |= {"title": f"Signing secret of {consumer}", "secret": secret, "text": text, "back": back}
        return render(request, "admin/secret.html", context)


@admin.register(ConsumerTenant)
class ConsumerTenantAdmin(StaffModelAdmin[ConsumerTenant]):
    """A consumer's customer, and the organization that it is here. Staff attach one that is here already."""

    list_display = ("name", "external_id", "consumer", "organization", "billing_email", "created_at")
    list_filter = ("consumer",)
    list_select_related = ("consumer", "organization")
    search_fields = ("external_id", "name", "organization__name", "billing_email")
    addable = ("consumer", "external_id", "organization", "name", "legal_name", "billing_email")
    autocomplete_fields = ("organization",)


@admin.register(Purchase)
class PurchaseAdmin(StaffModelAdmin[Purchase]):
    """What was bought, by whomever."""

    list_display = ("organization", "price", "kind", "quantity", "amount_minor", "consumer_tenant", "purchased_at")
    list_filter = ("kind", "consumer_tenant__consumer")
    list_select_related = ("organization", "price", "consumer_tenant")
    search_fields = ("organization__name", "price__lookup_key", "consumer_tenant__external_id", "external_id", "id")
    date_hierarchy = "purchased_at"
