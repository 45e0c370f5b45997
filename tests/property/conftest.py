"""How Hypothesis runs here: as many examples as each test says, and no timing is ever asserted."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
