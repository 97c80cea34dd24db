"""The staff console's site: who enters, what they see, and what its pages may load."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any
from urllib.parse import urlencode

from allauth.account import views as accounts
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string
from unfold.sites import UnfoldAdminSite

from platform_core import scoping

View = Callable[..., Any]
# The console's pages are driven by Alpine, which evaluates the attributes it finds and sets styles. Only here.
POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]
    """Staff sign in where everybody does, and enter by a cookie of its own. Its pages see every organization."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django's signature
        inner: View = super().admin_view(view, cacheable)

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # Pages are rendered after their view has returned: the request's own middleware ends the scope.
            if self.has_permission(request):
                scoping.enter(scoping.STAFF)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return update_wrapper(csp_replace(POLICY)(entered), view)

    def get_urls(self) -> list[Any]:
        """Django's way from a row to its page on a site: no row of ours has one."""
        return [each for each in super().get_urls() if getattr(each, "name", "") != "view_on_site"]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every page is given it and hardly one shows it: it is made when it is looked at."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def has_permission(self, request: HttpRequest) -> bool:
        """A sign-in of the console's own, with its second factor, of somebody who is staff now."""
        session = import_string(settings.PORTAL_SESSION)(request)
        return session is not None and session.has_two_factor and session.user.is_staff

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No form of its own: limits and second factors hold for staff because they stand at the one door."""
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('portal:console')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = accounts.logout(request)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")
