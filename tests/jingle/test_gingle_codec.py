"""Google's session elements to XML and back, and nonsense to values or bad-request."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

import pytest
from gingle_wire import SESSION_NS, TEN
from hypothesis import given
from hypothesis import strategies as st
from jingle_wire import ALICE, xml

from phone.jingle.api import Payload
from phone.jingle.elements import Info
from phone.jingle.errors import RemoteProtocolError
from phone.jingle.gingle_codec import encode_session, parse_session
from phone.jingle.gingle_elements import (
    DTMF_INFO,
    OLD_TALK,
    P2P,
    PHONE,
    SESSION,
    VIDEO,
    Act,
    Crypto,
    Description,
    Gingle,
    P2pCandidate,
    Redirect,
)
from phone.jingle.gingle_parse import MAX_COOKIE

CANDIDATE = P2pCandidate(1, "0", "192.0.2.10", 40000, 900, "srflx", username="q3Zb1L0dVw8sTn5K")
OFFER = Description((Payload(0, "PCMU", 8000), Payload(111, "opus", 48000, 2)))


def session(
    inside: str = "", act: str = "candidates", attributes: str = "id='s1' initiator='alice@desk.test/phone'"
) -> Gingle:
    return parse_session(xml(f"<session xmlns='{SESSION}' type='{act}' {attributes}>{inside}</session>"))


def bare(attributes: str) -> tuple[P2pCandidate, ...]:
    return session(f"<candidate {attributes}/>").bare


GOOD = "name='rtp' address='192.0.2.10' port='40000' username='q3Zb1L0dVw8sTn5K'"

# --- there and back ------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        Gingle(Act.INITIATE, "s1", ALICE, OFFER, transport=True, regarding="boss@b.example"),
        Gingle(Act.INITIATE, "s1", ALICE, OFFER, redirect=Redirect("", f'<s:cookie xmlns:s="{SESSION}" />')),
        Gingle(Act.CANDIDATES, "s1", ALICE, bare=(CANDIDATE,)),
        Gingle(Act.TRANSPORT_INFO, "s1", ALICE, transport=True, wrapped=(CANDIDATE, CANDIDATE)),
        Gingle(Act.TRANSPORT_ACCEPT, "s1", ALICE, transport=True),
        Gingle(Act.REDIRECT, "s1", ALICE, redirect=Redirect("boss@b.example/desk")),
        Gingle(Act.CONTENT_INFO, "s1", ALICE, info=Info(DTMF_INFO, "dtmf", "5")),
        Gingle(Act.INFO, "s1", ALICE, info=Info("urn:xmpp:jingle:apps:rtp:info:1", "hold")),
        Gingle(
            Act.ACCEPT,
            "s1",
            ALICE,
            Description(
                (Payload(0, "PCMU", 8000),),
                (Crypto("1", "AES_CM_128_HMAC_SHA1_80", "inline:abc"), Crypto("2", "X", "inline:d", "KDR=0")),
                encryption_required=True,
            ),
        ),
        Gingle(Act.ACCEPT, "s1", ALICE, Description(OLD_TALK, (Crypto("1", "X", "inline:d"),))),
    ],
    ids=lambda g: g.act.value,
)
def test_there_and_back(value: Gingle) -> None:
    again = parse_session(xml(tostring(encode_session(value))))
    if again.redirect and again.redirect.cookie:
        assert "cookie" in again.redirect.cookie
        again = Gingle(again.act, again.id, again.initiator, again.description, redirect=value.redirect)
    assert again == value


@pytest.mark.parametrize(
    "reason", ["success", "cancel", "busy", "timeout", "decline", "failed-application", "general-error"]
)
def test_a_reason_is_there_and_back_in_both_spellings(reason: str) -> None:
    element = encode_session(Gingle(Act.TERMINATE, "s1", ALICE, reason=reason))
    assert parse_session(xml(tostring(element))).reason == reason
    assert element[0].tag != f"{{{SESSION}}}reason", "libjingle reads the first child"


def test_an_empty_terminate_stays_empty() -> None:
    assert len(encode_session(Gingle(Act.TERMINATE, "s1", ALICE))) == 0


def test_all_ten_attributes_of_a_candidate_are_written() -> None:
    element = encode_session(Gingle(Act.CANDIDATES, "s1", ALICE, bare=(CANDIDATE,)))
    (candidate,) = element.findall("s:candidate", SESSION_NS)
    assert set(candidate.keys()) == TEN
    assert candidate.get("preference") == "0.9"
    assert candidate.get("type") == "stun"
    assert candidate.get("password") == ""


def test_payload_types_are_googles() -> None:
    element = encode_session(Gingle(Act.ACCEPT, "s1", ALICE, OFFER))
    pcmu, opus = element.iter(f"{{{PHONE}}}payload-type")
    assert pcmu.attrib == {"id": "0", "name": "PCMU", "clockrate": "8000"}
    assert opus.get("channels") == "2"
    assert [c.tag for c in element] == [f"{{{PHONE}}}description"]


def test_sdes_is_jingles_element_with_googles_usage() -> None:
    description = Description(OLD_TALK, (Crypto("1", "X", "inline:d"),))
    element = encode_session(Gingle(Act.ACCEPT, "s1", ALICE, description))
    encryption = element.find("a:description/{urn:xmpp:jingle:apps:rtp:1}encryption", SESSION_NS)
    assert encryption is not None
    assert encryption.get("required") is None
    assert encryption.find(f"{{{PHONE}}}usage") is not None


# --- what cannot be routed -----------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "<session xmlns='urn:other' type='accept' id='s1' initiator='a@b/c'/>",
        f"<jingle xmlns='{SESSION}' type='accept' id='s1' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' id='s1' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' type='modify' id='s1' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' type='accept' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' type='accept' id='{'x' * 257}' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' type='initiate' id='s1' initiator='a@b/c'/>",
        f"<session xmlns='{SESSION}' type='initiate' id='s1'><description xmlns='{PHONE}'/></session>",
        f"<session xmlns='{SESSION}' type='initiate' id='s1' initiator='a b'><description xmlns='{PHONE}'/></session>",
    ],
)
def test_what_cannot_be_routed_is_a_bad_request(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_session(xml(text))


def test_without_an_initiator_all_but_an_initiate_is_understood() -> None:
    assert session(act="terminate", attributes="id='s1'").act is Act.TERMINATE


# --- descriptions --------------------------------------------------------


def test_an_empty_description_is_the_first_client_s() -> None:
    found = session(f"<description xmlns='{PHONE}'/>", "accept").description
    assert found == Description(OLD_TALK)


def test_a_description_of_useless_payload_types_is_empty() -> None:
    inside = f"<description xmlns='{PHONE}'><payload-type id='x'/><payload-type id='99'/></description>"
    assert session(inside, "accept").description == Description()


def test_missing_names_and_rates_have_their_defaults() -> None:
    types = (
        "<payload-type id='8'/><payload-type id='111' name='opus' clockrate='48000'/><payload-type id='5' name='x'/>"
    )
    found = session(f"<description xmlns='{PHONE}'>{types}</description>", "accept").description
    assert found == Description((Payload(8, "PCMA", 8000), Payload(111, "opus", 48000, 2), Payload(5, "x", 8000)))


def test_a_video_call_s_audio_is_found() -> None:
    inside = f"<description xmlns='{VIDEO}'><payload-type id='99' name='H264'/>{{}}</description>"
    audio = f"<payload-type xmlns='{PHONE}' id='0' name='PCMU' clockrate='8000'/>"
    assert session(inside.format(audio), "accept").description == Description((Payload(0, "PCMU", 8000),), video=True)
    assert session(inside.format(""), "accept").description == Description(video=True)


def test_half_a_crypto_is_dropped() -> None:
    crypto = (
        "<crypto tag='1' crypto-suite='X'/><crypto tag='1' key-params='k'/><crypto crypto-suite='X' key-params='k'/>"
    )
    encryption = f"<encryption xmlns='urn:xmpp:jingle:apps:rtp:1' required='1'>{crypto}</encryption>"
    found = session(f"<description xmlns='{PHONE}'>{encryption}</description>", "accept").description
    assert found == Description(OLD_TALK, (), encryption_required=True)


# --- candidates ----------------------------------------------------------


def test_a_candidate_needs_four_attributes() -> None:
    (found,) = bare(GOOD)
    assert found == P2pCandidate(1, "0", "192.0.2.10", 40000, 0, "host", username="q3Zb1L0dVw8sTn5K")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name='rtp'", "name='video_rtp'"),
        ("name='rtp'", ""),
        ("port='40000'", "port='0'"),
        ("port='40000'", "port='65536'"),
        ("port='40000'", ""),
        ("192.0.2.10", "example.org"),
        ("192.0.2.10", "224.0.0.1"),
        ("username='q3Zb1L0dVw8sTn5K'", ""),
        ("q3Zb1L0dVw8sTn5K", "\u00e4"),
        ("q3Zb1L0dVw8sTn5K", "x" * 65),
        ("name='rtp'", "name='rtp' protocol='tcp'"),
        ("name='rtp'", "name='rtp' protocol='ssltcp'"),
        ("name='rtp'", "name='rtp' type='prflx'"),
    ],
)
def test_a_useless_candidate_is_dropped_alone(old: str, new: str) -> None:
    assert bare(GOOD.replace(old, new)) == ()


@pytest.mark.parametrize(
    ("written", "priority"),
    [("1", 1000), ("0.95", 950), ("1.0", 1000), ("7", 1000), ("-1", 0), ("nan", 0), ("1e9", 0), ("", 0), ("\u0661", 0)],
)
def test_preferences_are_thousandths(written: str, priority: int) -> None:
    assert [c.priority for c in bare(f"{GOOD} preference='{written}'")] == [priority]


def test_rtcp_is_component_2_and_a_generation_is_kept() -> None:
    (found,) = bare(GOOD.replace("'rtp'", "'RTCP'") + " generation='3' type='relay' password='p'")
    assert (found.component, found.generation, found.type, found.password) == (2, 3, "relay", "p")


@pytest.mark.parametrize("namespace", [P2P, SESSION])
def test_wrapped_candidates_in_either_namespace(namespace: str) -> None:
    inside = f"<transport xmlns='{P2P}'><candidate xmlns='{namespace}' {GOOD}/><other {GOOD}/></transport>"
    found = session(inside, "transport-info")
    assert len(found.wrapped) == 1
    assert found.bare == ()


def test_no_more_than_64_candidates() -> None:
    assert len(session(f"<candidate {GOOD}/>" * 100).bare) == 64


# --- reasons, redirects, infos -------------------------------------------


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("", ""),
        ("<call-ended/>", "success"),
        ("<recipient-busy/>", "busy"),
        ("<decline/>", "decline"),
        ("<reason><gone/></reason>", "gone"),
        ("<call-ended/><reason><busy/></reason>", "busy"),
        ("<reason/>", ""),
        ("<!-- odd --><internal-server-error/>", "general-error"),
    ],
)
def test_reasons(inside: str, reason: str) -> None:
    assert session(inside, "terminate").reason == reason
    assert session(inside, "reject").reason == reason
    assert session(inside, "info").reason == ""


def test_a_redirect_with_a_cookie() -> None:
    cookie = "<cookie><regarding name='Boss@b.example'/><x/></cookie>"
    found = session(f"<target name='xmpp:VM@b.example'/>{cookie} tail", "redirect").redirect
    assert found is not None
    assert (found.target, found.redirector) == ("vm@b.example", "boss@b.example")
    assert found.cookie.endswith("cookie>")
    again = encode_session(Gingle(Act.INITIATE, "s2", ALICE, OFFER, redirect=Redirect("", found.cookie)))
    assert again.find("s:cookie/s:x", SESSION_NS) is not None
    assert again.find("s:target", SESSION_NS) is None


@pytest.mark.parametrize(
    ("inside", "redirect"),
    [
        ("<target/>", Redirect()),
        ("<target name='a b'/>", Redirect()),
        (f"<target name='x@y'/><cookie><a b='{'c' * MAX_COOKIE}'/></cookie>", Redirect("x@y")),
    ],
)
def test_redirects_to_nowhere_and_cookies_too_big(inside: str, redirect: Redirect) -> None:
    assert session(inside, "redirect").redirect == redirect


def test_a_cookie_whose_redirector_is_nobody() -> None:
    found = session("<cookie><regarding name='a b'/></cookie>").redirect
    assert found is not None
    assert found.redirector == ""


@pytest.mark.parametrize(("name", "regarding"), [("Boss@B.example", "boss@b.example"), ("a b", ""), ("", "")])
def test_whom_a_message_is_for(name: str, regarding: str) -> None:
    inside = f"<regarding xmlns='http://www.google.com/session/voicemail' name='{name}'/>"
    assert session(inside).regarding == regarding


@pytest.mark.parametrize(
    ("attributes", "info"),
    [
        ("code='5'", Info(DTMF_INFO, "dtmf", "5")),
        ("code='5' action='button-up'", Info(DTMF_INFO, "dtmf", "5")),
        ("code='5' action='button-down'", None),
    ],
)
def test_digits_count_when_the_key_is_let_go(attributes: str, info: Info | None) -> None:
    assert session(f"<dtmf xmlns='{DTMF_INFO}' {attributes}/>", "content-info").info == info


# --- any nonsense --------------------------------------------------------

TAGS = ("session", "description", "payload-type", "transport", "candidate", "regarding", "cookie", "target", "reason")
NAMES = st.sampled_from([*TAGS, "dtmf", "encryption", "crypto", "x"])
SPACES = st.sampled_from([SESSION, PHONE, VIDEO, P2P, DTMF_INFO, "urn:xmpp:jingle:apps:rtp:1", f"{SESSION}/voicemail"])
KEYS = st.sampled_from(["type", "id", "initiator", "name", "address", "port", "username", "preference", "code", "tag"])
VALUES = st.one_of(
    st.sampled_from([*(a.value for a in Act), "rtp", "192.0.2.1", "4000", "0", "a@b/c", "1.0", "5"]),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
    ),
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> Element:
    element = Element(f"{{{draw(SPACES)}}}{draw(NAMES)}", draw(st.dictionaries(KEYS, VALUES, max_size=5)))
    for child in draw(st.lists(elements(depth - 1), max_size=3)) if depth else ():
        element.append(child)
    return element


@given(elements(), st.sampled_from(list(Act)))
def test_nonsense_is_a_value_or_a_bad_request(inside: Element, act: Act) -> None:
    outer = Element(f"{{{SESSION}}}session", {"type": act.value, "id": "s1", "initiator": "a@b/c"})
    outer.append(inside)
    SubElement(outer, f"{{{PHONE}}}description")
    for element in (inside, outer):
        try:
            parsed = parse_session(element)
        except RemoteProtocolError:
            assert element is inside
            continue
        again = parse_session(xml(tostring(encode_session(parsed))))
        assert (again.act, again.wrapped, again.bare) == (parsed.act, parsed.wrapped, parsed.bare)
