"""A store of admissions that forgets them with the test."""

from cosignpy.values import field, record


@record
class MemoryStore:
    """Keeps admissions by their keys."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def load(self, key: str) -> bytes | None:
        """Return what was saved last, or nothing."""
        return self.kept.get(key)

    def save(self, key: str, content: bytes) -> None:
        """Save it, in place of what was there."""
        self.kept[key] = content
