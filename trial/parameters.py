"""The parameters in the address of a program's request: one that there is not is refused, and named. It would
otherwise be taken for granted, and the answer for what was asked."""

from collections.abc import Collection

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

NAMED = 40  # characters of what was sent that an answer repeats


def refuse_unknown(sent: QueryDict, known: Collection[str]) -> None:
    """Raises ParseError for a parameter that is not among these, and for one that is given twice."""
    for name, values in sent.lists():
        if name not in known:
            all_of_them = ", ".join(known) or _("none")
            sentence = _("There is no parameter %(name)s here. There are: %(all)s.")
            raise ParseError(sentence % {"name": name[:NAMED] or "“”", "all": all_of_them})
        if len(values) > 1:
            sentence = _("%(name)s is given more than once: join its values by commas.")
            raise ParseError(sentence % {"name": name})
