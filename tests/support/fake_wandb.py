"""A module in place of wandb, with a server that remembers, so that tests need neither."""

import types
from collections import defaultdict
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any


class FakeWandb(types.ModuleType):
    """What of wandb the logger uses. Runs that are online keep their history from one to the next,
    and drop what is logged to steps that they have, as the server does."""

    def __init__(self, *, mode: str = "online", key: bool = True):
        super().__init__("wandb")
        self.__spec__ = ModuleSpec("wandb", None)
        self.mode = mode
        self.key = key
        self.run: Any = None
        self.server: defaultdict[str, list[tuple[int, dict[str, float]]]] = defaultdict(list)
        self.runs: list[FakeRun] = []
        self.logins: list[dict[str, Any]] = []
        self.failing = False

    def setup(self) -> Any:
        return types.SimpleNamespace(settings=types.SimpleNamespace(mode=self.mode))

    def login(self, **options: Any) -> bool:
        self.logins.append(options)
        return self.key

    def Settings(self, **settings: Any) -> dict[str, Any]:
        return settings

    def init(self, **options: Any) -> "FakeRun":
        if self.failing:
            raise ConnectionError("no route to host")
        run = FakeRun(self, options)
        self.runs.append(run)
        return run


class FakeRun:
    """One run, from `init` to `finish`."""

    def __init__(self, module: FakeWandb, options: dict[str, Any]):
        self._module = module
        self.options = options
        self.offline = (options["mode"] or module.mode) == "offline"
        self.url = None if self.offline else f"https://wandb.example/{options['id']}"
        known = [] if self.offline else module.server[options["id"]]
        self.history = known
        self.starting_step = known[-1][0] + 1 if known else 0
        self.exit_code: int | None = None
        if self.offline:
            folder = Path(options["dir"]) / "wandb" / f"offline-run-{len(module.runs)}-{self.id}"
            folder.mkdir(parents=True)

    @property
    def id(self) -> str:
        return self.options["id"]

    def log(self, scalars: dict[str, float], *, step: int, commit: bool) -> None:
        assert self.exit_code is None
        assert commit
        if self._module.failing:
            raise ConnectionError("no route to host")
        assert not self.history or step > self.history[-1][0], "wandb would drop it"
        self.history.append((step, scalars))

    def finish(self, exit_code: int) -> None:
        self.exit_code = exit_code
