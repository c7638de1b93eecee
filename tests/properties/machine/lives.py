"""Hypothesis chooses the steps of each life of the books: which, in which order, and the number each draws from."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ledger.keyring import Keyring
from tests.databases import TestServer
from tests.properties.machine.ground import Ground, prepared_ground
from tests.properties.machine.runner import USUAL, Machine, Seen


class Lives(AbstractContextManager["Lives"]):
    """Runs lives on clones of one town, and sums up in `seen` what they came across."""

    def __init__(self, loop: asyncio.Runner, server: TestServer, keys: Keyring, folder: Path, seen: Seen) -> None:
        self._loop, self._seen, self._stack = loop, seen, AsyncExitStack()
        self._ground = loop.run(self._stack.enter_async_context(prepared_ground(server, keys, folder)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.run(self._stack.aclose())

    def run(self, *, seed: int, count: int, steps: int) -> None:
        """So many lives of so many steps each; the seed says which."""
        settings = hypothesis.settings(
            max_examples=count,
            stateful_step_count=steps,
            phases=[Phase.generate],  # a failure is told as it came: what raced cannot be made smaller by trying
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        town = hypothesis.seed(seed)(_town(self._loop, self._ground, self._seen))
        try:
            run_state_machine_as_test(town, settings=settings, _min_steps=steps)
        except Exception as error:
            first = self._seen.failure
            if first is None or first is error:
                raise
            raise first from error  # Hypothesis tried again, and tells less of what did not come again


def _town(loop: asyncio.Runner, ground: Ground, seen: Seen) -> type[RuleBasedStateMachine]:
    """The machine: one life of the books. One rule for all steps, so that every life has all of them."""

    class Town(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.machine = loop.run(Machine(ground, seen).open())

        @rule(name=st.sampled_from(USUAL), roll=st.integers(0, 2**32 - 1))
        def take(self, name: str, roll: int) -> None:
            loop.run(self.machine.step(name, roll))

        def teardown(self) -> None:
            loop.run(self.machine.close())

    return Town
