from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import ShardError
from scanner.processes import Died, Task, WorkerPool, interrupts_held, one_thread_each
from scanner.runner.tasks import digest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes the POSIX way")


def prepare() -> None:
    """Nothing to prepare."""


def square(number: int) -> int:
    return number * number


def end_once(marker: str) -> str:
    """Kill this worker the first time, answer the second."""
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "second try"


def end_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


def announced(marker: str) -> None:
    """Say that this worker is at work, and go on for ever."""
    Path(marker).touch()
    time.sleep(600)


def results(tasks: list[Task], workers: int = 2) -> dict[Any, Any]:
    with WorkerPool(workers, prepare, ()) as pool:
        for task in tasks:
            pool.submit(task)
        return dict(pool.completed(lambda: None))


def test_every_task_gives_its_result() -> None:
    tasks = [Task(key=number, function=square, arguments=(number,)) for number in range(20)]
    assert results(tasks) == {number: number * number for number in range(20)}


def test_a_killed_worker_costs_its_task_a_second_try_only(tmp_path: Path) -> None:
    tasks = [Task(key="killed", function=end_once, arguments=(str(tmp_path / "marker"),))]
    tasks += [Task(key=number, function=square, arguments=(number,)) for number in range(6)]
    found = results(tasks)
    assert found["killed"] == "second try"
    assert {number: found[number] for number in range(6)} == {number: number * number for number in range(6)}


def test_a_task_that_kills_its_worker_twice_is_given_back_and_the_others_finish() -> None:
    tasks = [Task(key="fatal", function=end_always, arguments=())]
    tasks += [Task(key=number, function=square, arguments=(number,)) for number in range(4)]
    found = results(tasks)
    assert found.pop("fatal") == Died()
    assert found == {number: number * number for number in range(4)}


def test_a_task_at_work_is_not_lost_when_the_break_is_noticed_while_another_begins() -> None:
    with WorkerPool(2, prepare, ()) as pool:
        pool.submit(Task(key="at work", function=slow, arguments=(0.5,)))
        broken: list[bool] = []

        def break_then_submit() -> None:
            executor = pool._executor
            if broken or executor is None or not executor._processes:
                return
            for process in list(executor._processes.values()):
                process.kill()
            while not executor._broken:  # type: ignore[attr-defined]
                time.sleep(0.01)
            broken.append(True)
            pool.submit(Task(key="begins", function=square, arguments=(3,)))

        assert dict(pool.completed(break_then_submit)) == {"at work": "done", "begins": 9}
    assert broken


def test_tasks_may_be_added_while_results_are_taken() -> None:
    with WorkerPool(2, prepare, ()) as pool:
        pool.submit(Task(key=0, function=square, arguments=(2,)))
        found = {}
        for key, result in pool.completed(lambda: None):
            found[key] = result
            if key < 3:
                pool.submit(Task(key=key + 1, function=square, arguments=(result,)))
    assert found == {0: 4, 1: 16, 2: 256, 3: 65536}


def test_an_exception_of_a_task_reaches_the_caller() -> None:
    with pytest.raises(TypeError):
        results([Task(key=0, function=square, arguments=())])


def test_workers_leave_when_their_parent_was_killed(tmp_path: Path) -> None:
    # A scan killed with -9 must not leave processes that wait for ever.
    program = (
        "import sys\n"
        "from test_processes import prepare, announced\n"
        "from scanner.processes import Task, WorkerPool\n"
        "if __name__ == '__main__':\n"
        "    with WorkerPool(2, prepare, ()) as pool:\n"
        "        pool.submit(Task(key=0, function=announced, arguments=(sys.argv[1],)))\n"
        "        seen = []\n"
        "        def beat():\n"
        "            if not seen and pool._executor and pool._executor._processes:\n"
        "                seen.append(1); print(*pool._executor._processes, flush=True)\n"
        "        for _ in pool.completed(beat): pass\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(program, encoding="utf-8")
    here = Path(__file__).resolve()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), str(here.parent.parent.parent)])}
    marker = tmp_path / "at-work"
    parent = subprocess.Popen(
        [sys.executable, str(script), str(marker)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    children = [int(word) for word in parent.stdout.readline().split()]
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and not marker.exists():
        time.sleep(0.02)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and any(map(is_running, children)):
        time.sleep(0.1)
    assert children
    assert not any(map(is_running, children))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # a zombie nobody waits for is not running
    return not status.exists() or status.read_text(encoding="ascii").split(")")[-1].split()[0] != "Z"


def test_the_environment_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = dict(os.environ)
    with one_thread_each():
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
        assert os.environ["OMP_NUM_THREADS"] == "7"
    assert dict(os.environ) == before


def test_ctrl_c_that_another_thread_receives_waits_until_a_process_is_started() -> None:
    ready, done = threading.Event(), threading.Event()

    def receiving() -> None:  # as the threads of a matrix library do: nothing is blocked here
        ready.set()
        done.wait(10)

    thread = threading.Thread(target=receiving)
    thread.start()
    ready.wait(10)
    finished: list[str] = []

    def interrupted() -> None:
        with interrupts_held():
            assert thread.ident is not None
            signal.pthread_kill(thread.ident, signal.SIGINT)
            for _ in range(1000):  # the interpreter looks for signals between any two steps
                time.sleep(0)
            finished.append("whole")
        finished.append("never reached")

    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        done.set()
        thread.join()
    assert finished == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_nobody_foresaw_is_a_gap_that_names_it() -> None:
    error = digest(None)  # type: ignore[arg-type]
    assert isinstance(error, ShardError)
    assert "an unexpected error (AttributeError)" in error.message
    assert digest.__module__ == "scanner.runner.tasks"  # sent to workers by its name
