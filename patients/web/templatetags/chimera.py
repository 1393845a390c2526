"""Template tags: icons from the one sprite, keys of forms, moments in the zone of the site."""

from datetime import datetime
from functools import cache
from secrets import token_urlsafe

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from patients.web.clocks import moment as as_moment
from patients.web.drawing import item_drawn, keys_drawn, missing_menu_drawn, reason_pattern_drawn
from patients.web.fields import Field
from patients.web.form_token import FIELD

register = template.Library()


@register.simple_tag
@cache  # names come from the code alone
def icon(name: str, size: int = 20) -> SafeString:
    """An icon of the sprite: `trail`, or the shape of a state (`st-complete`). Its words stand beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        " icon-16" if size == 16 else "",
        static("icons.svg"),
        name if name.startswith("st-") else f"i-{name}",
    )


@register.simple_tag(name="item")
def item_of_a_form(item: Field) -> SafeString:
    """An item by its component."""
    return item_drawn(item)


@register.simple_tag
def missing_menu(item: Field) -> SafeString:
    """The menu of an item by its component."""
    return missing_menu_drawn(item)


@register.simple_tag
def keys() -> SafeString:
    """The keys of a page by their component."""
    return keys_drawn()


@register.simple_tag
def reason_pattern() -> SafeString:
    """The question for a reason by its component, for the script to fill."""
    return reason_pattern_drawn()


@register.simple_tag
def form_key() -> SafeString:
    """The key of this copy of a form: sent twice, it has one effect (`patients.web.once`)."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token_urlsafe(16))


@register.filter
def moment(at: datetime | None) -> str:
    """`2025-08-05 09:41`, in the zone of the site."""
    return as_moment(at)
