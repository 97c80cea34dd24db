"""The WSGI entry: `granian --interface wsgi config.wsgi:application`."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters
from django.utils.module_loading import import_string


class Utf8Request(WSGIRequest):
    """Forms and queries are UTF-8. Django would decode both by any codec that a caller names, and fail on most."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Application(WSGIHandler):
    """Django's, with our request."""

    request_class = Utf8Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
# By name: its module needs the apps.
application = import_string("billing.api.webhooks.direct.DirectReceiver")(Application())
