import signal
import threading

import pytest

from splagger.training.interrupts import Interrupts, request_stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers():
    """Puts the handlers back, whatever a test did to them."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_noted_and_announced_once(number, handlers):
    announced = []
    with Interrupts(lambda: announced.append(True)) as interrupts:
        assert not interrupts.requested
        signal.raise_signal(number)
        assert interrupts.requested
        assert announced == [True]
    assert {number: signal.getsignal(number) for number in SIGNALS} == handlers


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_the_second_signal_does_what_it_usually_does(first, second):
    usual = []
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: usual.append(number))
    announced = []
    with Interrupts(lambda: announced.append(True)) as interrupts:
        signal.raise_signal(first)
        assert usual == []
        signal.raise_signal(second)
        assert usual == [second]
    assert interrupts.requested
    assert announced == [True]


def test_a_second_ctrl_c_leaves_the_loop():
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def loop():
        with Interrupts(lambda: None):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        loop()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_are_restored_after_an_error(handlers):
    def loop():
        with Interrupts(lambda: None):
            assert signal.getsignal(signal.SIGTERM) != handlers[signal.SIGTERM]
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        loop()
    assert {number: signal.getsignal(number) for number in SIGNALS} == handlers


def test_another_thread_is_left_alone(handlers):
    seen = []

    def loop():
        with Interrupts(lambda: seen.append("announced")) as interrupts:
            seen.append(interrupts.requested)
            seen.append({number: signal.getsignal(number) for number in SIGNALS} == handlers)

    thread = threading.Thread(target=loop)
    thread.start()
    thread.join()
    assert seen == [False, True]


def test_a_stop_can_be_requested_without_a_signal(handlers):
    assert not request_stop()
    announced = []
    with Interrupts(lambda: announced.append(True)) as interrupts:
        assert request_stop()
        assert request_stop()
        assert interrupts.requested
        # A scheduler's own signals may follow.
        signal.raise_signal(signal.SIGTERM)
        assert announced == [True]
    assert not request_stop()
    assert {number: signal.getsignal(number) for number in SIGNALS} == handlers
