"""udev's rules for a profile: a USB sound card keeps its ALSA id at every boot, whichever socket it is in."""

from __future__ import annotations

from phone.drivers.profile import Profile


def udev_rules(profile: Profile) -> str:
    """The lines of a .rules file, each with its end; "" where the card has one id by nature (on the header).

    Not bound to ACTION "add": `udevadm trigger` says "change" for the cards that are there already.
    """
    audio = profile.audio
    if audio is None or not audio.usb:
        return ""
    vendor, product = audio.usb.split(":")
    match = (
        'ACTION!="remove"',
        'SUBSYSTEM=="sound"',
        'KERNEL=="card*"',
        'SUBSYSTEMS=="usb"',
        f'ATTRS{{idVendor}}=="{vendor}"',
        f'ATTRS{{idProduct}}=="{product}"',
    )
    return f'# {_comment(audio.name or audio.card)}\n{", ".join(match)}, ATTR{{id}}="{audio.card}"\n'


def _comment(text: str) -> str:
    """In one line, whatever a profile of one's own calls its card: these rules are the system's."""
    return " ".join(text.split())
