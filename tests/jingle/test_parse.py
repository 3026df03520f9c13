"""Untrusted XML: defaults for what is missing, None for what is junk, an error only for what cannot be routed."""

from __future__ import annotations

from xml.etree.ElementTree import Comment, tostring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jingle_wire import FINGERPRINT, xml

from phone.jingle.api import IceCandidate, Payload
from phone.jingle.codec import encode_jingle, parse_jingle, parse_proposal
from phone.jingle.elements import (
    ICE_UDP,
    JINGLE,
    JMI,
    RAW_UDP,
    RTP,
    Action,
    Content,
    Description,
    Fingerprint,
    Info,
    Jingle,
    Reason,
    Transport,
)
from phone.jingle.errors import RemoteProtocolError

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
candidates = st.builds(
    IceCandidate,
    component=st.integers(1, 2),
    foundation=WORDS,
    ip=st.ip_addresses().filter(lambda a: not (a.is_multicast or a.is_unspecified)).map(str),
    port=st.integers(1, 65535),
    priority=st.integers(0, 2**32 - 1),
    type=st.sampled_from(["host", "srflx", "prflx", "relay"]),
    related_ip=st.none(),
    related_port=st.none(),
    generation=st.integers(0, 9),
) | st.just(IceCandidate(1, "1", "192.0.2.1", 5, 1, "srflx", "192.0.2.2", 9))
payloads = st.builds(
    Payload,
    id=st.integers(0, 127),
    name=WORDS,
    clock_rate=st.integers(1, 96000),
    channels=st.integers(1, 2),
    parameters=st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
    ptime=st.none() | st.integers(1, 60),
)
fingerprints = st.sampled_from([None, "active", "passive", "actpass"]).map(
    lambda s: Fingerprint("sha-256", FINGERPRINT, s)
)
transports = st.builds(
    Transport,
    namespace=st.just(ICE_UDP),
    ufrag=st.just("u"),
    pwd=st.just("p"),
    fingerprint=st.none() | fingerprints,
    candidates=st.lists(candidates, max_size=3).map(tuple),
)
contents = st.builds(
    Content,
    name=WORDS,
    creator=st.sampled_from(["initiator", "responder"]),
    senders=st.sampled_from(["both", "none"]),
    description=st.none()
    | st.builds(
        Description, st.just("audio"), st.lists(payloads, max_size=3).map(tuple), st.booleans(), st.just(value=False)
    ),
    transport=st.none() | transports,
)
jingles = st.builds(
    Jingle,
    action=st.sampled_from(Action),
    sid=WORDS,
    contents=st.lists(contents, max_size=2).map(tuple),
    initiator=st.none() | WORDS,
    responder=st.none() | WORDS,
    reason=st.none() | st.builds(Reason, st.sampled_from(["", "busy", "gone"]), st.sampled_from(["", "why"])),
    info=st.none() | st.builds(Info, st.just("urn:x"), st.just("hold"), st.sampled_from(["", "5"])),
    early=st.booleans(),
    bundle=st.just(value=False),
)


FULL = Jingle(
    Action.SESSION_INITIATE,
    "s",
    (
        Content(
            "a",
            description=Description("audio", (Payload(0, "PCMU", 8000, 1, (("a", "b"),), 20),), rtcp_mux=True),
            transport=Transport(
                ufrag="u",
                pwd="p",
                fingerprint=Fingerprint("sha-256", FINGERPRINT, "active"),
                candidates=(IceCandidate(1, "1", "192.0.2.1", 5, 1, "srflx", "192.0.2.2", 9),),
            ),
        ),
    ),
    "i",
    "r",
    Reason("busy", "why"),
    Info("urn:x", "y", "5"),
    early=True,
)
SPARSE = Jingle(
    Action.SESSION_INFO,
    "s",
    (
        Content("a", description=Description(payloads=(Payload(0, "PCMU", 8000),))),
        Content("b", transport=Transport(fingerprint=Fingerprint("sha-256", FINGERPRINT))),
        Content("c", transport=Transport(RAW_UDP, candidates=(IceCandidate(1, "0", "192.0.2.1", 5, 0),))),
        Content("d", transport=Transport(candidates=(IceCandidate(1, "1", "192.0.2.1", 5, 1),))),
    ),
    reason=Reason(),
    info=Info("urn:x", "y"),
)


@example(FULL)
@example(SPARSE)
@given(jingles)
def test_what_we_write_is_what_we_read(jingle: Jingle) -> None:
    assert parse_jingle(xml(tostring(encode_jingle(jingle)))) == jingle


