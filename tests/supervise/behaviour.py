"""What a supervised program and its surroundings see must be what they see of the program alone.

behaviour.py KEEPALIVE CASE UNSHARE-MOUNTS

Most cases run a program alone and supervised, and compare what both runs show.
"""
import ctypes
import fcntl
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time

KEEPALIVE = sys.argv[1]
RUN = [KEEPALIVE, "run", "--supervise", "--idle", "120"]
PYTHON = [sys.executable, "-I", "-c"]
PATIENCE = 20  # seconds
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans of what is started here come to this process."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"never happened: {what}")
        time.sleep(0.01)


def same(show):
    """`show(prefix)` must return the same for the program alone and for the supervised one."""
    alone, supervised = show([]), show(RUN)
    assert alone == supervised, f"alone {alone}, supervised {supervised}"
    return alone


def same_result(command, **options):
    """Compares status, standard output and standard error."""

    def show(prefix):
        result = subprocess.run(prefix + command, capture_output=True, timeout=PATIENCE, check=False, **options)
        return result.returncode, result.stdout, result.stderr

    return same(show)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def state_of(pid):
    """R, S, T ...; none once it has been waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return None


def start(prefix, command, **options):
    """The command, once it has printed a line."""
    process = subprocess.Popen(prefix + command, stdout=subprocess.PIPE, **options)
    line = process.stdout.readline()
    assert line, "no output"
    return process, line


# What the program sees.


def own_place():
    """It is the process that was started: number, parent, group and session."""
    script = "import os; print(os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0))"

    def show(new_session):
        process, line = start(RUN, PYTHON + [script], start_new_session=new_session)
        assert process.wait(timeout=PATIENCE) == 0
        pid, parent, group, session = map(int, line.split())
        assert (pid, parent) == (process.pid, os.getpid()), line
        expected = (process.pid, process.pid) if new_session else (os.getpgrp(), os.getsid(0))
        assert (group, session) == expected, line

    show(False)
    show(True)


def exit_status():
    for status in (0, 1, 2, 125, 126, 127, 255):
        assert same_result(["sh", "-c", f"exit {status}"])[0] == status


def death_by_signal():
    """With the flag that tells of a core file."""

    def show(prefix, number):
        def allow_core():
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

        with tempfile.TemporaryDirectory() as folder:
            command = prefix + ["sh", "-c", f"kill -{int(number)} $$"]
            process = subprocess.Popen(command, preexec_fn=allow_core, cwd=folder)
            status = os.waitpid(process.pid, 0)[1]
            process.returncode = 0
            return os.WTERMSIG(status), os.WCOREDUMP(status)

    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE, signal.SIGUSR1):
        assert same(lambda prefix, number=number: show(prefix, number))[0] == number


def surroundings():
    same_result(["env"])
    # The shell sees its descriptors without opening one.
    list_descriptors = "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done; readlink /proc/$$/fd/0 /proc/$$/cwd"
    same_result(["sh", "-c", list_descriptors], stdin=subprocess.DEVNULL, cwd="/usr")
    with open("/dev/null", "rb") as one, open("/dev/zero", "rb") as another:
        same_result(["sh", "-c", list_descriptors], stdin=subprocess.DEVNULL, pass_fds=(one.fileno(), another.fileno()))
    same_result(["grep", "-E", "^(SigBlk|SigIgn|SigCgt|SigPnd|Uid|Gid|Groups|CapEff|CapBnd|Cpus|Threads):", "/proc/self/status"])
    same_result(["sh", "-c", "ulimit -a; umask; cat /proc/self/limits /proc/self/oom_score_adj /proc/self/cgroup"])
    same_result(["cat"], input=b"line\n" * 100000)
    same_result(["cat"], stdin=subprocess.DEVNULL)


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


def waits_for_its_own_children_only():
    """Also as a subreaper, which inherits orphans."""
    script = (
        "import os, sys\n"
        "ended = []\n"
        "for i in range(3):\n"
        "    if os.fork() == 0:\n"
        "        if os.fork() == 0:\n"
        "            os._exit(5)\n"  # an orphan
        "        os._exit(4)\n"
        "try:\n"
        "    while True:\n"
        "        ended.append(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "except ChildProcessError:\n"
        "    print(sorted(ended), flush=True)\n"
    )
    assert same_result(PYTHON + [script])[1] == b"[4, 4, 4]\n"
    assert same_result(PYTHON + [script], preexec_fn=become_subreaper)[1] == b"[4, 4, 4, 5, 5, 5]\n"


def no_child_signal():
    """Nothing of the supervisor's start tells of a child."""
    script = "import signal; print(signal.sigpending(), signal.sigtimedwait([signal.SIGCHLD], 0.3))"
    block = lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # noqa: E731
    assert same_result(PYTHON + [script], preexec_fn=block)[1] == b"set() None\n"


