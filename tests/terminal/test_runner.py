"""The runner: work leaves the calling thread, answers come back in order where the window says, a bug ends one action and not the till."""

import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from terminal.runner import WorkerRunner


class Ui:
    """The UI thread is this test's own: it runs what was posted when asked."""

    def __init__(self) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.defects: list[BaseException] = []

    def post(self, call: Callable[[], None]) -> None:
        self._posted.put(call)

    def turn(self) -> None:
        self._posted.get(timeout=5)()


@pytest.fixture
def ui() -> Ui:
    return Ui()


@pytest.fixture
def runner(ui: Ui) -> Iterator[WorkerRunner]:
    runner = WorkerRunner(ui.post, ui.defects.append)
    yield runner
    runner.stop()


def test_work_is_done_on_another_thread_and_answered_on_this_one(ui: Ui, runner: WorkerRunner) -> None:
    seen: list[threading.Thread] = []
    runner.run(threading.current_thread, lambda worker: seen.extend([worker, threading.current_thread()]))
    ui.turn()
    assert seen[0] is not seen[1]
    assert seen[1] is threading.current_thread()


def test_a_call_that_hangs_does_not_hold_up_the_caller_and_order_is_kept(ui: Ui, runner: WorkerRunner) -> None:
    release, answers = threading.Event(), list[str]()

    def slow() -> str:
        assert release.wait(5)
        return "first"

    runner.run(slow, answers.append)
    runner.run(lambda: "second", answers.append)
    assert answers == []
    release.set()
    ui.turn()
    ui.turn()
    assert answers == ["first", "second"]


def test_a_bug_in_one_action_is_told_and_the_next_one_is_done(
    ui: Ui, runner: WorkerRunner, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[int] = []
    runner.run(lambda: 1 // 0, answers.append)
    runner.run(lambda: 7, answers.append)
    ui.turn()
    ui.turn()
    assert [type(defect) for defect in ui.defects] == [ZeroDivisionError]
    assert answers == [7]
    assert "an action at the counter failed" in caplog.text


def test_stopping_finishes_what_was_confirmed(ui: Ui) -> None:
    runner = WorkerRunner(ui.post, ui.defects.append)
    done: list[str] = []
    runner.run(lambda: done.append("journalled"), lambda _none: None)
    runner.stop()
    assert done == ["journalled"]
