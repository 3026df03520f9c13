"""Capabilities hashes, by the examples of XEP-0115 and by its attacks."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from rig.servers_ears import xml

from phone.xmpp import caps

SIMPLE = """<query xmlns='http://jabber.org/protocol/disco#info' node='x'>
<identity category='client' name='Exodus 0.9.1' type='pc'/>
<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/></query>"""

COMPLEX = """<query xmlns='http://jabber.org/protocol/disco#info'>
<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
<identity xml:lang='el' category='client' name='\u03a8 0.11' type='pc'/>
<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>
<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>
<x xmlns='jabber:x:data' type='result'>
<field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
<field var='ip_version' type='text-multi'><value>ipv4</value><value>ipv6</value></field>
<field var='os'><value>Mac</value></field><field var='os_version'><value>10.5.1</value></field>
<field var='software'><value>Psi</value></field><field var='software_version'><value>0.11</value></field>
</x></query>"""


@pytest.mark.parametrize(
    ("query", "ver"),
    [(SIMPLE, "QgayPKawpkPSDYmwT/WM94uAlu0="), (COMPLEX, "q07IKJEyjvHSyhy//CH0CxmKi8w=")],
    ids=["5.2", "5.3"],
)
def test_the_examples_of_the_standard(query: str, ver: str) -> None:
    assert caps.verification(xml(query), "sha-1") == ver


def test_order_does_not_matter_and_other_hashes_work() -> None:
    query = xml(SIMPLE)
    mixed = xml(SIMPLE)
    mixed[:] = reversed(mixed)
    assert caps.verification(query, "sha-256") == caps.verification(mixed, "sha-256")
    assert caps.verification(query, "md5") is None


@pytest.mark.parametrize(
    "twice",
    [
        "<identity category='client' name='Exodus 0.9.1' type='pc'/>",
        "<feature var='http://jabber.org/protocol/muc'/>",
        "<x xmlns='jabber:x:data'/>",
        "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>a</value><value>b</value></field></x>",
    ],
)
def test_ill_formed_answers_have_no_hash(twice: str) -> None:
    assert caps.verification(xml(SIMPLE.replace("</query>", f"{twice}</query>")), "sha-1") is None


def test_the_same_form_twice_has_no_hash() -> None:
    form = "<x xmlns='jabber:x:data'><field var='FORM_TYPE'><value>a</value></field></x>"
    assert caps.verification(xml(SIMPLE.replace("</query>", f"{form}{form}</query>")), "sha-1") is None


def test_what_we_say_of_ourselves_hashes_to_what_we_announce() -> None:
    ours = caps.OurCaps(["urn:xmpp:jingle:1"])
    c = ours.element()
    assert caps.verification(ours.info(f"{c.get('node')}#{c.get('ver')}"), "sha-1") == c.get("ver")
    assert "urn:xmpp:jingle:1" in caps.features_in(ours.info(None))
    assert ours.knows(None)
    assert ours.knows(f"{caps.NODE}#{ours.ver}")
    assert not ours.knows("other")


def test_presence_without_usable_caps() -> None:
    presence = xml("<presence xmlns='jabber:client'/>")
    assert caps.caps_of(presence) is None
    presence.append(Element("{http://jabber.org/protocol/caps}c", {"ver": "0.9", "node": "old"}))
    assert caps.caps_of(presence) is None
    presence[0].set("hash", "sha-1")
    assert caps.caps_of(presence) == caps.CapsKey("old", "sha-1", "0.9")


def test_no_answer_has_no_features() -> None:
    assert caps.features_in(None) == frozenset()
    assert caps.features_in(Element("{http://jabber.org/protocol/disco#info}query")) == frozenset()