def variables_of_systemd():
    """LISTEN_PID, LISTEN_PIDFDID and the like name the process that they are for: the program."""
    script = (
        "import os, sys\n"
        "for name in ('LISTEN_PID', 'WATCHDOG_PID'):\n"
        "    os.environ[name] = str(os.getpid())\n"
        "os.environ['LISTEN_PIDFDID'] = str(os.fstat(os.pidfd_open(os.getpid())).st_ino)\n"
        "os.environ['NOTIFY_SOCKET'] = '/run/somewhere'\n"
        "os.execvp(sys.argv[1], sys.argv[1:])\n"
    )
    shown = (
        "import os\n"
        "pid, pidfd = os.getpid(), os.fstat(os.pidfd_open(os.getpid())).st_ino\n"
        "print(*(os.environ[name] == str(pid) for name in ('LISTEN_PID', 'WATCHDOG_PID')))\n"
        "print(os.environ['LISTEN_PIDFDID'] == str(pidfd), os.environ['NOTIFY_SOCKET'])\n"
    )
    same_result(PYTHON + [script, *PYTHON, shown])

    def show(prefix):
        command = PYTHON + [script, *prefix, *PYTHON, shown]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True).stdout

    assert same(show) == b"True True\nTrue /run/somewhere\n"


def closed_descriptors():
    script = "for fd in /proc/$$/fd/*; do echo ${fd##*/} >> $FILE; done"

    def show(prefix, redirections):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "descriptors")
            command = ["sh", "-c", f'"$@" {redirections}', "sh", *prefix, "sh", "-c", script]
            subprocess.run(command, check=True, timeout=PATIENCE, env={**os.environ, "FILE": file})
            with open(file, encoding="ascii") as shown:
                return shown.read()

    for redirections in ("<&-", "<&- >&-", "<&- >&- 2>&-", "2>&-"):
        same(lambda prefix, redirections=redirections: show(prefix, redirections))


def process_1_of_a_container():
    """Signals without handlers do not end it, its children become its own, and its wait(2) has an end."""
    unshare = [sys.argv[3], "--pid", "--fork", "--mount-proc", "--kill-child", "--"]
    script = (
        "import os, signal\n"
        "os.kill(1, signal.SIGTERM)\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        os._exit(5)\n"
        "    os._exit(4)\n"
        "ended = []\n"
        "try:\n"
        "    while True:\n"
        "        ended.append(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "except ChildProcessError:\n"
        "    print(os.getpid(), sorted(ended))\n"
    )

    def show(prefix, command):
        result = subprocess.run(unshare + prefix + command, capture_output=True, timeout=PATIENCE, check=False)
        return result.returncode, result.stdout

    assert same(lambda prefix: show(prefix, PYTHON + [script])) == (0, b"1 [4, 5]\n")
    assert same(lambda prefix: show(prefix, ["sh", "-c", "exit 5"]))[0] == 5


# What others see of the program.


