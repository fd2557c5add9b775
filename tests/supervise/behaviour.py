"""What a supervised program's surroundings see must be what they see of the program alone.

behaviour.py KEEPALIVE CASE UNSHARE-MOUNTS

Each case raises where it is not so, and is run directly too where the two can be compared.
"""
import ctypes
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

KEEPALIVE = sys.argv[1]
RUN = [KEEPALIVE, "run", "--supervise"]
PATIENCE = 20  # seconds


def become_subreaper():
    """Orphans of what is started here come to this process: a supervisor too."""
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"never happened: {what}")
        time.sleep(0.01)


def same_alone_and_supervised(command, **options):
    """Compares status, standard output and standard error."""
    results = [
        subprocess.run(prefix + command, capture_output=True, timeout=PATIENCE, check=False, **options)
        for prefix in ([], RUN)
    ]
    alone, supervised = [(r.returncode, r.stdout, r.stderr) for r in results]
    assert alone == supervised, f"{command}: alone {alone}, supervised {supervised}"
    return alone


def exit_status():
    for status in (0, 1, 2, 125, 126, 127, 255):
        assert same_alone_and_supervised(["sh", "-c", f"exit {status}"])[0] == status


def death_by_signal():
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE, signal.SIGUSR1):
        # A real death by that signal, which subprocess gives as a negative number.
        assert same_alone_and_supervised(["sh", "-c", f"kill -{int(number)} $$"])[0] == -number


def surroundings():
    become_subreaper()
    same_alone_and_supervised(["env"])
    # The shell sees its descriptors without opening one.
    list_descriptors = "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done; readlink /proc/$$/fd/0 /proc/$$/cwd"
    same_alone_and_supervised(["sh", "-c", list_descriptors], stdin=subprocess.DEVNULL, cwd="/usr")
    same_alone_and_supervised(["sh", "-c", list_descriptors], stdin=subprocess.DEVNULL, pass_fds=(1, 2))
    same_alone_and_supervised(["grep", "-E", "^(SigBlk|SigIgn|SigCgt|Uid|Gid|Groups|CapEff):", "/proc/self/status"])
    same_alone_and_supervised(["sh", "-c", "ulimit -a; umask"])
    same_alone_and_supervised(["cat"], input=b"line\n" * 100000)
    same_alone_and_supervised(["cat"], stdin=subprocess.DEVNULL)


def ignored_signals():
    def ignore():
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    same_alone_and_supervised(
        ["grep", "-E", "^Sig(Blk|Ign|Cgt):", "/proc/self/status"], preexec_fn=ignore, restore_signals=False
    )


def subreaper_of_before():
    """Kept through execve(2), and so the program's."""
    script = "import ctypes; f = ctypes.c_int(7); ctypes.CDLL(None).prctl(37, ctypes.byref(f)); print(f.value)"
    alone = same_alone_and_supervised([sys.executable, "-c", script], preexec_fn=become_subreaper)
    assert alone[1] == b"1\n", alone
    same_alone_and_supervised([sys.executable, "-c", script])


def closed_descriptors():
    script = "for fd in /proc/$$/fd/*; do echo ${fd##*/} >> " + f"/tmp/closed-{os.getpid()}; done"
    try:
        for redirections in ("<&-", "<&- >&-", "<&- >&- 2>&-"):
            subprocess.run(["sh", "-c", f'"$@" {redirections}', "sh", *RUN, "sh", "-c", script], check=True, timeout=PATIENCE)
            with open(f"/tmp/closed-{os.getpid()}", encoding="ascii") as file:
                supervised = file.read()
            os.unlink(f"/tmp/closed-{os.getpid()}")
            subprocess.run(["sh", "-c", f'"$@" {redirections}', "sh", "sh", "-c", script], check=True, timeout=PATIENCE)
            with open(f"/tmp/closed-{os.getpid()}", encoding="ascii") as file:
                alone = file.read()
            os.unlink(f"/tmp/closed-{os.getpid()}")
            assert alone == supervised, f"{redirections}: alone {alone}, supervised {supervised}"
    finally:
        if os.path.exists(f"/tmp/closed-{os.getpid()}"):
            os.unlink(f"/tmp/closed-{os.getpid()}")


