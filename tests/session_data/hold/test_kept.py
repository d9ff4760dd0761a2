"""What was made of slots that are over is kept until one of them changes."""

from actors.session_data.hold.kept import Kept


def test_what_follows_from_slots_is_kept_until_one_of_them_changes() -> None:
    kept = Kept()
    kept.put("early", 1, 5)
    kept.put("late", 2, 9)
    kept.touch(9)
    before = kept.get("early"), kept.get("late"), kept.get("never")
    kept.touch(8)

    assert before == (1, 2, None)
    assert kept.get("early") is kept.get("late") is None


def test_what_is_put_after_a_change_is_kept_again() -> None:
    kept = Kept()
    kept.put("a", 1, 5)
    kept.touch(0)
    kept.put("a", 2, 3)
    kept.touch(4)

    assert kept.get("a") == 2


def test_it_does_not_grow_for_ever() -> None:
    kept = Kept()
    for number in range(5000):
        kept.put(number, number, 1)

    assert kept.get(0) is None
    assert kept.get(4999) == 4999
