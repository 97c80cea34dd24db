"""The other end of a consumer's events, for demonstrations: it checks the signature and says thank you."""

from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.models import Consumer
from billing.providers.sandbox.pages.access import sandbox_only
from platform_core import clock, scoping, signing


@csrf_exempt
@sandbox_only
@require_POST
def events(request: HttpRequest, key: str) -> HttpResponseBase:
    """As a consumer's back end would: what is not signed with its secret is refused."""
    with scoping.system():
        consumer = Consumer.objects.select_related("endpoint").filter(key=key).first()
    if consumer is None or consumer.endpoint is None:
        raise Http404
    given = {name.lower(): value for name, value in request.headers.items()}
    if not signing.verify(consumer.endpoint.signing_secrets, given, request.body, clock.wall()):
        return JsonResponse({"error": "The signature does not hold."}, status=401)
    return JsonResponse({"received": given["webhook-id"]})
