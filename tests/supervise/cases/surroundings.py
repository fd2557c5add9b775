"""What the program sees of its place: number, parent, group, session, descriptors, variables, limits."""
import os
import resource
import signal
import subprocess
import tempfile

from cases.comparison import PATIENCE, PYTHON, RUN, same, same_result, start


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
