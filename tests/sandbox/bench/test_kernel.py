from __future__ import annotations

import threading

import pytest

from sandbox.bench.path.kernel import BEGIN, Simulation


def fail(error: Exception) -> None:
    raise error


def test_workers_run_concurrently_on_one_clock() -> None:
    """Two workers that each wait three times are done when the longer one is; nothing really waits."""
    with Simulation() as simulation:
        seen: list[tuple[str, float]] = []

        def work(name: str, seconds: float) -> None:
            for _ in range(3):
                simulation.sleep(seconds)
                seen.append((name, simulation.now - BEGIN))

        simulation.start(lambda: work("a", 10.0))
        simulation.start(lambda: work("b", 15.0))
        simulation.run()
        assert seen == [("a", 10), ("b", 15), ("a", 20), ("b", 30), ("a", 30), ("b", 45)]


def test_the_same_seed_gives_the_same_run() -> None:
    """Threads do not make a run random."""

    def run(seed: int) -> list[tuple[int, float]]:
        seen: list[tuple[int, float]] = []
        with Simulation(seed) as simulation:

            def work(number: int) -> None:
                for _ in range(20):
                    simulation.sleep(simulation.random.random())
                    seen.append((number, simulation.now))

            for number in range(5):
                simulation.start(lambda number=number: work(number))  # type: ignore[misc]  # the default binds
            simulation.run()
        return seen

    assert run(1) == run(1) != run(2)


def test_running_for_a_time_goes_on_later() -> None:
    """What waits longer than the run lasts goes on in the next run."""
    with Simulation() as simulation:
        simulation.start(lambda: simulation.sleep(100))
        simulation.run(30)
        assert simulation.now == BEGIN + 30
        assert simulation.run(done=lambda: simulation.now >= BEGIN + 100)


def test_an_error_in_a_worker_ends_the_run() -> None:
    """The run raises it, and so it does with an error in an action."""
    with Simulation() as simulation:
        simulation.start(lambda: fail(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            simulation.run()
        simulation.after(1, lambda: fail(KeyError()))
        with pytest.raises(KeyError):
            simulation.run()


def test_no_thread_remains() -> None:
    """Workers that wait when the simulation ends are ended, and clean up."""
    before, cleaned = threading.active_count(), []
    with Simulation() as simulation:

        def work() -> None:
            try:
                simulation.sleep(1_000)
            finally:
                cleaned.append(True)

        for _ in range(3):
            simulation.start(work)
        simulation.run(1)
    assert threading.active_count() == before
    assert cleaned == [True] * 3
