from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.calls.digitmap import DigitMap, DigitMapError, Verdict, parse
from phone.calls.numbers import DialPlan, Fault, is_address
from phone.errors import PhoneError

PLAN = DialPlan.of("example.org", "gw.example.net", "", {"1": "boss@example.com", "*9": "box@example.org/x"})
INSIDE = DialPlan.of("example.org", None, "", {})


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("1", "boss@example.com"),
        ("*9", "box@example.org/x"),
        ("204", "204@example.org"),
        ("*43#", "*43#@example.org"),
        ("123456", "123456@example.org"),
        ("1234567", "1234567@gw.example.net"),
        ("+49 (30) 12-34/5", "+493012345@gw.example.net"),
        ("0049301", "0049301@gw.example.net"),
        ("bob", "bob@example.org"),
        ("bob.b@example.com", "bob.b@example.com"),
        ("  bob@example.com/desk phone  ", "bob@example.com/desk phone"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
        ("bob@[::1]", "bob@[::1]"),
        ("bob@10.0.0.1", "bob@10.0.0.1"),
        ("bob@example.org.", "bob@example.org."),
    ],
)
def test_numbers_become_addresses(number, address):
    assert PLAN.resolve(number) == address


@pytest.mark.parametrize("number", ["+49301", "0049301"])
def test_outside_numbers_need_a_gateway(number):
    assert INSIDE.resolve(number) is Fault.NO_GATEWAY


def test_without_a_gateway_long_numbers_are_extensions():
    assert INSIDE.resolve("12345678") == "12345678@example.org"


def test_an_extension_needs_a_domain():
    assert DialPlan().resolve("204") is Fault.NO_DOMAIN


@pytest.mark.parametrize(
    "number",
    [
        "",
        "@",
        "bob@",
        "@example.org",
        "<script>alert(1)</script>",
        "<script>@example.org",
        'a"b@example.org',
        "a b@example.org",
        "a&b",
        "a'b@example.org",
        "a:b",
        "bob@exa mple.org",
        "bob@example..org",
        "bob@-example.org",
        "bob@example.org/",
        "bob@example.org/a\nb",
        "bob\u202e@example.org",
        "bob\x00@example.org",
        "a@b@example.org",
        "\ud800@example.org",
        "x" * 1024 + "@example.org",
        "bob@" + "a" * 64 + ".org",
        "bob@" + "a." * 150 + "org",
        "bob@[gg]",
    ],
)
def test_junk_is_refused(number):
    assert PLAN.resolve(number) is Fault.BAD_ADDRESS


@given(st.text())
def test_whatever_is_dialled_becomes_an_address_or_a_fault(number):
    address = PLAN.resolve(number)
    assert isinstance(address, Fault) or is_address(address)
    if not isinstance(address, Fault):
        assert not set("<>\"'&") & set(address.partition("/")[0])


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_digits_always_can_be_called_where_a_gateway_is(digits):
    assert isinstance(PLAN.resolve(digits), str)


# --- digit map (RFC 3435 section 2.1.5) ---


@pytest.mark.parametrize(
    ("digit_map", "digits", "verdict"),
    [
        ("", "1", Verdict.MISMATCH),
        ("[1-8]xxx", "", Verdict.MORE),
        ("[1-8]xxx", "123", Verdict.MORE),
        ("[1-8]xxx", "1234", Verdict.COMPLETE),
        ("[1-8]xxx", "12345", Verdict.MISMATCH),
        ("[1-8]xxx", "9", Verdict.MISMATCH),
        ("0T|00T", "0", Verdict.MORE),
        ("+x.T", "+", Verdict.MORE),
        ("+x.T", "+49301", Verdict.MORE),
        ("1x.2", "1772", Verdict.COMPLETE),
        ("1x.2", "12", Verdict.COMPLETE),
        ("(xxxxxxx|x11)", "411", Verdict.COMPLETE),
        ("x.T|*xx", "*12", Verdict.COMPLETE),
        ("1x.[2-3]*.T", "13", Verdict.MORE),
        ("[*#79]X", "#5", Verdict.COMPLETE),
        (" 0 1t ", "01", Verdict.MORE),
    ],
)
def test_what_a_digit_map_says(digit_map, digits, verdict):
    assert parse(digit_map).judge(digits) is verdict


@pytest.mark.parametrize(
    ("digit_map", "fault"),
    [
        ("1||2", "empty"),
        ("T", "empty"),
        ("12a", '"a"'),
        ("[12", "never closes"),
        ("[]", "no set"),
        ("[1-x]", "no set"),
        ("[5-1]", "backwards"),
        ("1T2", "at the end only"),
        ("x.", "would never wait"),
        (".1", '"."'),
        ("(1|2", '"("'),
    ],
)
def test_a_wrong_digit_map_says_what_is_wrong(digit_map, fault):
    with pytest.raises(DigitMapError, match="digit map: ") as error:
        parse(digit_map)
    assert fault in str(error.value)
    assert isinstance(error.value, PhoneError)


@given(st.text(alphabet="0123456789*#+xXT.|[]()-", max_size=12), st.text(alphabet="0123456789*#+", max_size=8))
def test_any_text_is_a_digit_map_or_an_error_and_judges_quickly(digit_map, digits):
    try:
        parsed = parse(digit_map)
    except DigitMapError:
        return
    assert isinstance(parsed.judge(digits), Verdict)
    if parsed.judge(digits) is not Verdict.MISMATCH:
        assert all(parsed.judge(digits[:n]) is not Verdict.MISMATCH for n in range(len(digits)))


def test_no_digit_map_is_one_without_rules():
    assert parse("  ") == DigitMap()
