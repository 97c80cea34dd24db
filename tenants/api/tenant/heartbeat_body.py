"""What a heartbeat may say. Described once: the description is published with the API, and it is what is checked."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from platform_core.errors import InvalidInput

Schema = dict[str, Any]
Problem = tuple[str, str]

LARGEST = 2**31 - 1
REQUIRED, UNKNOWN = "This field is required.", "Unknown field."


def _text(longest: int = 80, **more: Any) -> Schema:
    return {"type": "string", "maxLength": longest, **more}


def _number(largest: int = LARGEST, *, whole: bool = True) -> Schema:
    return {"type": "integer" if whole else "number", "minimum": 0, "maximum": largest}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


MOMENT: Schema = {"type": "string", "format": "date-time", "maxLength": 40}
HEARTBEAT = _object(
    ("status", "configVersion"),
    status=_text(20, enum=["healthy", "degraded", "unhealthy"]),
    openclawVersion=_text(40),
    safetyWrapperVersion=_text(40),
    configVersion=_number(),
    agents={
        "type": "object",
        "maxProperties": 200,
        "additionalProperties": _object(("status",), status=_text(20), lastActiveAt=MOMENT),
    },
    resources=_object(
        cpuPercent=_number(100_000, whole=False),
        memoryUsedMb=_number(whole=False),
        memoryTotalMb=_number(whole=False),
        diskUsedGb=_number(whole=False),
        diskTotalGb=_number(whole=False),
        containersRunning=_number(),
        containersStopped=_number(),
    ),
    tokenUsage=_object(
        periodStart=MOMENT,
        tokensUsed=_number(10**15),
        tokenAllotment=_number(10**15),
        premiumTokensUsed=_number(10**15),
        premiumCostCents=_number(10**12),
    ),
    backupStatus=_object(lastBackup=MOMENT, status=_text(20), sizeGb=_number(whole=False)),
)


def check(body: Any, schema: Schema = HEARTBEAT) -> dict[str, Any]:
    """The body, if it is a heartbeat; otherwise a 400 that names every field that is wrong by its whole path."""
    details: dict[str, list[str]] = {}
    for path, message in _problems(body, schema, ""):
        details.setdefault(path or "body", []).append(message)
    if details:
        raise InvalidInput("The request is not valid.", details=details)
    valid: dict[str, Any] = body
    return valid


def _problems(value: Any, schema: Schema, path: str) -> Iterator[Problem]:
    match schema["type"]:
        case "object":
            yield from _object_problems(value, schema, path)
        case "string":
            yield from ((path, message) for message in _text_problems(value, schema))
        case _:
            yield from ((path, message) for message in _number_problems(value, schema))


def _object_problems(value: Any, schema: Schema, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield path, "An object is wanted."
        return
    if len(value) > schema.get("maxProperties", len(value)):
        yield path, f"At most {schema['maxProperties']} entries."
        return
    properties, others = schema.get("properties", {}), schema["additionalProperties"]
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}".lstrip("."), REQUIRED
    for name, inner in value.items():
        inside = f"{path}.{name}".lstrip(".")
        if name in properties or others:
            yield from _problems(inner, properties.get(name) or others, inside)
        else:
            yield inside, UNKNOWN


def _text_problems(value: Any, schema: Schema) -> Iterator[str]:
    if not isinstance(value, str):
        yield "A text is wanted."
    elif len(value) > schema["maxLength"]:
        yield f"At most {schema['maxLength']} characters."
    elif value not in schema.get("enum", [value]):
        yield f"One of {', '.join(schema['enum'])} is wanted."
    elif "format" in schema and not _is_moment(value):
        yield "A time such as 2026-03-15T14:20:00Z is wanted."


def _number_problems(value: Any, schema: Schema) -> Iterator[str]:
    kinds = (int,) if schema["type"] == "integer" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        yield "A whole number is wanted." if kinds == (int,) else "A number is wanted."
    elif not schema["minimum"] <= value <= schema["maximum"]:
        yield f"From {schema['minimum']} to {schema['maximum']}."


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
