"""The phone as a web page on loopback: its screen, lamps and keys in a browser, behind a token.

`Panel` is a display and lamps that pages look at, `PanelServer` serves them, `PanelKeys` is what their clicks move.
The web library is loaded by `PanelServer.start`, so that a phone without a panel does not pay for it.
"""

from phone.drivers.panel.earshot import Headset, Levels, Sounds
from phone.drivers.panel.feed import Panel
from phone.drivers.panel.keys import ContactKeys, SimKeys
from phone.drivers.panel.server import PanelServer
from phone.drivers.panel.sidebyside import Framed, PageServer, Try, side_by_side
from phone.drivers.panel.site import TOKEN_CHARS, PanelError, new_token
from phone.drivers.panel.tee import TeeDisplay, TeeLamps
from phone.drivers.panel.values import PanelCall, PanelFacts, PanelKeys

__all__ = [
    "TOKEN_CHARS",
    "ContactKeys",
    "Framed",
    "Headset",
    "Levels",
    "PageServer",
    "Panel",
    "PanelCall",
    "PanelError",
    "PanelFacts",
    "PanelKeys",
    "PanelServer",
    "SimKeys",
    "Sounds",
    "TeeDisplay",
    "TeeLamps",
    "Try",
    "new_token",
    "side_by_side",
]
