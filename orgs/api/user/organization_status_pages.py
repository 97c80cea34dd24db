"""Status pages of an organization."""

from django.db.models import QuerySet
from rest_framework import generics, serializers

from orgs import roles
from orgs.api.surfaces import OrganizationSurface
from orgs.models import ProductResource
from platform_core.api.strict import StrictModelSerializer


class ProductResourceSerializer(StrictModelSerializer[ProductResource]):
    """A status page or a check, as its product told of it last."""

    product = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = ProductResource
        fields = ["id", "product", "external_id", "name", "url", "state", "reported_at"]
        read_only_fields = fields


class OrganizationResourceList(OrganizationSurface, generics.ListAPIView[ProductResource]):
    """The resources of one kind, by name."""

    access = {"GET": roles.ORGANIZATION_READ}
    serializer_class = ProductResourceSerializer
    kind: ProductResource.Kind

    def get_queryset(self) -> QuerySet[ProductResource]:
        ours = ProductResource.objects.present().filter(organization=self.organization, kind=self.kind)
        return ours.select_related("product").order_by("name")


class OrganizationStatusPageList(OrganizationResourceList):
    """The organization's status pages, by name."""

    kind = ProductResource.Kind.STATUS_PAGE
