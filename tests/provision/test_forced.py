"""The forced command lets `phone provision` through, and nothing that reads a file or speaks to a shell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.provision.forced import ForbiddenError, arguments


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("phone provision", ["provision"]),
        ("phone provision history --limit 5 --json", ["provision", "history", "--limit=5", "--json"]),
        (
            "phone provision apply --comment 'a b' --within=3s",
            ["provision", "apply", "--comment=a b", "--within=3s"],
        ),
        ("phone provision --comment --config", ["provision", "--comment=--config"]),
        ("phone provision rollback 7", ["provision", "rollback", "7"]),
        ("phone provision --json get 7", ["provision", "--json", "get", "7"]),
        ("phone provision --comment", ["provision", "--comment="]),
    ],
)
def test_what_goes_through(command, words):
    assert arguments(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "",
        "phone",
        "phone status",
        "phone provision-shell",
        "/usr/bin/phone provision",
        "phone provision get; id",
        "phone provision get `id`",
        "phone provision get $(id)",
        "phone provision get\nid",
        "phone provision get --config /etc/passwd",
        "phone provision --config=/etc/passwd get",
        "phone provision get --conf /etc/passwd",
        "phone provision -- get",
        "phone provision apply get",
        "phone provision 'unfinished",
        "phone provision " + "1 " * 4000,
    ],
)
def test_what_is_refused(command):
    with pytest.raises(ForbiddenError, match="this key opens `phone provision` and `phone onboard` alone"):
        arguments(command)


@given(st.lists(st.text("ab-=/.; `$(|&>config1", max_size=8), max_size=5))
def test_no_words_name_a_file(words):
    try:
        through = arguments("phone provision " + " ".join(words))
    except ForbiddenError:
        return
    for word in through[1:]:
        assert word in {"apply", "get", "diff", "confirm", "rollback", "history"} or word.isdigit() or word[0] == "-"
        assert not word.startswith("--conf") or word.startswith("--confirm-within=")
