"""Children, and the supervisor's own processes."""
import os
import signal
import subprocess

from cases.comparison import (
    PATIENCE,
    PYTHON,
    RUN,
    UNSHARE_MOUNTS,
    become_subreaper,
    children_of,
    same,
    same_result,
    start,
    supervisors_of,
    wait_until,
)


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


def has_no_child_of_any_kind():
    """strace(1) waits for every child with __WALL, also for those without an exit signal."""
    script = (
        "import os\n"
        "WALL = 0x40000000\n"
        "print(open(f'/proc/self/task/{os.getpid()}/children').read().split())\n"
        "if os.fork() == 0:\n"
        "    os._exit(3)\n"
        "try:\n"
        "    while True:\n"
        "        print(os.waitstatus_to_exitcode(os.waitpid(-1, WALL)[1]), flush=True)\n"
        "except ChildProcessError:\n"
        "    print('none left')\n"
    )
    assert same_result(PYTHON + [script])[1] == b"[]\n3\nnone left\n"


def no_child_signal():
    """Nothing of the supervisor's start tells of a child."""
    script = "import signal; print(signal.sigpending(), signal.sigtimedwait([signal.SIGCHLD], 0.3))"
    block = lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # noqa: E731
    assert same_result(PYTHON + [script], preexec_fn=block)[1] == b"set() None\n"


def process_1_of_a_container():
    """Signals without handlers do not end it, its children become its own, and its wait(2) has an end."""
    unshare = [UNSHARE_MOUNTS, "--pid", "--fork", "--mount-proc", "--kill-child", "--"]
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


def titled(pid, title):
    def shown():
        with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
            return file.read().rstrip("\0")

    wait_until(lambda: shown() == title, title)


def shows_whose_supervisor_it_is():
    process, _ = start(RUN, ["sh", "-c", "echo ready; exec sleep 1000"])
    try:
        (supervisor,) = supervisors_of(process.pid)
        titled(supervisor, f"keepalive: supervisor of {process.pid} (sh)")
        for worker in children_of(supervisor):
            titled(worker, f"keepalive: worker of {process.pid} (sh)")
        assert children_of(supervisor)
        assert os.readlink(f"/proc/{supervisor}/cwd") == "/"
        assert os.getsid(supervisor) == supervisor
        (worker,) = children_of(supervisor)
        assert os.getpgid(worker) not in (os.getpgid(process.pid), supervisor)
    finally:
        process.kill()
        process.wait()


def supervisor_killed_at_the_start():
    """Never a hang, whatever there is by then: the program runs, or the command says that it could not."""
    become_subreaper()
    for _ in range(60):
        process = subprocess.Popen(RUN + ["true"], stderr=subprocess.DEVNULL)
        while process.poll() is None:
            children = children_of(process.pid)
            for descendant in [grandchild for child in children for grandchild in children_of(child)] + children:
                try:
                    os.kill(descendant, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        assert process.wait(timeout=PATIENCE) in (0, 125), process.returncode
