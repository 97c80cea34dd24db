"""Every setting, read from the environment; each variable is documented in docs/configuration.md.

The defaults need no service: SQLite, the embedded worker, the sandbox payment provider, mail in a folder.
"""

import secrets
from contextlib import suppress
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from config.csp import POLICY
from config.description import DESCRIPTION
from config.logs import logging
from config.row_security import guarded
from config.unfold import look

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def kept_secret(name: str) -> str:
    """A secret made on the first start and kept in DATA_DIR, so that nothing has to be configured to begin."""
    path = DATA_DIR / name
    if not path.exists():
        # Written whole, then named: of processes that start at once, one names its own and all read that one.
        partial = DATA_DIR / f".{name}.{secrets.token_hex(8)}"
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(partial)
        partial.unlink()
    return path.read_text().strip()


# --- The instance -------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or kept_secret("secret_key")
# Newest first: the first key encrypts, all of them decrypt.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[]) or [kept_secret("field_key")]
# Newest first, as "<id>:<secret>": tokens are stored as HMAC-SHA-256 under the first, verified under any.
TOKEN_PEPPERS = env.list("TOKEN_PEPPERS", default=[]) or [f"p1:{kept_secret('token_pepper')}"]
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
SITE_NAME = env.str("SITE_NAME", "Mainstay")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname or "localhost", "localhost", "127.0.0.1"]
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "platform_core.fallback.csrf_failure"
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "identity.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "platform_core.apps.PlatformCoreConfig",
    "orgs.apps.OrgsConfig",
    "identity.apps.IdentityConfig",
    "billing.apps.BillingConfig",
    "billing.providers.sandbox.apps.SandboxConfig",
    "tenants.apps.TenantsConfig",
    "unfold.apps.BasicAppConfig",
    "platform_core.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "billing.providers.stripe.apps.MirrorConfig",
    "csp",
]

MIDDLEWARE = [
    "platform_core.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "platform_core.middleware.NulMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "platform_core.middleware.ConsoleCookieMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "identity.middleware.SessionMiddleware",
    "identity.middleware.ImpersonationMiddleware",
    "identity.middleware.LimitsMiddleware",
    "identity.middleware.StepUpMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "platform_core.middleware.ScopeMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "platform_core.portal.context.site",
                "identity.portal.context.impersonation",
            ],
            "libraries": {
                "amounts": "platform_core.portal.templatetags.amounts",
                "charts": "platform_core.portal.templatetags.charts",
                "devices": "identity.portal.templatetags.devices",
                "qr": "identity.portal.templatetags.qr",
                "money": "billing.portal.templatetags.money",
            },
        },
    },
]

# --- Databases ----------------------------------------------------------------------------------------------------
SQLITE_OPTIONS = {
    # A deferred transaction that turns into a write fails at once when another writes; IMMEDIATE waits its turn.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}


def database(variable: str, default: Path) -> dict[str, Any]:
    """One database from a URL: none is the default's, as is the empty one of a compose file."""
    url = env.str(variable, "") or f"sqlite:///{default}"
    if url.partition("://")[0] not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(f"{variable}: wanted sqlite:///path or postgres://user:password@host:port/name")
    config: dict[str, Any] = env.db_url_config(url)
    # Opening SQLite's file for each request costs more than most requests: the last to close it empties the log.
    config.setdefault("CONN_MAX_AGE", env.int("DATABASE_CONN_MAX_AGE", 60))
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {**SQLITE_OPTIONS, **config.get("OPTIONS", {})}
    else:
        config["CONN_HEALTH_CHECKS"] = True
        # After so many times a statement that binds its values on the server is planned once and for all.
        config["OPTIONS"] = {"prepare_threshold": 5, **config.get("OPTIONS", {})}
    return config


PLATFORM_RLS = env.bool("PLATFORM_RLS", False)
DATABASES = {"default": guarded(database("DATABASE_URL", DATA_DIR / "mainstay.sqlite3"), asked=PLATFORM_RLS)}
DATABASE_ROUTERS = ["billing.providers.sandbox.router.SandboxRouter"]
# dj-stripe's own migrations take 45 seconds to run; ours create the same tables in one step.
MIGRATION_MODULES = {"djstripe": "billing.providers.stripe.migrations"}

REDIS_URL = env.str("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mainstay",
    }
    if REDIS_URL
    # In-memory caches are per process, and nothing in them is seen by the others.
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}

