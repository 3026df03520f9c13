"""The model test is worth something: it notices each of `mutants.MUTANTS`."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from mutants import MUTANTS, Mutant, mutated

MODEL = Path(__file__).with_name("test_core_model.py")
SEARCH = settings(
    max_examples=300,  # all known ones die on the tour, in half a second; the search is for those to come
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,  # but Hypothesis also draws what it reads in modules that other tests have loaded
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def model() -> type[RuleBasedStateMachine]:
    """The model test's machine, built on whatever `phone.calls` imports now."""
    spec = importlib.util.spec_from_file_location("model_of_mutant", MODEL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    machine: type[RuleBasedStateMachine] = module.PhoneModel
    return machine


@pytest.mark.slow
@pytest.mark.no_cover  # thrice as fast, and what a mutant runs is no proof of anything
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.law)
def test_killed(mutant: Mutant) -> None:
    with mutated(mutant):
        machine = model()
        tour = importlib.import_module("machine_tour").tour
        with pytest.raises((AssertionError, LookupError)):  # noqa: PT012 - whichever finds it
            tour(machine)
            run_state_machine_as_test(machine, settings=SEARCH)


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.timeout(600)
def test_a_mutant_that_changes_nothing_survives() -> None:
    """Or the others might die of how they were loaded."""
    with mutated(Mutant("none", "core", "7. Time comes in events", "7. Time comes in events")):
        machine = model()
        importlib.import_module("machine_tour").tour(machine)
        run_state_machine_as_test(machine, settings=settings(SEARCH, max_examples=60))


def test_the_real_core_is_back_afterwards() -> None:
    from phone.calls import legs

    real = legs.answer
    with mutated(MUTANTS[0]):
        from phone.calls import legs as other

        assert other.answer is not real
    from phone.calls import legs as again

    assert again.answer is real
