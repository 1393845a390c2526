"""What the registry is about: the study with what the token has of it, and the dictionary of its forms."""

from functools import cache
from typing import Any

from django.conf import settings

from analytics.exports.live.asking import Asked
from analytics.exports.live.telling import Teller
from patients.casebook.dictionary import dictionary
from patients.casebook.header import HEADER
from trial import __version__
from trial.people.tokens import Dates, ExportToken
from trial.protocol.study import SITE_ZONE, STUDY

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


def study_of(token: ExportToken, teller: Teller) -> dict[str, Any]:
    """The study, and what a token has of it."""
    return {
        "study": STUDY.study_id,
        "registry_id": STUDY.registry_id,
        "title": str(STUDY.title),
        "phase": str(STUDY.phase),
        "protocol_version": STUDY.protocol_version,
        "arms": {arm.code: str(arm.label) for arm in STUDY.arms},
        "zone": str(SITE_ZONE),
        "version": __version__,
        "token": {
            "name": token.name,
            "sites": sorted(token.sites.values_list("code", flat=True)),
            "permissions": token.permissions,
            "expires": token.expires,
            "dates": "true" if token.dates == Dates.TRUE else "shifted",
            "subjects": "pseudonyms" if teller.to.hides_sites else "codes",
            "genetic_data": token.filing or "withheld",
            "withheld": teller.withheld(),
        },
    }


def dictionary_of(asked: Asked) -> dict[str, Any]:
    """The dictionary, or of these forms alone."""
    whole = _dictionary(asked.filters.get("language", ("en",))[0])
    wanted = asked.filters.get("form", tuple(whole["forms"]))
    return whole | {"forms": {form: said for form, said in whole["forms"].items() if form in wanted}}


@cache
def _dictionary(language: str) -> dict[str, Any]:
    """Without the items that say who a subject is: no token has them."""
    whole = dictionary(language, HEADER.values())
    for form in whole["forms"].values():
        kept_back = {name for name, item in form["items"].items() if item.get("identity")}
        form["items"] = {name: item for name, item in form["items"].items() if name not in kept_back}
        for item in form["items"].values():
            if "sources" in item:
                item["sources"] = [source for source in item["sources"] if source not in kept_back]
    return whole
