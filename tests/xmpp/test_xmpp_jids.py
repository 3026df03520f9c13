"""Addresses in one form: the short way for plain ones comes to the same as slixmpp's."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slixmpp.jid import JID, InvalidJID

from phone.xmpp.jids import canonical

_PARTS = st.text(st.sampled_from("ab1.-_+@/xn A\u00df\u0130"), max_size=12)
_ADDRESSES = st.builds("{}@{}".format, _PARTS, _PARTS) | _PARTS


def by_slixmpp(text: str) -> str | None:
    try:
        return str(JID(text)) or None
    except InvalidJID:
        return None


@given(_ADDRESSES)
@example("xn--a@xn--a.example")
@example("alice@xn--a")
@example("127.0.0.1")
@example("a@1.2.3.4.5")
@example("a" * 500 + "@" + ".".join(["b" * 30 + "-" + "c" * 30] * 4))
def test_plain_addresses_come_out_as_slixmpp_has_them(text: str) -> None:
    assert canonical(text) == by_slixmpp(text)


@pytest.mark.parametrize("text", ["alice@example.org", "201@pbx.example.org", "localhost", "a.b+c@x-y.example"])
def test_plain_addresses_need_no_slixmpp(text: str) -> None:
    code = f"import sys; from phone.xmpp.jids import canonical; assert canonical({text!r}) == {text!r}; "
    subprocess.run([sys.executable, "-c", code + "assert 'slixmpp' not in sys.modules"], check=True)
