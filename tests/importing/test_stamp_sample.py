"""What is kept of stamps while a file streams by: the same however the file was cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.importing.stamp_sample import EvenSample, MinuteSet
from messages.values import DAY_NS, MINUTE_NS

stamps = st.lists(st.integers(-(10**5), 3 * 10**7).map(lambda minute: minute * MINUTE_NS) | st.integers(0, DAY_NS))
blocks = st.lists(stamps, max_size=5).map(lambda parts: [np.array(part, dtype=np.int64) for part in parts])


@given(blocks)
@settings(deadline=None)
def test_each_minute_that_occurs_is_known_once(parts: list[np.ndarray]) -> None:
    minutes = MinuteSet()
    for part in parts:
        minutes.add(part)

    expected = sorted({int(stamp) // MINUTE_NS * MINUTE_NS for part in parts for stamp in part})
    assert minutes.ascending().tolist() == expected
    assert minutes.has(expected).all()
    assert not minutes.has([stamp + MINUTE_NS for stamp in expected if stamp + MINUTE_NS not in expected]).any()


@given(st.integers(0, 200), st.lists(st.integers(0, 200)))
@settings(deadline=None)
def test_a_sample_does_not_depend_on_the_blocks(count: int, cuts: list[int]) -> None:
    whole, pieces = EvenSample(5), EvenSample(5)
    stamps = np.arange(count, dtype=np.int64)
    whole.add(stamps)
    for piece in np.split(stamps, sorted(cut for cut in cuts if cut <= count)):
        pieces.add(piece)

    assert pieces.stamps().tolist() == whole.stamps().tolist()
    assert whole.stamps().tolist() == stamps[:: max(1, int(whole.stamps()[1]) if count > 1 else 1)].tolist()
    assert min(count, 5) <= len(whole.stamps()) <= 10
