"""What execve(2) keeps, and what the program therefore has of the process that was `keepalive run`."""
import fcntl
import os
import signal
import subprocess
import tempfile

from cases.comparison import PATIENCE, PYTHON, become_subreaper, same, same_result, start


def ignored_signals():
    def ignore():
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        os.kill(os.getpid(), signal.SIGUSR2)  # stays pending

    same_result(
        ["grep", "-E", "^(Sig(Pnd|Blk|Ign|Cgt)|ShdPnd):", "/proc/self/status"], preexec_fn=ignore, restore_signals=False
    )


def subreaper_of_before():
    """execve(2) keeps it."""
    script = "import ctypes; f = ctypes.c_int(7); ctypes.CDLL(None).prctl(37, ctypes.byref(f)); print(f.value)"
    assert same_result(PYTHON + [script], preexec_fn=become_subreaper)[1] == b"1\n"
    assert same_result(PYTHON + [script])[1] == b"0\n"


def locks_of_before():
    """fcntl(2) locks belong to the process, and execve(2) keeps them."""
    script = (
        "import fcntl, os, sys\n"
        "fd = int(sys.argv[1])\n"
        "if os.fork() == 0:\n"
        "    try:\n"
        "        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "    except OSError:\n"
        "        os._exit(7)\n"
        "    os._exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    with tempfile.TemporaryFile() as file:
        command = PYTHON + [script, str(file.fileno())]
        lock = lambda: fcntl.lockf(file.fileno(), fcntl.LOCK_EX)  # noqa: E731
        assert same_result(command, pass_fds=[file.fileno()], preexec_fn=lock)[0] == 7


def timers_of_before():
    """A pending alarm goes off in the program."""
    script = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, 0.3); os.execvp(sys.argv[1], sys.argv[1:])"

    def show(prefix):
        return subprocess.run(PYTHON + [script, *prefix, "sleep", "1000"], timeout=PATIENCE, check=False).returncode

    assert same(show) == -signal.SIGALRM


def death_signal_of_before():
    """PR_SET_PDEATHSIG: the program gets its signal when its parent ends."""
    script = (
        "import ctypes, os, sys\n"
        "if os.fork() == 0:\n"
        "    ctypes.CDLL(None).prctl(1, 15)\n"
        "    os.execvp(sys.argv[1], sys.argv[1:])\n"
        "sys.stdin.readline()\n"
    )
    become_subreaper()

    def show(prefix):
        program = ["sh", "-c", "echo $$; exec sleep 1000"]
        parent, line = start([], PYTHON + [script, *prefix, *program], stdin=subprocess.PIPE)
        parent.communicate(b"\n", timeout=PATIENCE)
        return os.WTERMSIG(os.waitpid(int(line), 0)[1])

    assert same(show) == signal.SIGTERM
