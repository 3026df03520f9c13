"""One caller's visit, by example and by model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.service import visit
from phone.service.visit import Act, Phase, Terms, Why

TERMS = Terms(180.0, 10.0)


def recording(speech=0):
    there, _ = visit.said(visit.arrived(0.0), TERMS, 5.0)
    there, acts = visit.heard(there, TERMS, speech, 0, 6.0)
    assert there.phase is Phase.RECORDING
    assert acts == ()
    return there


def ended(there, why=Why.HUNG_UP):
    closing, acts = visit.over(there, why, 10.0)
    assert (closing.phase, acts) == (Phase.CLOSING, ())
    return visit.closed(closing)


def test_a_message_ends_the_call_only_when_the_store_has_it():
    keeping, acts = ended(recording(2000), Why.SILENCE)
    assert acts == (Act.KEEP,)
    assert visit.kept(keeping, committed=True)[1] == (Act.FINISH,)
    assert visit.kept(keeping, committed=False)[1] == (Act.FAIL,)


def test_who_hung_up_is_not_ended_again():
    closing, _ = visit.gone(recording(2000), 10.0)
    keeping, acts = visit.closed(closing)
    assert acts == (Act.KEEP,)
    for committed in (True, False):
        over, acts = visit.kept(keeping, committed=committed)
        assert (over.phase, acts) == (Phase.ENDED, ())


@pytest.mark.parametrize(("speech", "acts"), [(999, (Act.DROP, Act.FINISH)), (1000, (Act.KEEP,))])
def test_less_than_a_second_of_speech_is_no_message(speech, acts):
    assert ended(recording(speech), Why.SILENCE)[1] == acts


def test_ten_seconds_of_silence_end_it():
    there = recording(3000)
    assert visit.heard(there, TERMS, 3000, 9999, 20.0)[0].phase is Phase.RECORDING
    there, _ = visit.heard(there, TERMS, 3000, 10_000, 20.0)
    assert (there.phase, there.why) == (Phase.CLOSING, Why.SILENCE)


def test_the_longest_message_ends():
    there = recording(3000)
    assert visit.expired(there, 184.9)[0] == there
    there, _ = visit.expired(there, 185.0)
    assert (there.phase, there.why) == (Phase.CLOSING, Why.LENGTH)
    assert visit.expired(there, there.deadline)[1] == (Act.KEEP,)  # its media never said that it was all


def test_what_comes_while_it_closes_still_counts():
    closing, _ = visit.gone(recording(900), 10.0)
    closing, _ = visit.heard(closing, TERMS, 1200, 0, 10.1)
    assert visit.closed(closing)[1] == (Act.KEEP,)


def test_a_path_that_never_opens_is_given_up():
    there = visit.arrived(0.0)
    assert visit.expired(there, visit.GREETING_SECONDS)[1] == (Act.DROP, Act.FAIL)
    assert visit.gone(there, 3.0)[1] == (Act.DROP,)


def test_lost_media_end_it_as_a_failure_but_the_message_is_kept():
    assert ended(recording(3000), Why.LOST)[1] == (Act.KEEP,)
    assert ended(recording(0), Why.LOST)[1] == (Act.DROP, Act.FAIL)


_EVENTS = st.lists(
    st.one_of(
        st.just(("said",)),
        st.tuples(st.just("heard"), st.integers(0, 5000), st.integers(0, 12_000)),
        st.tuples(st.just("over"), st.sampled_from(Why)),
        *(st.just((name,)) for name in ("gone", "closed", "expired")),
        st.tuples(st.just("kept"), st.booleans()),
    ),
    max_size=20,
)


@given(_EVENTS)
def test_whatever_comes_in_whatever_order(events):
    there, now, done, order = visit.arrived(0.0), 0.0, [], []
    committed = False
    for name, *facts in events:
        now += 1.0
        before = there.phase
        match name:
            case "said":
                there, acts = visit.said(there, TERMS, now)
            case "heard":
                there, acts = visit.heard(there, TERMS, *facts, now)
            case "over":
                there, acts = visit.over(there, *facts, now)
            case "gone":
                there, acts = visit.gone(there, now)
            case "closed":
                there, acts = visit.closed(there)
            case "expired":
                there, acts = visit.expired(there, there.deadline)
            case "kept":
                committed = committed or (there.phase is Phase.KEEPING and facts[0])
                there, acts = visit.kept(there, committed=facts[0])
        done += acts
        order.append(there.phase)
        assert list(Phase).index(there.phase) >= list(Phase).index(before)
    assert all(done.count(act) <= 1 for act in Act)
    assert not ({Act.FINISH, Act.FAIL} <= set(done))
    assert not ({Act.KEEP, Act.DROP} <= set(done))
    if Act.FINISH in done and Act.KEEP in done:
        assert committed
    if there.phase is Phase.ENDED and there.there:
        assert {Act.FINISH, Act.FAIL} & set(done)