# --- Celery -------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "") or REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30.0
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A request whose rows are committed does not wait for a broker that is away: workers find the rows by themselves.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0, "socket_connect_timeout": 2.0}
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", "mainstay")
CELERY_TIMEZONE = "UTC"

# --- Worker -------------------------------------------------------------------------------------------------------
# How long a row belongs to a worker that gives no sign of life; it is renewed while the work goes on.
WORKER_LEASE_SECONDS = env.float("WORKER_LEASE_SECONDS", 60.0)

# --- Time and language --------------------------------------------------------------------------------------------
USE_TZ, TIME_ZONE = True, "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"

# --- Accounts -----------------------------------------------------------------------------------------------------
# One alone: with two, a wrong password would be hashed twice and tell by its time that the address is known.
AUTHENTICATION_BACKENDS = ["identity.backends.PeopleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("portal:home")
ACCOUNT_ADAPTER = "identity.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# A person has one address. Another takes its place when it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {
    "add_email": "identity.portal.account_forms.AddressForm",
    "change_password": "identity.portal.forms.ChangePasswordForm",
    "signup": "identity.portal.forms.SignupForm",
    "reset_password_from_key": "identity.portal.forms.ResetPasswordKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Only "mandatory" keeps from whoever signs up and then signs in whether the address had an account before.
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", "mandatory")
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
# Ours are counted for pages and API together: identity/services/limits.py.
ACCOUNT_RATE_LIMITS = False
# Access tokens are short because only their session row can be revoked at once.
ACCESS_TOKEN_SECONDS = env.int("ACCESS_TOKEN_SECONDS", 300)
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", 14 * 86400)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", 30 * 86400)
STAFF_INVITATION_HOURS = env.int("STAFF_INVITATION_HOURS", 72)
INVITATION_HOURS = env.int("INVITATION_HOURS", 168)
ORGANIZATION_RESTORE_DAYS = env.int("ORGANIZATION_RESTORE_DAYS", 30)
PROVIDER_EVENT_DAYS = env.int("PROVIDER_EVENT_DAYS", 90)
IMPERSONATION_NOTICE = env.bool("IMPERSONATION_NOTICE", True)
CONSOLE_IDLE_SECONDS = env.int("CONSOLE_IDLE_SECONDS", 3600)
CONSOLE_ABSOLUTE_SECONDS = env.int("CONSOLE_ABSOLUTE_SECONDS", 12 * 3600)
# The cookie may outlive the sign-in that it carries, never the other way round.
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS

# How often a caller may ask of the API. Machines have buckets of their own.
SESSION_REQUESTS_PER_MINUTE = env.int("SESSION_REQUESTS_PER_MINUTE", 60)
CREDENTIAL_REQUESTS_PER_MINUTE = env.int("CREDENTIAL_REQUESTS_PER_MINUTE", 3000)
# What each process has counted is written so often.
COUNTS_SECONDS = env.float("COUNTS_SECONDS", 5.0)
if not COUNTS_SECONDS > 0:
    raise ImproperlyConfigured("COUNTS_SECONDS is more than 0: otherwise nothing that is counted would be written.")

# --- HTTP security ------------------------------------------------------------------------------------------------
SESSION_ENGINE = "identity.browser_sessions"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SAMESITE = "Lax"
# The staff console's own: what a page of the portal sets is worth nothing there.
CONSOLE_PATH = "/admin/"
CONSOLE_COOKIE_NAME = "__Host-staff" if HTTPS else "staff"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
CONTENT_SECURITY_POLICY = POLICY

# --- REST framework -----------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["platform_core.api.access.DeclaredAccess"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "platform_core.api.schema.SurfaceSchema",
    "EXCEPTION_HANDLER": "platform_core.api.errors.handle_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "COERCE_DECIMAL_TO_STRING": True,
}
# Dotted paths, because the surfaces stand below the apps that know people and organizations.
SURFACE_AUTHENTICATION = {
    callers: [
        "identity.api.authentication.BearerAuthentication",
        "identity.api.authentication.CookieAuthentication",
        "identity.api.authentication.SessionAuthentication",
    ]
    for callers in ("person", "staff")
}
SURFACE_ORGANIZATIONS = "orgs.selectors.organizations_in_reach"
ORGANIZATION_MODEL = "orgs.Organization"
PORTAL_SESSION = "identity.services.sessions.of_request"
SPECTACULAR_SETTINGS = DESCRIPTION

# --- Static files -------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", True)
WHITENOISE_AUTOREFRESH = DEBUG

