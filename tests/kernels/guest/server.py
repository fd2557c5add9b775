"""A service. server.py TYPE NAME: listens, tells systemd so as a service of this Type= does, and writes each
signal that it gets to NAME.signals, until none comes for a while."""
import os
import signal
import socket
import sys

how, name = sys.argv[1:]
wanted = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
listener = socket.create_server(("127.0.0.1", 0))
if how == "notify":
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
if how == "forking":
    pid = os.fork()
    if pid:
        open("/run/own/%s.pid" % name, "w").write(str(pid))
        os._exit(0)
got = [signal.sigwaitinfo(wanted)]
while more := signal.sigtimedwait(wanted, 0.3):
    got.append(more)
open("/run/own/%s.signals" % name, "w").write(" ".join(str(one.si_signo) for one in got))
