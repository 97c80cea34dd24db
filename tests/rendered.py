"""What a page was made of, for the tests that ask: of the page itself, not of each template in it.

Django's clients copy the context of every template that is rendered, the smallest part's too: a twentieth of a page.
"""

from django.template import Context
from django.template.base import Template
from django.test import utils
from django.test.signals import template_rendered
from django.utils.safestring import SafeString


def _render(self: Template, context: Context) -> SafeString:
    # Parts and parents are rendered in a context that is bound to the page.
    if context.template is self:
        template_rendered.send(sender=self, template=self, context=context)
    return self.nodelist.render(context)


def tell_of_pages_only() -> None:
    """Put this in place of Django's, before the test environment is set up."""
    utils.instrumented_test_render = _render  # type: ignore[attr-defined]
