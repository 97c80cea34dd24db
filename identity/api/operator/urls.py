"""The operator surface of identity."""

from django.urls import URLPattern, path

from identity.api.operator import analytics, auth, users

urlpatterns: list[URLPattern] = [
    path("auth/login", auth.AdminLogin.as_view()),
    path("auth/logout", auth.AdminLogout.as_view()),
    path("analytics/users", analytics.AnalyticsUsers.as_view()),
    path("users", users.UserList.as_view()),
    path("users/<uuid:pk>", users.UserDetail.as_view()),
    path("users/<uuid:pk>/suspend", users.UserSuspend.as_view()),
    path("users/<uuid:pk>/reactivate", users.UserReactivate.as_view()),
]
