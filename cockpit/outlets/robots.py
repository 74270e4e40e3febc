"""The group robots of WeCom (企业微信) and DingTalk (钉钉): short Markdown, several notices in one message when needed.

Both take 20 messages a minute and answer 200 also when they refuse: ``errcode`` says what happened. Of two messages
too many a minute DingTalk takes none for ten minutes, so we stay two below. Their own words (``errmsg``) hold our
address and sometimes more, so that only the code and our own word for it are kept.

Formats: developer.work.weixin.qq.com/document/path/91770 (Markdown of at most 4,096 bytes; font colours info,
comment, warning); open.dingtalk.com, custom robot (``timestamp`` in ms and ``sign`` in the query; markdown and
actionCard, whose one button needs ``singleTitle`` and ``singleURL``).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from cockpit.outlets.faults import Fault, NotTold
from cockpit.outlets.kinds import check_status
from cockpit.outlets.notices import Notice
from cockpit.outlets.post import Answer, Poster
from layouts.parts.text import has, t

PER_MINUTE = 18
MOST = 10
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Robot:
    """What both have in common."""

    most = MOST
    per_minute: int | None = PER_MINUTE
    too_fast: ClassVar[Mapping[int, float]]
    """errcode -> seconds to stay away."""
    unfit: ClassVar[frozenset[int]]
    """errcodes that speak of the message, not of the robot."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def end(self) -> None:
        self._poster.end()

    def _send(self, message: Mapping[str, Any], now: datetime, more_query: str = "") -> None:
        body = json.dumps(message, ensure_ascii=False).encode()
        answer = self._poster.post(body, _JSON, more_query=more_query)
        check_status(answer, now)
        code = _errcode(answer)
        if code == 0:
            return
        known = f"code.{code}" if has("en", f"outlet.fault.code.{code}") else "code.other"
        wait_s, notice_only = self.too_fast.get(code, 0), code in self.unfit
        raise NotTold("errcode", code=code, meaning=Fault(known), wait_s=wait_s, notice_only=notice_only)


class WeCom(Robot):
    """企业微信群机器人."""

    too_fast: ClassVar = {45009: 60.0, 45033: 60.0}
    unfit: ClassVar = frozenset({40008, 40058, 44004, 45002})
    BYTES = 4096
    COLOURS: ClassVar = {1: "warning", 2: "warning", 3: "comment", 4: "info"}

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        text, told = fitting([self._one(n, now) for n in notices], "\n\n", self.BYTES, _heading(notices))
        self._send({"msgtype": "markdown", "markdown": {"content": text}}, now)
        return told

    def _one(self, notice: Notice, now: datetime) -> str:
        colour = self.COLOURS.get(notice.grade or 4, "comment")
        quoted = [f"> {line}" for line in notice.lines(now)]
        link = [f"[{t(notice.lang, 'outlet.open')}]({notice.link})"] if notice.link else []
        return "\n".join([f'**<font color="{colour}">{notice.headline}</font>**', *quoted, *link])


class DingTalk(Robot):
    """钉钉自定义机器人. One notice with a link is a card with a button, anything else Markdown."""

    too_fast: ClassVar = {130101: 600.0, 410100: 600.0}
    unfit: ClassVar = frozenset({40035, 400105, 430101, 430102, 430103, 430104, 460101})
    BYTES = 4500  # of 5,000 characters a card may hold; bytes are the safe side

    def __init__(self, poster: Poster, secret: str = "") -> None:
        super().__init__(poster)
        self._secret = secret

    def tell(self, notices: Sequence[Notice], now: datetime) -> int:
        first, heading = notices[0], _heading(notices)
        single = len(notices) == 1 and bool(first.link)
        text, told = fitting([self._one(n, now, link=not single) for n in notices], "\n\n---\n\n", self.BYTES, heading)
        if single:
            card = {
                "title": first.headline,
                "text": text,
                "singleTitle": t(first.lang, "outlet.open"),
                "singleURL": first.link,
            }
            message: dict[str, Any] = {"msgtype": "actionCard", "actionCard": card}
        else:
            message = {"msgtype": "markdown", "markdown": {"title": heading(told) or first.headline, "text": text}}
        self._send(message, now, self._signature(now))
        return told

    def _one(self, notice: Notice, now: datetime, *, link: bool) -> str:
        parts = [f"#### {notice.headline}", *notice.lines(now)]
        if link and notice.link:
            parts.append(f"[{t(notice.lang, 'outlet.open')}]({notice.link})")
        return "  \n".join(parts)

    def _signature(self, now: datetime) -> str:
        """``timestamp=…&sign=…`` over the instant and the secret; it is good for an hour."""
        if not self._secret:
            return ""
        stamp = str(int(now.timestamp() * 1000))
        digest = hmac.new(self._secret.encode(), f"{stamp}\n{self._secret}".encode(), hashlib.sha256).digest()
        return urlencode({"timestamp": stamp, "sign": base64.b64encode(digest).decode()})


def fitting(parts: Sequence[str], between: str, limit: int, heading: Callable[[int], str]) -> tuple[str, int]:
    """As many of ``parts`` as ``limit`` bytes hold under their heading, and how many; the first is cut if need be."""
    told = len(parts)
    while True:
        text = between.join([*filter(None, [heading(told)]), *parts[:told]])
        if told == 1 or len(text.encode()) <= limit:
            return text.encode()[:limit].decode(errors="ignore"), told
        told -= 1


def _heading(notices: Sequence[Notice]) -> Callable[[int], str]:
    """How many there are, when there are several. Drills are marked one by one below it, and here when all are."""
    lang = notices[0].lang

    def heading(told: int) -> str:
        if told == 1:
            return ""
        several = t(lang, "outlet.several", n=told)
        return f"{t(lang, 'outlet.drill')} {several}" if all(n.is_drill for n in notices[:told]) else several

    return heading


def _errcode(answer: Answer) -> int:
    try:
        said = json.loads(answer.body)
        code = said["errcode"]
    except (ValueError, KeyError, TypeError):
        raise NotTold("no_errcode") from None
    if isinstance(code, bool) or not isinstance(code, int):
        raise NotTold("no_errcode")
    return code
