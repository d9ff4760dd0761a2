"""Equal or different, as both operators must say: a struct brings a ``!=`` of its own."""


def assert_equal(left: object, right: object) -> None:
    assert left == right
    assert not left != right  # noqa: SIM202


def assert_different(left: object, right: object) -> None:
    assert left != right
    assert not left == right  # noqa: SIM201
