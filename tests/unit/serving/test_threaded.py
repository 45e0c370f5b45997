import socket

import pytest

from cosignpy.serving.threaded import address_of


class Listener(socket.socket):
    """A listener whose address is given; nothing is bound."""

    name: tuple[object, ...]

    def getsockname(self) -> tuple[object, ...]:
        return self.name


@pytest.mark.parametrize(
    ("name", "address"), [(("127.0.0.1", 5000), "127.0.0.1:5000"), (("::1", 5000, 0, 0), "[::1]:5000")]
)
def test_an_address_is_written_as_clients_write_it(name: tuple[object, ...], address: str) -> None:
    with Listener() as listener:
        listener.name = name
        assert address_of(listener) == address
