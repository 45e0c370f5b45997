"""The deadline of a thread's requests."""

import threading
from math import inf

from cosignpy.net.deadline import current_deadline, requests_end_by


def test_requests_of_a_thread_end_by_the_innermost_deadline() -> None:
    elsewhere = list[float]()
    moments = [5.0]
    assert current_deadline() == inf
    with requests_end_by(lambda: moments[0]):
        thread = threading.Thread(target=lambda: elsewhere.append(current_deadline()))
        thread.start()
        thread.join()
        with requests_end_by(lambda: 3.0):
            assert current_deadline() == 3.0
        moments[0] = 9.0
        assert current_deadline() == 9.0
    assert (current_deadline(), elsewhere) == (inf, [inf])
