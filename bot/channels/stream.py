"""The stream: frames come in, are stored, and only then acked. The only importer of dingtalk_stream and websockets.

The SDK gives frames, topics, handlers and acks; the connection is supervised here, because SDK 0.24.3 blocks the loop,
acks on the wrong socket after a reconnect and reconnects without a pause (DingTalk facts §1.7). One SDK client per
connection: an ack goes to the socket that delivered.
"""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote_plus

import websockets
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
)
from dingtalk_stream.version import VERSION_STRING

from bot.channels import DeliveryError, Refused
from bot.channels.dingtalk import DingTalk, Sessions
from handlers.messages import Address, ChatKind, Content, Inbound

log = logging.getLogger(__name__)

AGENT = f"dingtalk-sdk-python/v{VERSION_STRING}-union"
SUBSCRIPTIONS = [{"type": "CALLBACK", "topic": ChatbotMessage.TOPIC}]
_SILENCE = 180.0
"""No frame for so long: the socket may be dead; the platform pings every 20 to 30 seconds (facts §1.5)."""
_DRAIN = 10.0
"""How long a connection that was told to go may still ack (the platform closes it after ten seconds)."""
_QUOTA_USED_UP = "20001"
_LAST_ACKS = 2.0
"""How long a stop waits for messages being stored; an unacked one is pushed again after the restart."""
_LONGEST_PAUSE = 30.0
_CREDENTIALS = "check DINGTALK_CLIENT_ID, DINGTALK_CLIENT_SECRET and that the app is published in Stream mode"
_MAX_FRAME = 1024 * 1024

Receive = Callable[[Inbound], Awaitable[None]]


class Stream:
    """One connection at a time, replaced before it dies. `run` ends only when cancelled."""

    def __init__(self, *, api: DingTalk, sessions: Sessions, robot: str, corp_id: str, receive: Receive) -> None:
        self._api, self._sessions, self._receive = api, sessions, receive
        self._robot, self._corp_id = robot, corp_id
        self.connected = asyncio.Event()
        self._lines: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        pause = 0.0
        try:
            while True:
                if pause:
                    await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                try:
                    socket = await self._connect()
                except (DeliveryError, OSError, TimeoutError, websockets.WebSocketException) as error:
                    pause = min(max(1.0, pause * 2), _LONGEST_PAUSE)
                    told = f"{error}; {_CREDENTIALS}" if isinstance(error, Refused) else f"{error}"
                    log.warning("no stream connection: %s; trying again", told, extra={"action": "stream.down"})
                    continue
                pause = 0.0
                line = _Line(socket, self._take)
                serving = asyncio.create_task(line.serve())
                self._lines.add(serving)
                serving.add_done_callback(self._lines.discard)
                self.connected.set()
                log.info("stream connected", extra={"action": "stream.up"})
                began = asyncio.get_running_loop().time()
                await line.ending.wait()  # a new connection is opened while the old one still drains
                self.connected.clear()
                if asyncio.get_running_loop().time() - began < 5.0:
                    pause = 1.0  # a connection that ends at once must not be reopened in a hot loop
        finally:
            for task in self._lines:
                task.cancel()
            if self._lines:
                await asyncio.wait(self._lines, timeout=_LAST_ACKS + 2)

    async def _connect(self) -> websockets.ClientConnection:
        endpoint, ticket = await self._api.open_stream(SUBSCRIPTIONS, AGENT)
        address = f"{endpoint}?ticket={quote_plus(ticket)}"
        # a proxy of the environment is for the outside; a gateway on this machine is reached without one
        proxy: Literal[True] | None = True if endpoint.startswith("wss://") else None
        return await websockets.connect(address, proxy=proxy, open_timeout=10, max_size=_MAX_FRAME, close_timeout=1)

    async def _take(self, data: Mapping[str, Any]) -> None:
        inbound = parse(data, robot=self._robot, corp_id=self._corp_id)
        if inbound is None:
            log.warning("a frame without msgId or conversation was left out", extra={"action": "stream.malformed"})
            return
        self._remember(data, inbound.chat)
        await self._receive(inbound)

    def _remember(self, data: Mapping[str, Any], chat: Address) -> None:
        url, expires = data.get("sessionWebhook"), data.get("sessionWebhookExpiredTime")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            try:
                self._sessions.remember(chat, url, datetime.fromtimestamp(int(str(expires)) / 1000, UTC))
            except (ValueError, OverflowError, OSError):
                log.debug("a session without a usable expiry", extra={"action": "stream.session"})


