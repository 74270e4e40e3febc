"""A webhook: one CloudEvents 1.0 JSON event a request, signed as Standard Webhooks describes.

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``{webhook-id}.{webhook-timestamp}.{body}``. The
id is the event's, the same at every try, and stands in ``idempotency-key`` too: a receiver that keeps the ids it has
seen takes each notification once. A secret that begins with ``whsec_`` is base64, any other is used as it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from cockpit.outlets.kinds import check_status
from cockpit.outlets.notices import Notice
from cockpit.outlets.post import Poster
from cockpit.outlets.settings import signing_key

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class Webhook:
    """Tells one receiver of our own making."""

    most = 1
    per_minute: int | None = None

    def __init__(self, poster: Poster, secret: str) -> None:
        self._poster = poster
        self._key = signing_key(secret)

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        notice = notices[0]
        body = notice.event()
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Idempotency-Key": notice.event_id,
            "webhook-id": notice.event_id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self._key, notice.event_id, stamp, body),
        }
        check_status(self._poster.post(body, headers), now)
        return 1

    def end(self) -> None:
        self._poster.end()


def sign(key: bytes, event_id: str, stamp: str, body: bytes) -> str:
    """The value of ``webhook-signature``."""
    digest = hmac.new(key, f"{event_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
