"""pass.py listener|connection COMMAND...: makes a listener, passes it, or the first connection that it accepts, over a
UNIX socket to COMMAND, whose standard input is the other end, and keeps none itself."""
import socket
import subprocess
import sys

ours, theirs = socket.socketpair()
listener = socket.create_server(("127.0.0.1", 0))
child = subprocess.Popen(sys.argv[2:], stdin=theirs)
passed = listener if sys.argv[1] == "listener" else listener.accept()[0]
socket.send_fds(ours, [b"x"], [passed.fileno()])
listener.close()
passed.close()
child.wait()
