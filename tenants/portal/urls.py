"""Portal pages of tenants."""

from django.urls import URLPattern, path

from tenants.portal import checkouts, orders, overview, servers

urlpatterns: list[URLPattern] = [
    path("overview", overview.Overview.as_view(), name="home"),
    path("checkout/return", checkouts.CheckoutReturn.as_view(), name="checkout-return"),
    path("orders/<uuid:pk>", orders.OrderDetail.as_view(), name="order"),
    path("orders/<uuid:pk>/live", orders.OrderLive.as_view(), name="order-live"),
    path("servers", servers.ServerList.as_view(), name="servers"),
    path("servers/<uuid:pk>", servers.ServerDetail.as_view(), name="server"),
]
