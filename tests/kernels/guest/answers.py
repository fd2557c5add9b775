"""Has a connection on descriptor 0, as from inetd, or accepts them from descriptor 3. Answers with their options."""
import os
import socket


def answer(one):
    found = [one.getsockopt(1, 9)] + [one.getsockopt(6, number) for number in (6, 4, 5)]
    one.send(str(found).encode())
    one.close()


if os.environ.get("LISTEN_PID") == str(os.getpid()):
    listener = socket.socket(fileno=3)
    while True:
        answer(listener.accept()[0])
answer(socket.socket(fileno=0))
