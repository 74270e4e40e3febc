"""A letter to a mail server: over TLS (at once, or by STARTTLS), the certificate checked before anything is said.

What the server said in its own words is kept nowhere: it may repeat addresses or the name signed in with.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from cockpit.reports.settings import ReportSettings
from layouts.parts.text import LANGUAGES, t

TIMEOUT_S = 30.0
"""For each answer of the server."""
WHOLE_S = 300.0
"""For the whole letter: a server that takes a byte a second must not hold up the reports after it."""


class NotDelivered(Exception):
    """It did not arrive; the sentence says why in both languages, without secrets."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = {"zh": zh, "en": en}


def not_delivered(key: str, **values: object) -> NotDelivered:
    """The sentence of that name in the section ``report.undelivered`` of the locale files."""
    return NotDelivered(**{lang: t(lang, f"report.undelivered.{key}", **values) for lang in LANGUAGES})


def send(wanted: ReportSettings, letter: EmailMessage) -> None:
    """Hand the letter over. Raises `NotDelivered`."""
    try:
        with _connected(wanted) as post:
            if refused := post.send_message(letter):
                raise not_delivered("some", n=len(refused), of=len(wanted.mail_to))
    except smtplib.SMTPRecipientsRefused as error:
        raise not_delivered("some", n=len(error.recipients), of=len(wanted.mail_to)) from None
    except smtplib.SMTPAuthenticationError as error:
        raise not_delivered("login", code=error.smtp_code) from None
    except smtplib.SMTPResponseException as error:
        raise not_delivered("answered", code=error.smtp_code) from None
    except smtplib.SMTPException as error:  # it went away, said nothing for too long, or what no mail server says
        is_late = isinstance(error.__context__, TimeoutError)
        raise _late() if is_late else not_delivered("broke_off") from None
    except ssl.SSLCertVerificationError as error:
        raise not_delivered("certificate", host=_host(wanted), reason=error.verify_message.rstrip(".")) from None
    except ssl.SSLError as error:
        raise not_delivered("tls", reason=error.reason) from None
    except socket.gaierror:
        raise not_delivered("no_such_name", host=_host(wanted)) from None
    except TimeoutError:
        raise _late() from None
    except OSError as error:
        raise not_delivered("unreached", reason=error.strerror or type(error).__name__) from None


@contextlib.contextmanager
def _connected(wanted: ReportSettings) -> Iterator[smtplib.SMTP]:
    """A line to the server, over TLS and signed in; broken off when the whole takes too long."""
    url = urlsplit(wanted.smtp)
    host, port = url.hostname or "", url.port
    context = ssl.create_default_context()
    if wanted.ca_file:
        context.load_verify_locations(wanted.ca_file)
    post: smtplib.SMTP
    if url.scheme == "smtps":
        post = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_S, context=context)
    else:
        post = smtplib.SMTP(host, port or (587 if url.scheme == "smtp+starttls" else 25), timeout=TIMEOUT_S)
    watch = threading.Timer(WHOLE_S, _shut, [post])
    watch.daemon = True
    watch.start()
    try:
        if url.scheme == "smtp+starttls":
            _supported(post, "starttls")
            post.starttls(context=context)
        if url.username:
            _supported(post, "auth")
            post.login(unquote(url.username), wanted.smtp_password)
        yield post
        with contextlib.suppress(smtplib.SMTPException):
            post.quit()
    finally:
        watch.cancel()
        post.close()


def _supported(post: smtplib.SMTP, what: str) -> None:
    post.ehlo_or_helo_if_needed()
    if not post.has_extn(what):
        raise not_delivered(f"no_{what}")


def _shut(post: smtplib.SMTP) -> None:
    if post.sock is not None:
        with contextlib.suppress(OSError):
            post.sock.shutdown(socket.SHUT_RDWR)


def _late() -> NotDelivered:
    return not_delivered("late", seconds=f"{TIMEOUT_S:g}")


def _host(wanted: ReportSettings) -> str:
    return urlsplit(wanted.smtp).hostname or ""
