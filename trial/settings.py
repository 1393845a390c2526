"""One settings file, driven by the environment, embedded by default.

Without any variable set, Chimera is a registry in one folder (`CHIMERA_HOME`): SQLite, a broker of files,
keys made at the first start. A real site sets `CHIMERA_PRODUCTION=yes`, `DATABASE_URL`, `CHIMERA_BROKER_URL`
and the secrets; what is unsafe is then refused at start.
"""

from datetime import timedelta
from pathlib import Path

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg import IsolationLevel

from trial import environment
from trial.logs import logging_config
from trial.storage.access import access_from_environment

BASE_DIR = Path(__file__).resolve().parent.parent
CHIMERA_HOME = Path(environment.text("CHIMERA_HOME", str(BASE_DIR / "var"))).resolve()
PRODUCTION = environment.flag("CHIMERA_PRODUCTION")
CHIMERA_HOME.mkdir(parents=True, exist_ok=True)

# --- secrets ---------------------------------------------------------------------------------------------
SECRET_KEY = environment.secret(
    "CHIMERA_SECRET_KEY", kept_at=CHIMERA_HOME / "keys" / "secret_key", required=PRODUCTION
)
IDENTITY_KEY = environment.secret(
    "CHIMERA_IDENTITY_KEY", kept_at=CHIMERA_HOME / "keys" / "identity_key", required=PRODUCTION
)
# Those that sign the trail are read at each signing: a lost one stops no save. The second is for a change.
SEAL_KEY, NEW_SEAL_KEY = (
    environment.secret_place(
        f"CHIMERA_{name.upper()}", kept_at=None if PRODUCTION else CHIMERA_HOME / "keys" / name
    )
    for name in ("seal_key", "new_seal_key")
)
# Where a sealer holds them, under a user of its own: the socket at which it answers.
SEALER = Path(named) if (named := environment.text("CHIMERA_SEALER")) else None
# The seals outside the database: where a sealer runs, in a folder that it alone writes.
ANCHOR_DIR = Path(named) if (named := environment.text("CHIMERA_ANCHOR_DIR")) else None
if PRODUCTION and not (SEAL_KEY.is_named or SEALER):
    raise ImproperlyConfigured(
        "CHIMERA_SEAL_KEY (or CHIMERA_SEAL_KEY_FILE), or CHIMERA_SEALER, must be set in production"
    )
SECOND_FACTOR_KEY = environment.secret(
    "CHIMERA_SECOND_FACTOR_KEY", kept_at=CHIMERA_HOME / "keys" / "second_factor_key", required=PRODUCTION
)
DEBUG = environment.flag("CHIMERA_DEBUG")
ALLOWED_HOSTS = environment.words("CHIMERA_HOSTS", "127.0.0.1,localhost,[::1],testserver")
if PRODUCTION and (DEBUG or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured("production refuses CHIMERA_DEBUG and CHIMERA_HOSTS=*")

# --- what runs -------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_linear_migrations",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "trial",
    "patients",
    "analytics",
]
MIDDLEWARE = [
    "trial.call_stack.RoomForCalls",
    "trial.logs.RequestLine",
    "trial.installation.counting.CountRequests",
    "trial.compression.CompressPages",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "patients.web.expired.KeepWhatWasTyped",  # outside of what sends people to sign in again
    "trial.people.middleware.SessionLimits",
    "trial.people.middleware.SecondFactorFirst",
    "trial.people.middleware.Declared",  # what declares nothing is closed
    "trial.people.middleware.ActorMiddleware",
    "axes.middleware.AxesMiddleware",  # an answer to somebody locked becomes 429
]
ROOT_URLCONF = "trial.urls"
WSGI_APPLICATION = "trial.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trial.people.sessions.shown",
            ],
            "libraries": {"chimera": "patients.web.templatetags.chimera"},
        },
    }
]

LOGGING = logging_config(as_json=PRODUCTION)

# --- database --------------------------------------------------------------------------------------------
_SQLITE = f"sqlite:///{CHIMERA_HOME / 'chimera.sqlite3'}"
DATABASES = {
    "default": dj_database_url.parse(environment.text("DATABASE_URL", _SQLITE), conn_health_checks=True)
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: deferred transactions fail under concurrent writers. FULL: a save survives a power cut.
    # recursive_triggers: without it INSERT OR REPLACE overwrites an append-only row past its trigger.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON",
    }
else:  # with what its address asks for, as TLS and which of several hosts
    DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), "pool": True}
