"""The tenant surface of tenants."""

from django.urls import URLPattern, path

from tenants.api.tenant.config import Config
from tenants.api.tenant.heartbeat import Heartbeat
from tenants.api.tenant.register import Register
from tenants.api.tenant.usage import Usage

urlpatterns: list[URLPattern] = [
    path("register", Register.as_view()),
    path("heartbeat", Heartbeat.as_view()),
    path("config", Config.as_view()),
    path("usage", Usage.as_view()),
]
