# ruff: noqa: A001 - `id` is the field's word
from __future__ import annotations

import uuid

from phone.calls.ids import next_id
from phone.calls.model import IdSource
from phone.calls.table import ANSWERING_MOVES, HANDOVER_MOVES, MOVES, answering_mermaid, mermaid, transfer_mermaid


def test_ids_are_version_4_unique_and_depend_on_the_secret():
    source, seen = IdSource(b"secret"), set()
    for _ in range(100):
        id, source = next_id(source)
        assert uuid.UUID(id).version == 4
        assert uuid.UUID(id).variant == uuid.RFC_4122
        seen.add(id)
    assert len(seen) == 100
    assert next_id(IdSource(b"other"))[0] not in seen


def test_the_diagram_shows_every_move_once():
    text = mermaid()
    moves = [(a.name, b.name, e.__name__) for a, row in MOVES.items() for e, b in row.items()]
    for start, end, event in moves:
        assert text.count(f"  {start} --> {end}: {event}\n") == 1
    assert len(text.splitlines()) == len(moves) + 4


def test_the_diagram_of_a_hand_over_shows_every_move_once():
    text = transfer_mermaid()
    moves = [(a.name, b.name, sign.value) for a, row in HANDOVER_MOVES.items() for sign, b in row.items()]
    for start, end, sign in moves:
        assert text.count(f"  {start} --> {end}: {sign}\n") == 1
    assert len(text.splitlines()) == len(moves) + 5


def test_the_diagram_of_an_answered_call_shows_every_move_once():
    text = answering_mermaid()
    moves = [(a.name, e.__name__) for a, row in ANSWERING_MOVES.items() for e in row]
    for start, event in moves:
        assert text.count(f"  {start} --> ") == len([m for m in moves if m[0] == start])
        assert text.count(f": {event}\n") == len([m for m in moves if m[1] == event])
    assert len(text.splitlines()) == len(moves) + 4
