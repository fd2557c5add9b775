"""One end of a connection, with no keepalive of its own: peer.py client|server ADDRESS PORT [mptcp]

Says "port N" (a server), "connected", "got LINE", and at the end "closed" or "error NAME SECONDS", the seconds counted
from the connection or from what was last sent. Sends each line of its standard input.
"""
import errno
import select
import socket
import sys
import time

role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
protocol = 262 if "mptcp" in sys.argv[4:] else 0


def say(*words):
    print(*words, flush=True)


end = socket.socket(family, socket.SOCK_STREAM, protocol)
if role == "server":
    end.bind((address, port))
    end.listen()
    say("port", end.getsockname()[1])
    end = end.accept()[0]
else:
    end.connect((address, port))
say("connected")
start = time.monotonic()
watched = [end, sys.stdin]
while True:
    for ready in select.select(watched, [], [])[0]:
        try:
            if ready is end:
                data = end.recv(1000)
                if not data:
                    say("closed")
                    sys.exit()
                say("got", data.decode().strip())
            else:
                line = sys.stdin.readline()
                if line:
                    start = time.monotonic()
                    end.sendall(line.encode())
                else:
                    watched.remove(sys.stdin)
        except OSError as error:
            say("error", errno.errorcode[error.errno], round(time.monotonic() - start, 2))
            sys.exit()