class _Line:
    """One connection with its own SDK client."""

    def __init__(
        self, socket: websockets.ClientConnection, take: Callable[[Mapping[str, Any]], Awaitable[None]]
    ) -> None:
        self._socket = socket
        self.ending = asyncio.Event()
        self._client = DingTalkStreamClient(Credential("", ""), logger=_sdk_log())
        self._client.register_callback_handler(ChatbotMessage.TOPIC, _Handler(take))
        self._client.pre_start()
        self._client.websocket = socket
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience = _DRAIN

    async def serve(self) -> None:
        try:
            while True:
                async with asyncio.timeout(_SILENCE):
                    raw = await self._socket.recv()
                await self._frame(raw)
        except TimeoutError:
            log.warning("the stream fell silent; replacing it", extra={"action": "stream.silent"})
        except websockets.ConnectionClosed as error:
            log.info("stream closed: %s", error, extra={"action": "stream.closed"})
        except asyncio.CancelledError:
            self._patience = _LAST_ACKS
            raise
        finally:
            self.ending.set()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._patience)  # messages at hand are stored and acked
            await self._socket.close()

    async def _frame(self, raw: str | bytes) -> None:
        try:
            frame = json.loads(raw)
            topic = frame["headers"]["topic"]
        except (ValueError, TypeError, KeyError):
            log.warning("a frame that is not understood was left out", extra={"action": "stream.malformed"})
            return
        if frame.get("type") == "SYSTEM" and topic == "disconnect":
            self.ending.set()  # nothing more is delivered here; acks under way still go out
        # tasks start in the order they are made, and the intake's queue keeps that order: a person's messages
        # are taken as they came, while the acks wait for their commits side by side
        task = asyncio.create_task(self._route(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _route(self, frame: dict[str, Any]) -> None:
        try:
            await self._client.route_message(frame)
        except websockets.ConnectionClosed:
            log.warning("an ack could not be sent; the copy will be refused", extra={"action": "stream.ack_lost"})
        except Exception:
            log.exception("a message was not stored and not acked", extra={"action": "stream.unstored"})


class _Handler(CallbackHandler):  # type: ignore[misc]
    def __init__(self, take: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        super().__init__()
        self._take = take

    async def process(self, callback: CallbackMessage) -> tuple[int, str]:
        await self._take(callback.data)
        return AckMessage.STATUS_OK, "OK"


def _sdk_log() -> logging.Logger:
    """The SDK warns of every ping and logs frames whole: only its errors are let through."""
    logger = logging.getLogger("dingtalk_stream")
    logger.setLevel(logging.ERROR)
    return logger


def parse(data: Mapping[str, Any], *, robot: str, corp_id: str) -> Inbound | None:
    """A bot message as ours (fields: facts §2.2, §2.3); None where it cannot be told whose it is. Pure."""
    msg_id, conversation = str(data.get("msgId") or ""), str(data.get("conversationId") or "")
    if not msg_id or not conversation:
        return None
    sender = str(data.get("senderStaffId") or "")
    if corp_id and data.get("senderCorpId") and data["senderCorpId"] != corp_id:
        sender = ""  # somebody of another organisation: the same as without a staff id
    if str(data.get("conversationType")) == "2":
        chat = Address("dingtalk", ChatKind.GROUP, conversation)
    else:
        # a 1:1 chat is addressed by the person: sending to its conversationId fails (facts §6)
        chat = Address("dingtalk", ChatKind.DIRECT, sender or f"outside-{conversation}")
    content, text = _content(data)
    return Inbound(
        robot=str(data.get("robotCode") or robot),
        msg_id=msg_id,
        sender_id=sender,
        sender_name=str(data.get("senderNick") or ""),
        chat=chat,
        chat_title=str(data.get("conversationTitle") or ""),
        content=content,
        text=text.strip(),
        received_at=_moment(data.get("createAt")),
    )


def _content(data: Mapping[str, Any]) -> tuple[Content, str]:
    """What was sent and its words. The quota-exhausted message has neither text nor content (facts §2.5)."""
    body = data.get("content")
    content: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    text = data.get("text")
    if not text and not body:
        return Content.WITHHELD, ""  # of whatever type
    match data.get("msgtype"):
        case "text" if isinstance(text, Mapping):
            return Content.TEXT, str(text.get("content") or "")
        case "richText" if content:
            parts = [part for part in content.get("richText") or [] if isinstance(part, Mapping)]
            words = "".join(str(part.get("text") or "") for part in parts).strip()
            return (Content.TEXT, words) if words else (Content.PICTURE, "")
        case "picture":
            return Content.PICTURE, ""
        case "audio":
            words = str(content.get("recognition") or "")
            return (Content.SPEECH, words) if words else (Content.OTHER, "")
        case "file" | "video":
            return Content.FILE, ""
    return Content.OTHER, ""


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
