"""The control socket: how `phone status`, `phone call`, ... talk to the running daemon.

A Unix stream socket, mode 0660. Each request is one line of JSON `{"do": ..., ...}` and gets one line back:
`{"ok": true, ...}` or `{"ok": false, "error": "a sentence"}`. `messages` has the values, `client` asks,
`server` answers (import it by itself: it needs asyncio, which the commands do without).
"""

from phone.control.client import NotRunningError, ask
from phone.control.messages import (
    Block,
    Call,
    CallStatus,
    Contact,
    Contacts,
    ContactsReply,
    ControlError,
    Dnd,
    Done,
    HangUp,
    Kind,
    Lock,
    Log,
    LogEntry,
    LogReply,
    Panel,
    PanelReply,
    Reply,
    Request,
    Sim,
    SimReply,
    Status,
    StatusReply,
)

__all__ = [
    "Block",
    "Call",
    "CallStatus",
    "Contact",
    "Contacts",
    "ContactsReply",
    "ControlError",
    "Dnd",
    "Done",
    "HangUp",
    "Kind",
    "Lock",
    "Log",
    "LogEntry",
    "LogReply",
    "NotRunningError",
    "Panel",
    "PanelReply",
    "Reply",
    "Request",
    "Sim",
    "SimReply",
    "Status",
    "StatusReply",
    "ask",
]
