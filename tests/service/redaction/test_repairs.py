from __future__ import annotations

from service.redaction.repairs import leave_out_repeated, repair


def test_repairs_take_back_what_stands_before_a_correction() -> None:
    """One piece or more before a correction is left out, and the first piece always stays."""
    assert list(repair(4, [3])) == [[0, 1, 3], [0, 3]]
    assert list(repair(3, [1])) == []
    assert list(repair(3, [])) == []


def test_repairs_of_two_corrections_are_combined() -> None:
    """Each of two corrections takes something back, or only one of them does."""
    kept = list(repair(5, [2, 4]))
    assert [0, 2, 4] in kept
    assert [0, 1, 2, 4] in kept
    assert [0, 2, 3, 4] in kept
    assert all(0 in one and 4 in one for one in kept)


def test_repairs_leave_out_what_is_said_twice() -> None:
    """Pieces that stand twice in a row count once; one digit, or the same one, repeats itself."""
    assert list(leave_out_repeated(["21", "21", "9"])) == [[1, 2]]
    assert list(leave_out_repeated(["2", "1", "2", "1"])) == [[2, 3]]
    assert list(leave_out_repeated(["2", "2", "22", "22"])) == []


def test_repairs_are_few_however_much_is_said() -> None:
    """Rows that are longer than any number are not repaired, others in some hundred ways."""
    assert list(repair(1000, [500])) == list(leave_out_repeated(["12"] * 1000)) == []
    assert len(list(repair(40, list(range(10, 40, 2))))) < 100
    assert len(list(leave_out_repeated(["12"] * 40))) < 250
