"""What is logged, and how a line looks."""

from typing import Any


def logging(level: str) -> dict[str, Any]:
    """Everything goes to the console; chatty libraries only when something is wrong."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "platform_core.logs.ContextFilter"}},
        "formatters": {
            "line": {
                "()": "platform_core.logs.RedactingFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["context"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "stripe": {"level": "WARNING"},
            "djstripe": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
            # It names credentials at INFO.
            "fido2": {"level": "WARNING"},
        },
    }
