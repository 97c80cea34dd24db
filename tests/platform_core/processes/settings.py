"""The platform's mechanisms alone, so that a process starts quickly, and one app that uses them."""

import os
from pathlib import Path

from config.settings_test import *  # noqa: F403

INSTALLED_APPS = [
    "platform_core.apps.PlatformCoreConfig",
    "tests.platform_core.processes.outside",
    "django.contrib.auth",
    "django.contrib.contenttypes",
]
AUTH_USER_MODEL = "auth.User"
ROOT_URLCONF = "tests.platform_core.processes.urls"
MIDDLEWARE = []
DATABASE_ROUTERS = []
MIGRATION_MODULES = {}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = Path(os.environ["WORLD"]) / "mail"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent]}]
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "")
