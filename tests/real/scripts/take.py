"""take.py listener|connection: takes a descriptor from the UNIX socket that is standard input, and uses it."""
import socket
import sys

_, descriptors, _, _ = socket.recv_fds(socket.socket(fileno=0), 1, 1)
taken = socket.socket(fileno=descriptors[0])
connection = taken.accept()[0] if sys.argv[1] == "listener" else taken
connection.recv(1)
