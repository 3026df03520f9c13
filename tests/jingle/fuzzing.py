"""Random XML, and real XML with a few things wrong."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from hypothesis import strategies as st

from phone.jingle.api import PeerPolicy

Attributes = st.SearchStrategy[dict[str, str]]
policies = st.builds(PeerPolicy, plain_rtp=st.booleans(), direct=st.booleans(), contact=st.booleans())


def build(tag: str, attrib: dict[str, str], children: list[Element]) -> Element:
    element = Element(tag, attrib)
    element.extend(children)
    return element


def some_of(table: dict[str, list[str]]) -> Attributes:
    """A few attributes with values that the table has for them."""
    picks = st.dictionaries(st.sampled_from(sorted(table)), st.integers(0, 20), max_size=6)
    return picks.map(lambda d: {k: table[k][n % len(table[k])] for k, n in d.items()})


def trees_of(spaces: Sequence[str], names: Sequence[str], attributes: Attributes) -> st.SearchStrategy[Element]:
    tags = st.builds("{{{}}}{}".format, st.sampled_from(spaces), st.sampled_from(names)) | st.sampled_from(names)
    return st.recursive(
        st.builds(build, tags, attributes, st.just([])),
        lambda inner: st.builds(build, tags, attributes, st.lists(inner, max_size=4)),
        max_leaves=12,
    )


def damaged(
    draw: st.DrawFn, flow: Sequence[Element], attributes: Attributes, trees: st.SearchStrategy[Element]
) -> list[Element]:
    """A conversation with a few things wrong."""
    stanzas = [copy.deepcopy(s) for s in flow]
    for _ in range(draw(st.integers(0, 8))):
        element = draw(st.sampled_from([e for s in stanzas for e in s[0].iter()]))
        match draw(st.integers(0, 5)):
            case 0 if element.attrib:
                del element.attrib[draw(st.sampled_from(sorted(element.attrib)))]
            case 1:
                element.attrib.update(draw(attributes))
            case 2 if len(element):
                element.remove(element[draw(st.integers(0, len(element) - 1))])
            case 3 if len(element):
                element.append(copy.deepcopy(element[0]))
            case 4:
                element.append(draw(trees))
            case _:
                element.text = draw(st.text(max_size=5))
    return stanzas
