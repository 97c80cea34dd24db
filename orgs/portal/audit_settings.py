"""How long the audit log is kept, and where it is sent."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.portal.audit_forms import NewStreamForm, RetentionForm, StreamForm
from orgs.portal.pages import OrganizationPage
from platform_core.errors import DomainError, InvalidInput
from platform_core.models import AuditStream
from platform_core.services import audit_retention, audit_sealing, audit_streams


class AuditSettings(OrganizationPage):
    """Retention, and the list of streams."""

    access = {"GET": roles.AUDIT_READ, "POST": roles.AUDIT_MANAGE}
    unaudited = {"POST": "What is set is audited; that there is now a row to set it in is not."}
    nav = "audit"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RetentionForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        audit_retention.change_policy(self.organization.pk, form.cleaned_data, by=self.actor)
        messages.success(request, "Kept as you said.")
        return redirect("portal:audit-settings")

    def _page(self, form: RetentionForm | None = None) -> HttpResponse:
        chain = audit_sealing.chain_of(self.organization.pk)
        initial = {"retention_days": chain.retention_days, "legal_hold": chain.legal_hold}
        streams = AuditStream.objects.filter(organization_id=self.organization.pk).select_related("endpoint")
        return self.page(
            "portal/orgs/audit_settings.html",
            status=400 if form else 200,
            form=form or RetentionForm(initial=initial),
            chain=chain,
            streams=list(streams.order_by("created_at")),
        )


class NewAuditStream(OrganizationPage):
    """Asks where to, and shows the secret once."""

    access = {"GET": roles.AUDIT_MANAGE, "POST": roles.AUDIT_MANAGE}
    nav = "audit"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("portal/orgs/audit_stream_new.html", form=NewStreamForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewStreamForm(request.POST)
        if form.is_valid():
            try:
                stream, secret = audit_streams.add(self.organization.pk, form.cleaned_data, by=self.actor)
            except InvalidInput as error:
                form.add_error("url", error.message)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return self.page("portal/orgs/audit_stream_secret.html", stream=stream, secret=secret)
        return self.page("portal/orgs/audit_stream_new.html", status=400, form=form)


class AuditStreamDetail(OrganizationPage):
    """How a stream does, and what may be done to it."""

    access = {"GET": roles.AUDIT_READ, "POST": roles.AUDIT_MANAGE}
    nav = "audit"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._page(audit_streams.own(self.organization.pk, pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        stream = audit_streams.own(self.organization.pk, pk)
        match request.POST.get("do"):
            case "test":
                return self._told(request, stream, "A test event is on its way.")
            case "secret":
                secret = audit_streams.renew_secret(stream, by=self.actor)
                return self.page("portal/orgs/audit_stream_secret.html", stream=stream, secret=secret, is_renewed=True)
            case "delete":
                audit_streams.remove(stream, by=self.actor)
                messages.success(request, "Nothing is sent there any more.")
                return redirect("portal:audit-settings")
            case "active" | "paused" as status:
                audit_streams.change(stream, {"status": status}, by=self.actor)
                return redirect("portal:audit-stream", pk)
            case _:
                return self._changed(request, stream)

    def _told(self, request: HttpRequest, stream: AuditStream, text: str) -> HttpResponse:
        try:
            audit_streams.request_test(stream, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, text)
        return redirect("portal:audit-stream", stream.pk)

    def _changed(self, request: HttpRequest, stream: AuditStream) -> HttpResponse:
        form = StreamForm(request.POST)
        if not form.is_valid():
            return self._page(stream, form)
        try:
            audit_streams.change(stream, form.changes, by=self.actor)
        except InvalidInput as error:
            form.add_error("url", error.message)
            return self._page(stream, form)
        messages.success(request, "The stream is changed.")
        return redirect("portal:audit-stream", stream.pk)

    def _page(self, stream: AuditStream, form: StreamForm | None = None) -> HttpResponse:
        return self.page(
            "portal/orgs/audit_stream.html",
            status=400 if form else 200,
            stream=stream,
            form=form or StreamForm(initial={"url": stream.endpoint.url}),
        )
