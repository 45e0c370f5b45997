"""How often the interpreter looks for cycles of objects that nobody refers to any more.

Its defaults suit programs that make cycles. Here next to nothing is one, while each request keeps some dozens of
objects until its batch is public; so the collector went through all of them many times and found nothing, which was
a tenth of the time of an entry.
"""

import gc
from typing import Final

_YOUNG: Final = 50_000
"""Objects that are made, and not freed, before a look at them: some MB."""
_MIDDLE: Final = 20
_OLD: Final = 20


def collect_rarely() -> None:
    """Leave what was made until now out of every collection, and collect less often. For servers, once started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
