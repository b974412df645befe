"""Problems that wait for one another: who is answered with whom, and that nobody waits for ever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.designs.meeting import Meeting
from onelayer.designs.passes import SharingEndedError
from onelayer.solvers.paths.together import solved_together


def served(asked):
    """Each is told what it has asked, and who else has."""
    return {number: (one, list(asked)) for number, one in asked.items()}


@settings(max_examples=30, deadline=None)
@given(lasts=st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_all_that_are_not_done_are_answered_together(lasts):
    meeting = Meeting(len(lasts), served)

    def solve(number):
        return [meeting.ask(number, (number, step)) for step in range(lasts[number])]

    found = solved_together(solve, len(lasts), meeting)
    present = [[at for at, last in enumerate(lasts) if last > step] for step in range(6)]
    for number, last in enumerate(lasts):
        assert found[number] == [((number, step), present[step]) for step in range(last)]


@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_read_that_fails_once_somebody_has_left_ends_the_others(who):
    """The one that had left made it, and nobody was left to tell the others."""

    def fails(asked):
        raise OSError(f"of {len(asked)}")

    meeting, ended = Meeting(3, fails), []

    def solve(number):
        if number == who:
            return
        try:
            meeting.ask(number, "gradient")
        except SharingEndedError as error:
            ended.append(str(error.__cause__))
            raise

    with pytest.raises(OSError, match="of 2"):
        solved_together(solve, 3, meeting)
    assert ended == ["of 2", "of 2"]


def test_a_problem_that_fails_ends_those_that_wait_for_it():
    meeting = Meeting(3, served)

    def solve(number):
        if number == 2:
            raise ValueError("no solver")
        meeting.ask(number, "gradient")

    with pytest.raises(ValueError, match="no solver"):
        solved_together(solve, 3, meeting)
