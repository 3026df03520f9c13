"""The card's own volumes and switches: real pyalsaaudio on a virtual card's mixer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig.vmixer import Switch, VirtualMixer, Volume

from phone.media import controls as controls_module
from phone.media import plugs
from phone.media.controls import CardControls
from phone.media.soundcard import CardMixer, Control


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMixer]:
    with VirtualMixer(tmp_path / "Handset") as mixer:
        conf = tmp_path / "asound.conf"
        conf.write_text(f"</usr/share/alsa/alsa.conf>\n{mixer.asound()}")
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(conf))
        yield mixer


def controls(*always: Control, told: list[str], **places: tuple[Control, ...]) -> CardControls:
    return CardControls(CardMixer("Handset", always, **places), told.append)


def test_what_the_profile_says_is_set(card: VirtualMixer) -> None:
    told: list[str] = []
    wanted = (
        Control("Speaker", 70, on=True),
        Control("Mic Capture", 80, on=True),
        Control("Mic Playback", on=False),
        Control("Auto Gain Control", on=False),
    )
    controls(*wanted, told=told).settle()
    assert told == []
    assert (card["Speaker Playback Volume"], card["Speaker Playback Switch"]) == (26, 1)
    assert (card["Mic Capture Volume"], card["Mic Capture Switch"]) == (28, 1)
    assert (card["Mic Playback Volume"], card["Mic Playback Switch"]) == (0, 0)
    assert card["Auto Gain Control"] == 0


def test_a_plain_name_is_all_of_a_control(card: VirtualMixer) -> None:
    told: list[str] = []
    controls(Control("Mic", 100, on=False), told=told).settle()
    assert (card["Mic Playback Volume"], card["Mic Capture Volume"]) == (23, 35)
    assert (card["Mic Playback Switch"], card["Mic Capture Switch"]) == (0, 0)
    assert told == []


@pytest.mark.parametrize(
    ("control", "sentence"),
    [
        (Control("Mik", 5), "has no control 'Mik' (it has Speaker, Mic, Auto Gain Control): correct `mixer`"),
        (Control("Mik Capture", 5), "has no control 'Mik Capture'"),
        (Control("Auto Gain Control", 5), "has no volume at its control 'Auto Gain Control': correct `mixer`"),
        (Control("Speaker Capture", on=True), "has no switch at its control 'Speaker Capture': correct `mixer`"),
    ],
)
def test_a_control_that_is_not_there_is_told_and_the_rest_set(
    card: VirtualMixer, control: Control, sentence: str
) -> None:
    told: list[str] = []
    controls(control, Control("Speaker", 100), told=told).settle()
    assert len(told) == 1
    assert sentence in told[0]
    assert "sound card 'Handset'" in told[0]
    assert card["Speaker Playback Volume"] == 37


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Speaker Playback Volume", Control("Speaker", 50)),
        ("Speaker Playback Switch", Control("Speaker", 50, on=True)),
        ("Mic Capture Switch", Control("Mic Capture", on=True)),
        ("Mic Capture Volume", Control("Mic", 90)),
    ],
)
def test_a_value_that_is_refused_in_silence_is_told_all_the_same(
    card: VirtualMixer, name: str, control: Control
) -> None:
    card.refuse(name)
    told: list[str] = []
    controls(control, Control("Auto Gain Control", on=False), told=told).settle()
    assert told == [f"sound card 'Handset' does not take what `mixer` says for its control {control.name!r}"]
    assert card["Auto Gain Control"] == 0


def test_a_card_without_controls_says_so(card: VirtualMixer, tmp_path: Path) -> None:
    told: list[str] = []
    with VirtualMixer(tmp_path / "Bare", ()):
        CardControls(CardMixer("Bare", (Control("Speaker", 1),)), told.append).settle()
    assert told == ["sound card 'Bare' has no control 'Speaker' (it has none at all): correct `mixer`"]


def test_once_for_each_plugging_in(card: VirtualMixer) -> None:
    told: list[str] = []
    made = controls(Control("Speaker", 100), told=told)
    made.settle()
    opens = card.opens
    made.settle()
    assert card.opens == opens
    card.unplug()
    made.lost()
    made.settle()
    made.settle()
    assert len(told) == 1
    assert "'Handset' is not there for its mixer" in told[0]
    card.plug()
    assert card["Speaker Playback Volume"] == 0
    made.settle()
    assert card["Speaker Playback Volume"] == 37
    assert told[1:] == [""]


def test_the_kernels_word_that_it_is_another_plugging_in(card: VirtualMixer, monkeypatch: pytest.MonkeyPatch) -> None:
    plugs = iter([(1, 1), (1, 1), (2, 1), None])
    monkeypatch.setattr(controls_module, "plugged", lambda _: next(plugs))
    made = controls(Control("Speaker", 100), told=[])
    made.settle()
    card["Speaker Playback Volume"] = 0
    made.settle()
    assert card["Speaker Playback Volume"] == 0
    made.settle()
    assert card["Speaker Playback Volume"] == 37


def test_who_tells_of_a_missing_card_is_one_alone(card: VirtualMixer) -> None:
    card.unplug()
    told: list[str] = []
    CardControls(CardMixer("Handset", (Control("Speaker", 1),)), told.append, missed=False).settle()
    assert told == []


def test_a_card_that_the_kernel_does_not_know_is_not_asked_for(
    card: VirtualMixer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sound").mkdir()
    monkeypatch.setattr(plugs, "CARDS", tmp_path / "sound")
    told: list[str] = []
    controls(Control("Speaker", 1), told=told).settle()
    assert told == ["sound card 'Handset' is not there for its mixer: No such device"]
    assert card.opens == 0


def test_each_place_has_its_own(card: VirtualMixer) -> None:
    told: list[str] = []
    made = controls(
        told=told, handset=(Control("Speaker", 0),), speaker=(Control("Speaker", 100),), ringer=(Control("Nix", 1),)
    )
    made.settle()
    assert card.opens == 0
    made.begin("speaker")
    assert card["Speaker Playback Volume"] == 37
    made.begin("headset")
    assert card["Speaker Playback Volume"] == 37
    made.begin("handset")
    assert card["Speaker Playback Volume"] == 0
    assert told == []
    made.begin("ringer")
    made.begin("ringer")
    assert len(told) == 1


def test_a_card_that_goes_between_two_steps(card: VirtualMixer, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever call of the library: it is told, and nothing is raised."""
    real = controls_module.alsaaudio.Mixer
    for step in range(2):
        calls = iter(range(2))

        def once(*, control: str, device: str, step: int = step, calls: Iterator[int] = calls) -> object:
            if next(calls) == step:
                card.unplug()
            return real(control=control, device=device)

        card.plug()
        monkeypatch.setattr(controls_module.alsaaudio, "Mixer", once)
        told: list[str] = []
        controls(Control("Speaker", 50), told=told).settle()
        assert len(told) == 1
        assert "refuses its control 'Speaker': No such device" in told[0]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    percent=st.integers(0, 100),
    low=st.integers(-2000, 2000),
    span=st.integers(1, 70_000),
    channels=st.integers(1, 2),
    on=st.none() | st.booleans(),
    half=st.sampled_from(["Playback", "Capture"]),
)
def test_any_percentage_of_any_range_is_taken_for_what_it_is(
    card: VirtualMixer, tmp_path: Path, percent: int, low: int, span: int, channels: int, on: bool | None, half: str
) -> None:
    told: list[str] = []
    made = (Volume(f"X {half} Volume", low, low + span, channels, low), Switch(f"X {half} Switch", channels, 1))
    with VirtualMixer(tmp_path / "Any", made) as mixer:
        CardControls(CardMixer("Any", (Control("X", percent, on),)), told.append).settle()
        assert abs(mixer[f"X {half} Volume"] - (low + span * percent / 100)) <= 1
        assert mixer[f"X {half} Switch"] == (1 if on is None else int(on))
    assert told == []
