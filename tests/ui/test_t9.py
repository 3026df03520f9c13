"""The search against a naive one that spells out every name at every key."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.ui.book import Person
from phone.ui.t9 import Index, fold, found, indexed

PAD = {"2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz"}


def people(*names, number=""):
    return tuple(Person(name, f"u{n}@x.org", number) for n, name in enumerate(names))


def names(index, digits):
    return [person.name for person in found(index, digits)]


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("Anna Meier", "2662"),
        ("Anna Meier", "6343"),
        ("Anna Meier", "26620634"),
        ("Bärbel", "227235"),
        ("Bärbel", "2237235"),
        ("Müller", "685537"),
        ("Müller", "6835537"),
        ("Weiß", "93477"),
        ("Øyvind Åse", "698463"),
        ("Øyvind Åse", "273"),
        ("Øyvind Åse", "2273"),
        ("Łukasz", "585279"),
        ("Æsop Œuvre", "2376"),
        ("Æsop Œuvre", "63"),
        ("Þór Ðan", "84"),
        ("Þór Ðan", "32"),
        ("O'Brien", "627436"),
        ("Jean-Luc", "58"),
        ("Agent 007", "007"),
        ("Жанна Фриске", "3255"),
        ("Ёжик", "33"),
        ("Юрий", "96"),
        ("Їжак Ґалаґан", "22"),
        ("Σωκράτης", "7957"),
        ("Νίκος", "64567"),
        ("\uff26ull", "3855"),
        ("e\u0301lise", "35473"),
    ],
)
def test_letters_of_europe(name, digits):
    assert names(indexed(people(name)), digits) == [name]


@pytest.mark.parametrize(
    ("name", "digits"), [("Anna", "66"), ("Anna Meier", "2663"), ("Anna Meier", "26630634"), ("日本", "2"), ("", "2")]
)
def test_who_is_not_found(name, digits):
    assert names(indexed(people(name)), digits) == []


def test_letters_that_no_key_has_are_left_out_of_their_word():
    assert names(indexed(people("A日nna")), "2662") == ["A日nna"]


def test_first_the_number_then_the_first_word_then_the_others_by_the_alphabet():
    all_of_them = (
        Person("Zoe Adam", "z@x"),
        Person("beta", "b@x", "23"),
        Person("Ädgar", "ae@x"),
        Person("Bella", "be@x"),
        Person("Carl", "c@x", "234"),
        Person("Adele", "a@x"),
    )
    index = indexed(all_of_them)
    assert names(index, "23") == ["beta", "Adele", "Ädgar", "Bella", "Carl", "Zoe Adam"]
    assert names(index, "234") == ["Carl", "Ädgar"]
    assert names(index, "") == ["Adele", "Ädgar", "Bella", "beta", "Carl", "Zoe Adam"]


def test_numbers_are_found_by_their_beginning_however_they_are_written():
    index = indexed(people("Bob", number="+49 (30) 123-45"))
    assert names(index, "+4930") == ["Bob"]
    assert names(index, "+493012345") == ["Bob"]
    assert names(index, "4930") == []
    assert names(indexed(people("Bob", number="*45#")), "*45#") == ["Bob"]


def test_a_new_index_knows_what_the_one_before_knew():
    first = indexed(people("Anna", "Bob"))
    second = indexed((Person("Bob", "other@x.org"), Person("Zoe", "z@x.org")), first)
    assert names(second, "262") == ["Bob"]
    assert names(second, "963") == ["Zoe"]
    assert names(second, "2662") == []
    assert {id(s) for s in second.spelt} & {id(s) for s in first.spelt}
    assert found(Index(), "2") == ()


@given(st.text())
def test_fold_is_without_case_and_marks(text):
    folded = fold(text)
    assert not any(unicodedata.combining(c) for c in folded)
    assert fold("ÄÖÜ É ß Ł") == "aou e ss l"


def spelt(word):
    return "".join(next(d for d, letters in PAD.items() if c in letters) for c in word)


def naive(persons, digits):
    """Latin names of small letters and blanks."""
    hits = []
    for person in persons:
        words = [spelt(word) for word in person.name.split()]
        tails = [" ".join(words[n:]) for n in range(len(words))]
        typed = {digits, digits.replace("0", " ")}
        first = any(tails[0].startswith(t) for t in typed) if tails else False
        if person.number == digits:
            hits.append((0, person))
        elif first or any(t.startswith(d) for t in tails for d in typed) or person.number.startswith(digits):
            hits.append((1 if first else 2, person))
    return [p for _, p in sorted(hits, key=lambda hit: (hit[0], hit[1].name, hit[1].address))]


LATIN = st.text(alphabet="abdgjmp ", min_size=1, max_size=9).filter(lambda n: n.split() == n.split(" "))


@given(
    st.lists(st.tuples(LATIN, st.text(alphabet="0236", max_size=3)), max_size=12),
    st.lists(st.text(alphabet="023456", min_size=1, max_size=7), min_size=1, max_size=4),
)
def test_like_the_naive_search(entries, keys):
    persons = tuple(Person(name, f"{n:02}@x.org", number) for n, (name, number) in enumerate(entries))
    index = indexed(persons)
    for digits in keys:
        for typed in range(1, len(digits) + 1):
            assert list(found(index, digits[:typed])) == naive(persons, digits[:typed])


@given(st.lists(st.text(max_size=8), max_size=8), st.text(alphabet="0123456789*#+", max_size=8))
def test_a_longer_text_finds_no_more_and_nobody_twice(entries, digits):
    index = indexed(people(*entries))
    for typed in range(len(digits)):
        fewer, more = found(index, digits[: typed + 1]), found(index, digits[:typed])
        assert set(fewer) <= set(more)
        assert len(set(fewer)) == len(fewer)
    assert sorted(found(index, ""), key=lambda p: p.address) == sorted(index.people, key=lambda p: p.address)