# What leaves and bears some lag is read there (`replica.py`): each time as of one moment, and never written.
if _replica := environment.text("REPLICA_DATABASE_URL"):
    if "pool" not in DATABASES["default"]["OPTIONS"]:
        raise ImproperlyConfigured("REPLICA_DATABASE_URL: only PostgreSQL has replicas")
    DATABASES["replica"] = dj_database_url.parse(_replica, conn_health_checks=True)
    _asked_for = DATABASES["replica"].get("OPTIONS", {})
    DATABASES["replica"]["OPTIONS"] = {
        **_asked_for,
        "pool": {"timeout": 2},  # seconds that a request waits for one that is away
        "isolation_level": IsolationLevel.REPEATABLE_READ,
        "options": f"{_asked_for.get('options', '')} -c default_transaction_read_only=on".lstrip(),
    }
    DATABASE_ROUTERS = ["trial.replica.ReplicaReads"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SIMPLE_HISTORY_DATE_INDEX = "Composite"

# --- people ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "trial.Account"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "trial.people.backend.AccountBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "trial.people.passwords.MaximumLength", "OPTIONS": {"max_length": 128}},
    {"NAME": "trial.people.passwords.NotGuessable"},
    {"NAME": "trial.people.passwords.NoContextWord"},
]
SESSION_IDLE_SECONDS = int(environment.text("CHIMERA_SESSION_IDLE_SECONDS", str(30 * 60)))
SET_UP_LINK_SECONDS = 60 * 60

ACCOUNT_ADAPTER = "trial.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "user_name"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # what a sign-in asks for; there is no sign-up
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # axes counts, in the database and for all workers
MFA_ADAPTER = "trial.people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "trial.people.sign_in.CodeForm",
    "authenticate_webauthn": "trial.people.sign_in.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Chimera"
MFA_TOTP_TOLERANCE = 1  # a step of 30 s either way: clocks of telephones drift
MFA_RECOVERY_CODE_COUNT = 10
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # a demo on loopback has no TLS

AXES_HANDLER = "trial.people.limits.Limits"
AXES_FAILURE_LIMIT = 5
ADDRESS_FAILURE_LIMIT = int(environment.text("CHIMERA_ADDRESS_FAILURE_LIMIT", "30"))  # a ward shares one
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody is locked longer by another's tries
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_USERNAME_FORM_FIELD = "login"
# What axes must not keep of a form: people type passwords into any field.
AXES_SENSITIVE_PARAMETERS = ["login", "code", "credential", "again", "next", "csrfmiddlewaretoken"]
AXES_USERNAME_CALLABLE = "trial.people.limits.counted_name"
AXES_CLIENT_IP_CALLABLE = "trial.people.limits.address_of"
AXES_CLIENT_STR_CALLABLE = "trial.people.limits.counted_as"
AXES_LOCKOUT_CALLABLE = "trial.people.limits.locked_answer"
AXES_DISABLE_ACCESS_LOG = True  # the trail keeps who signed in
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# --- mail: to the security contact about a locked account (ES-08), to the safety contacts of a site --------
SECURITY_CONTACT = environment.text("CHIMERA_SECURITY_CONTACT", "")
_MAIL_HOST = environment.text("CHIMERA_MAIL_HOST", "localhost" if SECURITY_CONTACT else "")
MAIL_LEAVES = bool(_MAIL_HOST)  # else it is written to the console, and the page of safety says so
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_LEAVES else 'console'}.EmailBackend"
EMAIL_HOST = _MAIL_HOST or "localhost"
EMAIL_PORT = int(environment.text("CHIMERA_MAIL_PORT", "25"))
EMAIL_HOST_USER = environment.text("CHIMERA_MAIL_USER", "")
EMAIL_HOST_PASSWORD = environment.text("CHIMERA_MAIL_PASSWORD", "")
_MAIL_SECURITY = environment.text("CHIMERA_MAIL_SECURITY", "none")
if _MAIL_SECURITY not in ("none", "starttls", "tls"):
    raise ImproperlyConfigured("CHIMERA_MAIL_SECURITY: expected none, starttls or tls")
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL_SECURITY == "starttls", _MAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 5  # seconds; a request waits for it
DEFAULT_FROM_EMAIL = environment.text("CHIMERA_MAIL_FROM", "chimera@localhost")

# --- language and time: stored in UTC, shown in the site's zone --------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = CHIMERA_HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

# --- security --------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
CSRF_FAILURE_VIEW = "patients.web.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds; absolute limit of a session
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^health/"]  # asked from the host itself, in clear
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a laboratory page has many rows
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes of a form, files not counted
DATA_UPLOAD_MAX_NUMBER_FILES = 5
# Files stay in memory: on the disk they would lie in clear. How large they may be is said there.
FILE_UPLOAD_HANDLERS = ["patients.web.receiving.InMemory"]