# --- Files of people ----------------------------------------------------------------------------------------------
# Private: pictures and exports are handed out by our own views, never by the storage's addresses.
S3_BUCKET = env.str("S3_BUCKET", "")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", "")
S3_REGION = env.str("S3_REGION", "")
S3_ACCESS_KEY = env.str("S3_ACCESS_KEY", "")
S3_SECRET_KEY = env.str("S3_SECRET_KEY", "")
MEDIA_ROOT = DATA_DIR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT_URL or None,
            "region_name": S3_REGION or None,
            "access_key": S3_ACCESS_KEY or None,
            "secret_key": S3_SECRET_KEY or None,
            "default_acl": None,
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- Mail ---------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Mainstay <mainstay@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
CONTACT_EMAIL = env.str("CONTACT_EMAIL", "") or parseaddr(DEFAULT_FROM_EMAIL)[1]

# --- Payments -----------------------------------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", "")
# Newest first; every one of them is accepted while a secret is being replaced.
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_VERSION = "2026-08-26.dahlia"
# Without a Stripe key the in-process sandbox takes Stripe's place.
SANDBOX = env.bool("SANDBOX", not STRIPE_SECRET_KEY)
if SANDBOX:
    if "_live_" in STRIPE_SECRET_KEY:
        raise ImproperlyConfigured("The sandbox refuses to start beside a live Stripe key: unset SANDBOX or the key.")
    DATABASES["sandbox"] = database("SANDBOX_DATABASE_URL", DATA_DIR / "sandbox.sqlite3")
    STRIPE_SECRET_KEY = "sk_test_" + "mainstaysandbox0000000000"
    STRIPE_WEBHOOK_SECRETS = STRIPE_WEBHOOK_SECRETS or [f"whsec_{kept_secret('sandbox_webhook_secret')}"]
else:
    # Browsers hold a form's redirect to the same rule as the form itself.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("https://checkout.stripe.com")
STRIPE_LIVE_MODE = "_live_" in STRIPE_SECRET_KEY
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_SECRET_KEY
STRIPE_LIVE_SECRET_KEY = STRIPE_SECRET_KEY if STRIPE_LIVE_MODE else ""
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_MODEL = "orgs.Organization"
FOUNDING_MEMBER_SPOTS = env.int("FOUNDING_MEMBER_SPOTS", 100)
INVOICE_ISSUER = env.str("INVOICE_ISSUER", "Mainstay Demo Ltd\\n1 Harbour Street\\nDublin, Ireland").replace(
    "\\n", "\n"
)
INVOICE_FONTS = [Path(path) for path in env.list("INVOICE_FONTS", default=[])]

# After its end, a billing period waits this long for the last hour's reports before its figures freeze. Stripe keeps a
# renewal open for additions for an hour. The sandbox's clock jumps: there is nothing to wait for.
USAGE_GRACE_SECONDS = env.int("USAGE_GRACE_SECONDS", 0 if SANDBOX else 900)

# --- Machine callers ----------------------------------------------------------------------------------------------
# Empty: the surface is closed.
CRON_TOKEN = env.str("CRON_TOKEN", "")
INTERNAL_TOKEN = env.str("INTERNAL_TOKEN", "")

# --- Outside calls ------------------------------------------------------------------------------------------------
# Networks (CIDR) that outgoing calls may reach although they are private, such as a tenant network.
OUTBOUND_ALLOW = env.list("OUTBOUND_ALLOW", default=[])
OUTBOUND_TIMEOUT_SECONDS = env.float("OUTBOUND_TIMEOUT_SECONDS", 10.0)

# --- Tenant servers -----------------------------------------------------------------------------------------------
PROVISIONER = env.str("PROVISIONER", "process")
TENANT_ROOT = Path(env.str("TENANT_ROOT", str(DATA_DIR / "tenants")))
# A tenant's address is <organization>.<TENANT_DOMAIN>. Names under .localhost need no DNS server (RFC 6761).
TENANT_DOMAIN = env.str("TENANT_DOMAIN", "tenants.localhost")
DNS_NAMESERVERS = env.list("DNS_NAMESERVERS", default=[])
HEARTBEAT_SECONDS = env.int("HEARTBEAT_SECONDS", 300)
# Agents of the `process` back end invent so many tokens of usage an hour. For demonstrations only.
DEMO_TOKENS_PER_HOUR = env.int("DEMO_TOKENS_PER_HOUR", 0)

LOGGING = logging(LOG_LEVEL)
UNFOLD = look(SITE_NAME)
