"""The account surface of identity."""

from django.urls import URLPattern, path

from identity.api.account import (
    account,
    account_exports,
    account_photo,
    account_sessions,
    auth,
    auth_code,
    auth_exchange,
)

urlpatterns: list[URLPattern] = [
    path("auth/register", auth.AuthRegister.as_view()),
    path("auth/verify-email", auth.AuthVerifyEmail.as_view()),
    path("auth/login", auth.AuthLogin.as_view()),
    path("auth/refresh", auth.AuthRefresh.as_view()),
    path("auth/logout", auth.AuthLogout.as_view()),
    path("auth/exchange", auth_exchange.AuthExchange.as_view()),
    path("auth/code", auth_code.AuthCode.as_view()),
    path("auth/code/verify", auth_code.AuthCodeVerify.as_view()),
    path("account", account.Account.as_view()),
    path("account/profile", account.AccountProfile.as_view()),
    path("account/password", account.AccountPassword.as_view()),
    path("account/photo", account_photo.AccountPhoto.as_view()),
    path("account/sessions", account_sessions.AccountSessionList.as_view()),
    path("account/sessions/<uuid:pk>", account_sessions.AccountSessionDetail.as_view()),
    path("account/exports", account_exports.AccountExportList.as_view()),
    path("account/exports/<uuid:pk>", account_exports.AccountExportDetail.as_view()),
]