# --- REST ------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["trial.people.tokens.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["trial.people.tokens.TokenMay"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is a parameter like any other
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chimera",
    "DESCRIPTION": "Records and results, for programs that show a token; pages, for who signed in.",
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {  # each has a member named `state`
        "PageState": "patients.casebook.page.PageState",
        "VisitState": "patients.casebook.page.VisitState",
        "QueryState": "patients.oversight.queries.QueryState",
        "Standing": "analytics.exports.live.shapes.STANDINGS",
    },
}

# --- background work: the Run row is the truth, the broker a doorbell --------------------------------------
_EMBEDDED_BROKER = CHIMERA_HOME / "broker"
CELERY_BROKER_URL = environment.text("CHIMERA_BROKER_URL", "filesystem://localhost")
if PRODUCTION and not environment.is_guarded(CELERY_BROKER_URL):
    raise ImproperlyConfigured("production refuses a broker on another host without a password")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
    "visibility_timeout": 6 * 60 * 60,  # seconds, as all here
    # Who rings does not wait for a dead broker: the sweeper rings again.
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0.2,
}
if CELERY_BROKER_URL.startswith("filesystem"):
    (_EMBEDDED_BROKER / "queue").mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_EMBEDDED_BROKER / "queue"),
        "data_folder_out": str(_EMBEDDED_BROKER / "queue"),
        "control_folder": str(_EMBEDDED_BROKER / "control"),
        "polling_interval": 0.1,  # seconds
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A message is given back when its process was lost, at once: results do not come by the broker.
CELERY_WORKER_LOST_WAIT = 0.5
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "Asia/Shanghai"
_SWEEP = {"schedule": 15.0, "options": {"expires": 15}}  # of those that a busy worker missed one is enough
CELERY_BEAT_SCHEDULE = {
    "ring-waiting-runs": {"task": "analytics.runs.sweep", **_SWEEP},
    "sweep-exports": {"task": "analytics.exports.sweep", **_SWEEP},
    "sweep-tables": {"task": "analytics.exports.tables.sweep", **_SWEEP},
    "clear-tables": {"task": "analytics.exports.tables.clear", "schedule": crontab(minute=40)},
    "seal-trail": {"task": "trial.trail.seal", "schedule": 60.0},
    "watch-clocks": {"task": "trial.trail.watch_clocks", "schedule": 60.0},
    "clear-sessions": {"task": "trial.people.clear_sessions", "schedule": crontab(hour=3, minute=30)},
    "lock-what-is-over": {"task": "analytics.locks.relock", "schedule": 60.0},
    "send-safety-mails": {"task": "patients.entry.send_safety_mails", "schedule": 60.0},
    "check-data": {"task": "patients.entry.check_all", "schedule": crontab(hour=2, minute=30)},
    "remove-unattached": {"task": "patients.entry.remove_unattached", "schedule": crontab(hour=3, minute=10)},
    "purge-drafts": {"task": "patients.entry.purge", "schedule": crontab(minute=10)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(CHIMERA_HOME / "beat-schedule")

RUN_LEASE_SECONDS = int(
    environment.text("CHIMERA_RUN_LEASE_SECONDS", "30")
)  # silence after which the worker of a part of a run is given up
RUN_RETRY_SECONDS = float(environment.text("CHIMERA_RUN_RETRY_SECONDS", "5"))  # six times as long each time
RUN_SLICE_SUBJECTS = int(environment.text("CHIMERA_RUN_SLICE_SUBJECTS", "100"))  # read by one worker at once

EXPORT_KEPT_HOURS = float(environment.text("CHIMERA_EXPORT_KEPT_HOURS", "72"))  # until a file is removed
TABLES_AT_ONCE_SUBJECTS = int(
    environment.text("CHIMERA_TABLES_AT_ONCE_SUBJECTS", "200")
)  # of a larger cut the tables are made by a worker alone
LOCK_DESK_COUNTED_SUBJECTS = int(
    environment.text("CHIMERA_LOCK_DESK_COUNTED_SUBJECTS", "2000")
)  # of more what stands in the way of a lock is counted when somebody asks for it, not at each look

# --- the registry ----------------------------------------------------------------------------------------
# Workers on several machines share this folder, and nothing else but database and broker.
SNAPSHOT_DIR = Path(environment.text("CHIMERA_SNAPSHOT_DIR", str(CHIMERA_HOME / "snapshots")))
# Or they share a bucket of S3-compatible storage (`s3://bucket/prefix`), and the folder is each host's own.
SNAPSHOT_STORE = access_from_environment()
ATTACHMENT_DIR = CHIMERA_HOME / "attachments"
# The program that watches the servers shows it; without one, nothing can be read.
METRICS_KEY = environment.text("CHIMERA_METRICS_KEY")
# Public keys of age: those whose private halves may open a backup. The private ones are not on this machine.
BACKUP_RECIPIENTS = environment.words("CHIMERA_BACKUP_RECIPIENTS")
