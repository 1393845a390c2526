"""Mail to whoever watches over the registry, if it has named somebody (`CHIMERA_SECURITY_CONTACT`).

The event of the trail is the record; the mail only brings it to somebody at once (ES-08). It holds no data of
a patient, and a mail server that is down keeps nobody from working.
"""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail


def tell_security_contact(subject: str, text: str) -> None:
    """Send a mail to the security contact, within the request."""
    if not settings.SECURITY_CONTACT:
        return
    try:
        send_mail(subject, text, None, [settings.SECURITY_CONTACT])
    except (OSError, smtplib.SMTPException) as problem:
        logging.getLogger("chimera").error("no mail to the security contact: %s", type(problem).__name__)
