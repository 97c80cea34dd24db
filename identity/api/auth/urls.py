"""The auth surface of identity."""

from django.urls import URLPattern, path

from identity.api.auth import (
    callback,
    csrf,
    jwks,
    logout,
    me,
    organization,
    refresh,
    session,
    set_cookie,
    signout,
    step_up,
)

urlpatterns: list[URLPattern] = [
    path("auth/me", me.Me.as_view()),
    path("auth/refresh", refresh.Refresh.as_view()),
    path("auth/step-up", step_up.StepUp.as_view()),
    path("auth/step-up/options", step_up.StepUpOptions.as_view()),
    path("auth/logout", logout.Logout.as_view()),
    path("auth/set-cookie", set_cookie.SetCookie.as_view()),
    path("auth/organization", organization.OrganizationInUse.as_view()),
    path("api/auth/csrf", csrf.Csrf.as_view()),
    path("api/auth/session", session.Session.as_view()),
    path("api/auth/callback/credentials", callback.CallbackCredentials.as_view()),
    path("api/auth/signout", signout.Signout.as_view()),
    path(".well-known/jwks.json", jwks.Jwks.as_view()),
]
