"""The description of the API, as it follows from the surfaces."""

from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

EXAMPLE = "tests.platform_core.api.example"


def describe(urlconf: str) -> Any:
    """The description of a URL space."""
    generator = SchemaGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]
    return generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@pytest.fixture
def schema() -> Iterator[Any]:
    """The description of the example's API."""
    with GENERATOR_STATS.silence():
        yield describe(EXAMPLE)


def content(operation: Any, status: str) -> Any:
    return operation["responses"][status]["content"]["application/json"]["schema"]


def test_it_is_valid(schema: Any) -> None:
    validate_schema(schema)  # type: ignore[no-untyped-call]


def test_the_hub_wraps_a_result(schema: Any) -> None:
    operation = schema["paths"]["/api/v1/customer/orders/{id}"]["get"]

    assert operation["operationId"] == "getV1CustomerOrdersById"
    assert content(operation, "200") == {
        "type": "object",
        "required": ["success", "data"],
        "properties": {
            "success": {"type": "boolean", "enum": [True]},
            "data": {"$ref": "#/components/schemas/Order"},
        },
    }


def test_the_hub_wraps_a_page(schema: Any) -> None:
    operation = schema["paths"]["/api/v1/customer/orders"]["get"]
    page = content(operation, "200")

    assert page["required"] == ["success", "data", "meta"]
    assert page["properties"]["data"] == {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
    assert list(page["properties"]["meta"]["properties"]) == ["page", "pageSize", "total"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["page", "pageSize"]


def test_the_platform_gives_the_bare_object_and_bare_pages(schema: Any) -> None:
    members = schema["paths"]["/api/admin/members"]["get"]
    echo = schema["paths"]["/api/user/echo"]["post"]

    assert list(content(members, "200")["properties"]) == ["items", "meta"]
    assert list(content(members, "200")["properties"]["meta"]["properties"]) == ["nextCursor"]
    assert [parameter["name"] for parameter in members["parameters"]] == ["cursor", "limit"]
    assert content(echo, "200") == {"$ref": "#/components/schemas/Echo"}


def test_a_list_without_pages_is_an_array(schema: Any) -> None:
    operation = schema["paths"]["/api/admin/unpaged"]["get"]

    assert content(operation, "200")["type"] == "array"
    assert "parameters" not in operation


def test_properties_are_camel_case(schema: Any) -> None:
    assert set(schema["components"]["schemas"]["Echo"]["properties"]) == {"successUrl", "items", "notes"}
    assert set(schema["components"]["schemas"]["Item"]["properties"]) == {"unitPrice"}


def test_failures_have_the_surfaces_shape_and_problem_details(schema: Any) -> None:
    hub = schema["paths"]["/api/v1/customer/orders/{id}"]["get"]["responses"]
    platform = schema["paths"]["/api/user/echo"]["post"]["responses"]

    assert list(hub) == ["200", "400", "401", "403", "404", "429", "default"]
    assert list(platform) == ["200", "400", "401", "403", "413", "415", "429", "default"]
    assert hub["404"] == {"$ref": "#/components/responses/HubNotFound"}
    assert platform["401"] == {"$ref": "#/components/responses/PlatformUnauthorized"}
    assert schema["components"]["responses"]["HubNotFound"] == {
        "description": "Not Found",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/HubError"},
                "example": {"success": False, "error": {"code": "NOT_FOUND", "message": "Not Found."}},
            },
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }


def test_a_failure_that_a_view_declares_has_that_shape_too(schema: Any) -> None:
    responses = schema["paths"]["/api/v1/public/empty"]["delete"]["responses"]

    assert list(responses) == ["200", "400", "409", "410", "default"]
    assert responses["409"] == {"$ref": "#/components/responses/HubConflict"}
    assert responses["410"]["description"] == "It was there once."
    gone, conflict = responses["410"]["content"], schema["components"]["responses"]["HubConflict"]["content"]
    assert gone["application/json"]["schema"] == conflict["application/json"]["schema"]
    assert gone["application/json"]["example"]["error"] == {"code": "GONE", "message": "Gone."}


def test_what_is_not_listed_has_the_surfaces_shape_too(schema: Any) -> None:
    hub = schema["paths"]["/api/v1/public/empty"]["delete"]["responses"]["default"]
    platform = schema["paths"]["/api/user/echo"]["post"]["responses"]["default"]

    assert (hub, platform) == (
        {"$ref": "#/components/responses/HubFailure"},
        {"$ref": "#/components/responses/PlatformFailure"},
    )
    described = schema["components"]["responses"]["PlatformFailure"]
    assert described["description"] == "Any other failure, in the same shape; `code` says which."
    assert described["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/PlatformError"},
        "example": {
            "code": "VALIDATION_ERROR",
            "message": "The request is not valid.",
            "details": {"email": ["Enter a valid email address."]},
        },
    }


def test_signing_in_tells_its_refusals() -> None:
    responses = describe("identity.api.account.urls")["paths"]["/auth/login"]["post"]["responses"]

    assert list(responses) == ["200", "400", "401", "413", "415", "429", "default"]
    assert responses["429"] == {"$ref": "#/components/responses/PlatformTooManyRequests"}


def test_an_answer_without_content(schema: Any) -> None:
    assert "content" not in schema["paths"]["/api/v1/public/empty"]["post"]["responses"]["204"]


def test_an_answer_beside_success_keeps_the_body_it_declares(schema: Any) -> None:
    responses = describe("platform_core.api.public.urls")["paths"]
    ready = responses["/api/v1/health/ready"]["get"]["responses"]

    assert ready["503"]["content"] == ready["200"]["content"]


@pytest.mark.parametrize(
    ("path", "method", "security"),
    [
        ("/api/v1/customer/orders", "get", [{"personBearer": []}, {"personCookie": []}, {"session": []}]),
        ("/api/v1/cron/count", "post", [{"cronToken": []}]),
        ("/internal/count", "get", [{"internalToken": []}]),
        ("/api/v1/public/empty", "post", None),
        ("/webhooks/hook", "post", None),
        ("/api/user/echo", "get", None),
    ],
)
def test_the_credential_of_each_verb(schema: Any, path: str, method: str, security: Any) -> None:
    assert schema["paths"][path][method].get("security") == security


def test_every_credential_is_described(schema: Any) -> None:
    named = {
        name
        for path in schema["paths"].values()
        for operation in path.values()
        for requirement in operation.get("security", [])
        for name in requirement
    }

    assert named <= set(schema["components"]["securitySchemes"])


def test_only_surfaces_are_described(schema: Any) -> None:
    assert "/api/plain" not in schema["paths"]
    assert "/page" not in schema["paths"]


def test_operations_are_grouped_by_surface(schema: Any) -> None:
    paths = describe("platform_core.api.public.urls")["paths"]

    assert {tag for path in paths.values() for tag in path["get"]["tags"]} == {"public"}
