"""A worker that is told in its orders whether it lives: it tells everyone who connects its process id, or ends."""

import os
import socket

import msgspec

from cosignpy.serving.workers import take_orders


class Orders(msgspec.Struct):
    """What it is told."""

    listener: int
    lives: bool


def main() -> None:
    """Do what the orders say."""
    orders = take_orders(Orders)
    with socket.socket(fileno=orders.listener) as listener:
        if not orders.lives:
            return
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(str(os.getpid()).encode())


if __name__ == "__main__":
    main()
