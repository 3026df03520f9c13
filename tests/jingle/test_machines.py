"""The two transition tables: what they do not allow raises (ours) or is refused (theirs), and changes nothing."""

from __future__ import annotations

import itertools

import pytest
from jingle_wire import ALICE, BOB, CONTACT, ids, media

from phone.jingle.elements import Action, Jingle, Verb
from phone.jingle.errors import LocalProtocolError
from phone.jingle.leg import Leg, Surroundings
from phone.jingle.negotiate import offer
from phone.jingle.proposal import TRANSITIONS as INVITATIONS
from phone.jingle.proposal import Invitation, Stage, Way
from phone.jingle.session import Session
from phone.jingle.states import OUT_OF_ORDER, TRANSITIONS, State


def session(*, initiator: bool, state: State) -> Session:
    made = Session("c", "s", ALICE, BOB, offer(plain=False), initiator=initiator, plain=False, new_id=ids("t"))
    made.state = state
    return made


def snapshot(thing: object) -> dict[str, object]:
    return dict(vars(thing))


@pytest.mark.parametrize(("initiator", "state"), list(itertools.product([True, False], State)))
def test_session_moves_of_ours_out_of_the_table_raise_and_change_nothing(initiator: bool, state: State) -> None:
    for action in Action:
        made = session(initiator=initiator, state=state)
        before = snapshot(made)
        after = TRANSITIONS[initiator][state].get((Way.SENT, action))
        if after is None:
            with pytest.raises(LocalProtocolError, match=action.value):
                made._send(action)
            assert snapshot(made) == before
        else:
            made._send(action)
            assert made.state is after


@pytest.mark.parametrize(("initiator", "state"), list(itertools.product([True, False], State)))
def test_session_moves_of_theirs_out_of_the_table_are_out_of_order_and_change_nothing(
    initiator: bool, state: State
) -> None:
    for action in Action:
        made = session(initiator=initiator, state=state)
        before = snapshot(made)
        error, effects = made.receive(Jingle(action, "s"))
        if (Way.GOT, action) not in TRANSITIONS[initiator][state]:
            assert (error, effects) == (OUT_OF_ORDER, ())
            assert snapshot(made) == before
        else:
            assert error is not OUT_OF_ORDER


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("verb", Verb)
def test_invitation_moves_out_of_the_table_change_nothing(stage: Stage, verb: Verb) -> None:
    for way in Way:
        made = Invitation("i", BOB)
        made.stage = stage
        after = INVITATIONS[stage].get((way, verb))
        if way is Way.GOT:
            assert made.receive(verb) is (after is not None)
        elif after is None:
            with pytest.raises(LocalProtocolError, match=verb.value):
                made.send(verb)
        else:
            made.send(verb)
        assert made.stage is (after or stage)


def test_every_state_is_reached_and_ended_is_final() -> None:
    for table in (*TRANSITIONS.values(),):
        assert {s for row in table.values() for s in row.values()} | {State.NEW} == set(State)
        assert table[State.ENDED] == {}
    assert {s for row in INVITATIONS.values() for s in row.values()} | {Stage.NEW} == set(Stage)
    assert INVITATIONS[Stage.ENDED] == {}


def test_accepting_before_our_media_is_described_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError, match="described"):
        session(initiator=False, state=State.PENDING).accept()


def test_machines_show_themselves_for_logs() -> None:
    made = session(initiator=True, state=State.NEW)
    made.offer(media(), early=False)
    assert repr(made) == "Session('c', 'bob@desk.test/phone', pending)"
    assert repr(Invitation("i", BOB)) == "Invitation('i', 'bob@desk.test/phone', new)"


def test_a_leg_is_asked_only_for_what_it_has() -> None:
    leg = Leg("c", BOB, Surroundings(ALICE, CONTACT, ids("t")), outgoing=True, plain=False)
    assert repr(leg) == "Leg('c', None, None)"
    with pytest.raises(LocalProtocolError, match="no session"):
        leg.receive(Jingle(Action.SESSION_INFO, "s"), BOB)