def end_of_output():
    """A pipe ends when the program closes it, not when the command ends."""
    process = subprocess.Popen(RUN + ["sh", "-c", "echo out; exec >&-; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert ready and process.stdout.read() == b"out\n"
    assert process.poll() is None
    process.communicate(b"\n", timeout=PATIENCE)
    assert process.returncode == 0


def signals_are_passed_on():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
        script = f"trap 'echo got; exit 3' {int(number)}; echo ready; while :; do sleep 0.01; done"
        process = subprocess.Popen(RUN + ["sh", "-c", script], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.communicate(timeout=PATIENCE)[0] == b"got\n"
        assert process.returncode == 3


def no_process_stays():
    become_subreaper()
    for command in (["true"], ["sh", "-c", "kill -9 $$"], ["sh", "-c", "sleep 0.1 & sleep 0.2 & exit 4"], ["/nonexistent"]):
        process = subprocess.Popen(RUN + command, stderr=subprocess.DEVNULL)
        process.wait(timeout=PATIENCE)

        def all_gone():
            for pid in children():
                os.waitpid(pid, os.WNOHANG)
            return not children()

        if command == ["true"]:
            assert not children(), "the supervisor ends before the command"
        wait_until(all_gone, f"the end of all that {command} has left")


def zombies_are_collected():
    """Orphans come to the supervisor, which must not let them pile up."""
    script = "for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; echo ready; read line"
    process = subprocess.Popen(RUN + ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"

    def supervisor():
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def only_the_program():
        with open(f"/proc/{supervisor()}/task/{supervisor()}/children", encoding="ascii") as file:
            return len(file.read().split()) == 1

    wait_until(only_the_program, "the end of the orphans")
    process.communicate(b"\n", timeout=PATIENCE)


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

        def state():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0]

        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        assert state() == "T", state()
        terminal.send("echo still $((40 + 2))\n")
        terminal.expect("still 42")
        terminal.expect("prompt> ")
        terminal.send("fg\n")
        wait_until(lambda: state() != "T", "the program goes on after fg")
        terminal.send("hello\n")  # the program reads from the terminal: it is in the foreground
        terminal.expect("line:hello")
        terminal.send("\x1a")
        terminal.expect(r"Stopped.*\n(.*\n)*.*prompt> ")
        terminal.send("bg\n")
        terminal.expect("prompt> ")
        wait_until(lambda: state() == "S", "the program goes on after bg")
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


def variables_of_systemd():
    """LISTEN_PID and WATCHDOG_PID name the process that they are for, and must name the program."""
    script = (
        "os.environ.update(LISTEN_PID=str(os.getpid()), WATCHDOG_PID=str(os.getpid()), OTHER_PID=str(os.getpid()));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    shown = "import os; print(*(os.environ[n] == str(os.getpid()) for n in ('LISTEN_PID', 'WATCHDOG_PID', 'OTHER_PID')))"
    command = [sys.executable, "-c", f"import os, sys; {script}", *RUN, sys.executable, "-c", shown]
    result = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    assert result.stdout == b"True True False\n", result


def state_of(pid):
    """R, S, T ...; none once it has been waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return None


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def start(command, **options):
    """The command under a supervisor, once it prints a line; and the program's number."""
    process = subprocess.Popen(RUN + command, stdout=subprocess.PIPE, **options)
    assert process.stdout.readline()
    return process, children_of(children_of(process.pid)[0])[0]


def supervisor_killed_at_the_start():
    """Never a hang, whatever has been made by then."""
    become_subreaper()
    for _ in range(60):
        process = subprocess.Popen(RUN + ["true"], stderr=subprocess.DEVNULL)
        while process.poll() is None:
            supervisors = children_of(process.pid)
            if supervisors and children_of(supervisors[0]):
                os.kill(supervisors[0], signal.SIGKILL)
                break
        assert process.wait(timeout=PATIENCE) in (0, 1, 125), process.returncode

        def all_gone():
            for pid in children():
                os.waitpid(pid, os.WNOHANG)
            return not children()

        wait_until(all_gone, "the end of the program that was not to begin")


def terminal_goes_away():
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(RUN[0], RUN + ["sh", "-c", "echo ready; exec sleep 1000"])
    text = b""
    while b"ready" not in text:
        text += os.read(terminal, 1024)
    os.close(terminal)
    ended = []

    def has_ended():
        ended[:] = os.waitpid(pid, os.WNOHANG)
        return ended[0] == pid

    wait_until(has_ended, "the end after the terminal's")
    assert os.WTERMSIG(ended[1]) == signal.SIGHUP, ended


def timers_set_before():
    """They outlive execve(2), but not fork(2)."""
    script = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, 0.2); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.run([sys.executable, "-c", script, *RUN, "sleep", "1000"], timeout=PATIENCE, check=False)
    assert process.returncode == -signal.SIGALRM, process


def killed_while_stopped():
    process, program = start(["sh", "-c", "echo ready; exec sleep 1000"])
    os.kill(program, signal.SIGSTOP)
    wait_until(lambda: state_of(process.pid) == "T", "the command stops with the program")
    os.kill(program, signal.SIGKILL)
    assert process.wait(timeout=PATIENCE) == -signal.SIGKILL


def stopped_and_continued_quickly():
    process, program = start(["sh", "-c", "echo ready; exec sleep 1000"])
    for pause in [0, 0.0001, 0.0003, 0.001, 0.05] * 12:
        os.kill(program, signal.SIGSTOP)
        time.sleep(pause)
        os.kill(program, signal.SIGCONT)
        wait_until(lambda: state_of(process.pid) == "S", "the command goes on with the program")
        os.kill(program, signal.SIGSTOP)
        wait_until(lambda: state_of(process.pid) == "T", "the command stops with the program")
        time.sleep(0.005)
        assert state_of(program) == "T", "SIGSTOP came last"
        os.kill(program, signal.SIGCONT)
        wait_until(lambda: state_of(process.pid) == "S", "the command goes on with the program")
    process.terminate()
    assert process.wait(timeout=PATIENCE) == -signal.SIGTERM


def continued_once():
    script = (
        "import signal, sys\n"
        "count = 0\n"
        "def on_continue(number, frame):\n"
        "    global count\n"
        "    count += 1\n"
        "signal.signal(signal.SIGCONT, on_continue)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(count, flush=True)\n"
    )
    process, program = start([sys.executable, "-c", script], stdin=subprocess.PIPE)
    os.kill(program, signal.SIGSTOP)
    wait_until(lambda: state_of(process.pid) == "T", "the command stops with the program")
    os.kill(program, signal.SIGCONT)
    wait_until(lambda: state_of(process.pid) == "S", "the command goes on with the program")
    time.sleep(0.1)  # for a second one that must not come
    assert process.communicate(b"\n", timeout=PATIENCE)[0] == b"1\n"


def own_process_group():
    """A program that makes a group of its own and takes the terminal can be stopped by its keys."""
    script = (
        "import os, signal, time; os.setpgid(0, 0); signal.signal(signal.SIGTTOU, signal.SIG_IGN);"
        "os.tcsetpgrp(0, os.getpid()); print('re' + 'ady', flush=True); time.sleep(1000)"
    )
    terminal = Terminal()
    try:
        terminal.send(" ".join(RUN) + f' {sys.executable} -c "{script}"\n')
        terminal.expect("ready")
        terminal.send("\x1a")  # Ctrl-Z
        terminal.expect("Stopped")
        terminal.expect("prompt> ")
        terminal.send("kill -9 %1; wait; echo status:$?\n")
        terminal.expect(r"status:\d")
    finally:
        terminal.close()


def nested_is_no_subreaper():
    script = "import ctypes; f = ctypes.c_int(7); ctypes.CDLL(None).prctl(37, ctypes.byref(f)); print(f.value)"
    result = subprocess.run(RUN + RUN + [sys.executable, "-c", script], capture_output=True, timeout=PATIENCE, check=True)
    assert result.stdout == b"0\n", result  # PR_GET_CHILD_SUBREAPER


def verbose_lets_go_of_standard_error():
    """When the program ends, though what it has left behind goes on."""
    script = "setsid sleep 1000 < /dev/null > /dev/null 2>&1 & echo $!"
    process = subprocess.Popen(
        RUN + ["--verbose", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    os.kill(int(out), signal.SIGKILL)


def process_1_of_a_container():
    """In a process namespace of its own, where signals without handlers do not end the first process."""
    unshare = [sys.argv[3], "--pid", "--fork", "--mount-proc", "--kill-child", "--"]
    result = subprocess.run(unshare + RUN + ["sh", "-c", "exit 5"], timeout=PATIENCE, check=False)
    assert result.returncode == 5, result
    result = subprocess.run(unshare + RUN + ["sh", "-c", "kill -10 $$"], timeout=PATIENCE, check=False)
    assert result.returncode == 128 + 10, result


if __name__ == "__main__":
    globals()[sys.argv[2]]()
