"""The same settings with faster choices."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="mainstay-test-"))
os.environ.setdefault("CRON_TOKEN", "test-cron-token")
os.environ.setdefault("INTERNAL_TOKEN", "test-internal-token")

from config.settings import *  # noqa: F403
from config.settings import DATABASES, REDIS_URL, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
STRIPE_WEBHOOK_SECRETS = ["whsec_test", "whsec_test_previous"]
CELERY_BROKER_URL = ""
# A thread of its own would not see what a test rolls back.
COUNTS_SECONDS = 0.0
# A test asks as often as it needs to; those of the limits set their own.
SESSION_REQUESTS_PER_MINUTE = 10**6
if not REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Files are looked for when they are asked for: listing them all would be done for each test client.
WHITENOISE_AUTOREFRESH = True
# In memory, SQLite refuses at once whoever meets another thread's lock; in a file they wait for one another.
if "postgresql" in DATABASES["default"]["ENGINE"] and "sqlite" in DATABASES["sandbox"]["ENGINE"]:
    DATABASES["sandbox"]["TEST"] = {"NAME": os.path.join(os.environ["DATA_DIR"], "sandbox-test.sqlite3")}  # noqa: PTH118