def end_of_output():
    """A pipe ends when the program closes it."""

    def show(prefix):
        command = prefix + ["sh", "-c", "echo out; exec >&-; read line"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        assert ready and process.stdout.read() == b"out\n"
        assert process.poll() is None
        process.communicate(b"\n", timeout=PATIENCE)
        return process.returncode

    assert same(show) == 0


def end_of_verbose_output():
    """--verbose keeps standard error open until the program ends, whatever it has left behind."""
    script = "setsid sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!"
    process = subprocess.Popen(RUN + ["--verbose", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    os.kill(int(out), signal.SIGKILL)


def each_signal_once():
    """To the process and to its group, as `systemctl stop`, supervisord and terminals send them."""
    script = (
        "import signal, sys\n"
        "count = 0\n"
        "def on_signal(number, frame):\n"
        "    global count\n"
        "    count += 1\n"
        "signal.signal(int(sys.argv[1]), on_signal)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(count, flush=True)\n"
    )

    def show(prefix, number, send):
        process, _ = start(prefix, PYTHON + [script, str(int(number))], stdin=subprocess.PIPE, start_new_session=True)
        send(process.pid, number)
        return process.communicate(b"\n", timeout=PATIENCE)[0]

    for send in (os.kill, os.killpg):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCONT, signal.SIGWINCH):
            for _ in range(10 if number == signal.SIGINT else 1):
                assert same(lambda prefix, n=number, s=send: show(prefix, n, s)) == b"1\n"


def stops_and_goes_on():
    def show(prefix):
        process, _ = start(prefix, ["sh", "-c", "echo ready; exec sleep 1000"])
        seen = []
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTSTP, signal.SIGCONT, signal.SIGKILL):
            process.send_signal(number)
            seen.append(os.waitpid(process.pid, os.WUNTRACED | os.WCONTINUED)[1])
        process.returncode = 0
        return seen

    same(show)


def no_process_stays():
    """The supervisor ends with the last process that it is for."""
    become_subreaper()
    for command in (["true"], ["sh", "-c", "kill -9 $$"], ["sh", "-c", "sleep 0.1 & sleep 0.2 & exit 4"], ["/nonexistent"]):
        subprocess.run(RUN + command, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)

        def all_gone():
            for pid in children_of(os.getpid()):
                os.waitpid(pid, os.WNOHANG)
            return not children_of(os.getpid())

        wait_until(all_gone, f"the end of all that {command} has left")


def shows_whose_supervisor_it_is():
    process, _ = start(RUN, ["sh", "-c", "echo ready; exec sleep 1000"])
    try:
        (supervisor,) = children_of(process.pid)
        with open(f"/proc/{supervisor}/cmdline", "rb") as file:
            title = file.read().rstrip(b"\0")
        assert title == b"keepalive: supervisor of %d" % process.pid, title
        assert os.readlink(f"/proc/{supervisor}/cwd") == "/"
        assert os.getsid(supervisor) == supervisor
    finally:
        process.kill()
        process.wait()


class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="prompt> ", TERM="dumb", HISTFILE="")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.text = ""
        self.expect("prompt> ")

    def send(self, text):
        self.text = ""
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                sys.exit(f"{pattern!r} never came, but {self.text!r}")
            self.text += os.read(self.fd, 65536).decode(errors="replace")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def job_control():
    terminal = Terminal()
    try:
        # $$ of the program, to look at its state.
        terminal.send(" ".join(RUN) + " sh -c 'echo pid:$$; read line; echo line:$line; exec sleep 1000'\n")
        terminal.expect(r"pid:(\d+)")
        pid = int(re.search(r"pid:(\d+)", terminal.text).group(1))
        assert os.getpgid(pid) == pid, "the shell's job is the program"
        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        assert state_of(pid) == "T", state_of(pid)
        terminal.send("fg\n")
        wait_until(lambda: state_of(pid) != "T", "the program goes on after fg")
        terminal.send("hello\n")  # the program reads from the terminal: it is in the foreground
        terminal.expect("line:hello")
        terminal.send("\x1a")
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        terminal.send("bg\n")
        terminal.expect("prompt> ")
        wait_until(lambda: state_of(pid) == "S", "the program goes on after bg")
        terminal.send("fg\n")
        wait_until(lambda: os.tcgetpgrp(terminal.fd) == os.getpgid(pid), "the program in the foreground")
        terminal.send("\x03")  # Ctrl-C
        terminal.expect("prompt> ")
        terminal.send("echo status:$?\n")
        terminal.expect(r"status:130\r")
        terminal.send("jobs\necho end\n")
        terminal.expect("end\r\n")
        assert "sleep" not in terminal.text
    finally:
        terminal.close()


def own_process_group():
    """timeout(1) makes a group of its own, and stays in the foreground if it is the shell's job itself."""
    terminal = Terminal()
    try:
        terminal.send(" ".join(RUN) + " timeout 1000 cat\n")
        terminal.send("hello\n")
        terminal.expect("hello\r\nhello\r\n")  # the echo of the terminal, and cat's
        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect("Stopped")
        terminal.expect("prompt> ")
        terminal.send("kill -9 %1; wait; echo status:$?\n")
        terminal.expect(r"status:\d")
    finally:
        terminal.close()


def terminal_goes_away():
    def show(prefix):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp((prefix + ["sh"])[0], prefix + ["sh", "-c", "echo ready; exec sleep 1000"])
        text = b""
        while b"ready" not in text:
            text += os.read(terminal, 1024)
        os.close(terminal)
        return os.WTERMSIG(os.waitpid(pid, 0)[1])

    assert same(show) == signal.SIGHUP


def supervisor_killed_at_the_start():
    """Never a hang, whatever there is by then: the program runs, or the command says that it could not."""
    become_subreaper()
    for _ in range(60):
        process = subprocess.Popen(RUN + ["true"], stderr=subprocess.DEVNULL)
        while process.poll() is None:
            for supervisor in children_of(process.pid):
                try:
                    os.kill(supervisor, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        assert process.wait(timeout=PATIENCE) in (0, 125), process.returncode


if __name__ == "__main__":
    globals()[sys.argv[2]]()
