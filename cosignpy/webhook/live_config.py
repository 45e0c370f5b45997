"""The settings in force: those of the ConfigMap as it was seen last."""

import logging
from collections.abc import Callable
from typing import Final

from cosignpy.webhook.live_settings import CONFIG_MAP, LiveSettings
from cosignpy.webhook.ports import ObjectCache
from cosignpy.webhook.settings_map import read_settings

_AT_FIRST: Final = LiveSettings(allowed_registries=("nowhere.invalid",))
"""What was before where nothing was: a list of registries that cannot be read allows none then, and not all of them."""

_LOG: Final = logging.getLogger(__name__)


class LiveConfig:
    """Follows the ConfigMap of a namespace, and tells of each change; without one, the defaults are in force."""

    def __init__(self, config_maps: ObjectCache, namespace: str) -> None:
        self._config_maps = config_maps
        self._namespace = namespace
        self._current = LiveSettings()
        self._is_read = False
        self._listeners: list[Callable[[LiveSettings], None]] = []
        config_maps.on_change(self._look)
        self._read()

    def current(self) -> LiveSettings:
        """Return them."""
        return self._current

    def on_change(self, tell: Callable[[LiveSettings], None]) -> None:
        """Call `tell` in the event loop whenever others are in force."""
        self._listeners.append(tell)

    def _look(self, namespace: str, name: str) -> None:
        if (namespace, name) == (self._namespace, CONFIG_MAP):
            self._read()

    def _read(self) -> None:
        found = self._config_maps.get(self._namespace, CONFIG_MAP)
        data = found.get("data") if found is not None else None
        texts = (
            {str(name): text for name, text in data.items() if isinstance(text, str)} if isinstance(data, dict) else {}
        )
        settings = read_settings(texts, self._current if self._is_read else _AT_FIRST)
        self._is_read = self._is_read or found is not None
        if settings == self._current:
            return
        for problem in set(settings.problems) - set(self._current.problems):
            _LOG.warning("ConfigMap %s/%s: %s", self._namespace, CONFIG_MAP, problem)
        self._current = settings
        for tell in self._listeners:
            tell(settings)
