"""What others see of the program: its output, and how it takes their signals."""
import os
import select
import signal
import subprocess

from cases.comparison import PATIENCE, PYTHON, RUN, same, start


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