@pytest.mark.parametrize(
    "text",
    [
        f"<jingle xmlns='{JINGLE}' sid='s'/>",
        f"<jingle xmlns='{JINGLE}' sid='s' action='session-dance'/>",
        f"<jingle xmlns='{JINGLE}' action='session-info'/>",
        f"<jingle xmlns='{JINGLE}' action='session-info' sid='{'s' * 257}'/>",
    ],
)
def test_a_jingle_that_cannot_be_routed_is_an_error(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_jingle(xml(text))


@pytest.mark.parametrize(
    "text",
    [
        f"<dance xmlns='{JMI}' id='s'/>",
        f"<propose xmlns='{JMI}'/>",
        "<propose xmlns='urn:x' id='s'/>",
        "<propose id='s'/>",
        f"<propose xmlns='{JMI}' id='{'s' * 257}'/>",
    ],
)
def test_a_jmi_element_that_cannot_be_routed_is_an_error(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_proposal(xml(text))


def content(description: str = "", transport: str = "") -> Content:
    (parsed,) = parse_jingle(
        xml(
            f"<jingle xmlns='{JINGLE}' action='session-initiate' sid='s'><content name='a'>"
            f"<description xmlns='{RTP}' media='Audio'>{description}</description>"
            f"<transport xmlns='{ICE_UDP}'>{transport}</transport></content></jingle>"
        )
    ).contents
    return parsed


def payload(text: str) -> Payload | None:
    description = content(description=f"<payload-type {text}/>").description
    assert description is not None
    return description.payloads[0] if description.payloads else None


def candidate(text: str) -> IceCandidate | None:
    transport = content(transport=f"<candidate {text}/>").transport
    assert transport is not None
    return transport.candidates[0] if transport.candidates else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id='0'", Payload(0, "PCMU", 8000)),
        ("id='8' name=''", Payload(8, "PCMA", 8000)),
        ("id='96' name='OPUS'", Payload(96, "OPUS", 48000, 2)),
        ("id='96' name='opus' channels='1'", Payload(96, "opus", 48000, 1)),
        ("id='97' name='x' clockrate='0' ptime='0'", Payload(97, "x", 8000)),
        ("id='97' name='x' ptime='10'", Payload(97, "x", 8000, ptime=10)),
        ("id='97'", None),
        ("id='128' name='x'", None),
        ("id='-1' name='x'", None),
        ("id='\u0661' name='x'", None),
        ("name='x'", None),
    ],
)
def test_payload_types(text: str, expected: Payload | None) -> None:
    assert payload(text) == expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ip='192.0.2.1' port='5'", True),
        ("ip='2001:DB8::1' port='5' protocol='UDP' type='HOST'", True),
        ("ip='abc.local' port='5'", True),
        (f"ip='{'a' * 300}.local' port='5'", False),
        ("ip='192.0.2.1' port='5' protocol='tcp'", False),
        ("ip='192.0.2.1' port='0'", False),
        ("ip='192.0.2.1' port='65536'", False),
        ("ip='192.0.2.1'", False),
        ("ip='example.org' port='5'", False),
        ("ip='239.0.0.1' port='5'", False),
        ("ip='0.0.0.0' port='5'", False),
        ("port='5'", False),
        ("ip='192.0.2.1' port='5' type='x'", False),
        ("ip='192.0.2.1' port='5' component='0'", False),
        ("ip='192.0.2.1' port='5' component='x'", False),
    ],
)
def test_candidates(text: str, kept: bool) -> None:
    assert (candidate(text) is not None) is kept


def fingerprint(attributes: str, value: str) -> Fingerprint | None:
    text = f"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' {attributes}>{value}</fingerprint>"
    transport = content(transport=text).transport
    assert transport is not None
    return transport.fingerprint


@pytest.mark.parametrize(
    ("attributes", "value", "expected"),
    [
        ("hash='SHA-256' setup='ACTIVE'", FINGERPRINT.lower(), Fingerprint("sha-256", FINGERPRINT, "active")),
        ("hash='sha-256' setup='holdconn'", f"\n {FINGERPRINT}\n", Fingerprint("sha-256", FINGERPRINT)),
        ("hash='sha-1'", ":".join(["AB"] * 20), None),
        ("hash='sha-256'", "AB:CD", None),
        ("hash='sha-256'", "", None),
        ("hash='sha-256'", FINGERPRINT.replace(":", "-"), None),
        ("", FINGERPRINT, None),
    ],
)
def test_fingerprints(attributes: str, value: str, expected: Fingerprint | None) -> None:
    assert fingerprint(attributes, value) == expected


def test_media_names_compare_without_case() -> None:
    description = content().description
    assert description is not None
    assert description.media == "audio"


def test_reasons_with_underscores_texts_and_strangers_elements() -> None:
    jingle = parse_jingle(
        xml(
            f"<jingle xmlns='{JINGLE}' action='session-terminate' sid='s'><reason><text>why</text>"
            "<x xmlns='urn:x'/><failed_application/><success/></reason></jingle>"
        )
    )
    assert jingle.reason == Reason("failed-application", "why")


def test_a_bundle_group_is_seen_and_is_no_session_info() -> None:
    jingle = parse_jingle(
        xml(
            f"<jingle xmlns='{JINGLE}' action='session-info' sid='s'>"
            "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'/></jingle>"
        )
    )
    assert jingle.bundle
    assert jingle.info is None


def test_comments_are_no_elements() -> None:
    element = xml(f"<jingle xmlns='{JINGLE}' action='session-info' sid='s'/>")
    element.append(Comment("nothing"))
    assert parse_jingle(element).info is None
