"""How many of an add-on: the field of the cart, and of a running subscription."""

from django import forms
from django.utils.html import format_html

from billing import price_text
from billing.models import Price
from billing.services.add_on_wishes import MOST


class AddOnField(forms.IntegerField):
    """Says what is asked for, and what each costs."""

    def __init__(self, price: Price, *, initial: int = 0, most: int = MOST) -> None:
        is_single = price.scheme == Price.Scheme.FLAT
        cost = price_text.cost_of(price) if is_single else price_text.each_of(price)
        super().__init__(
            min_value=0,
            max_value=1 if is_single else most,
            required=False,
            initial=initial,
            label=f"{price.plan.name}: {'none or one' if is_single else 'how many'}",
            help_text=format_html("{}. {}", cost[0].upper() + cost[1:], price.plan.description),
        )
