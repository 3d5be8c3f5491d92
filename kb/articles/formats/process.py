"""The reading process as its owner sees it: asked one file at a time, ended when it takes too much, started again."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from kb.articles.formats.found import Found, Merged, Refused

SECONDS = 60.0  # for one file
MEMORY = 1_500_000_000  # bytes that the process may hold
LOOK = 0.05  # seconds between two looks at it

_ROOT = Path(__file__).parents[3]
# The process needs this package and nothing of the rooms it stands in, which take seconds and much memory to import:
# they stand there empty.
_BEGIN = """
import sys, types
[root] = sys.argv[1:]
sys.path.insert(0, root)
for name in ("kb", "kb.articles"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [root + "/" + name.replace(".", "/")]
from kb.articles.formats.worker import main
main()
"""

_BROKEN = "读取时出错，没有导入；请重新保存后再导入。"
_MEMORY = "读取时占用内存过多，没有导入，请拆分后再导入。"


class Reader:
    """Reads files in a process of its own; use it as a context manager, from one thread at a time.

    The process is watched from here: one that is refused memory by the system may go on for ever (CPython 3.11 does).
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.wait()
        self._process = None

    def entries(self, path: Path) -> Iterator[tuple[str, str, str]]:
        """Yield (entry, name to show, why it is left out or empty) of a ZIP. Raises Refused."""
        for answer in self._ask({"list": True, "path": str(path)}):
            if "refused" in answer:
                raise Refused(answer["refused"])
            yield answer["entry"], answer["name"], answer["why"]

    def read(self, path: Path, name: str, entry: str | None = None) -> Iterator[Found | Merged | Refused]:
        """Yield what a file, or an entry of a ZIP, holds; what cannot be read is a Refused in its place."""
        for answer in self._ask({"list": False, "path": str(path), "name": name, "entry": entry}):
            if "refused" in answer:
                yield Refused(answer["refused"], answer["place"])
            elif "merged" in answer:
                yield Merged(**answer["merged"])
            else:
                found = answer["found"]
                yield Found(found["fields"], found["place"], tuple(found["notes"]), found["whole"])

    def _ask(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        process = self._started()
        assert process.stdin and process.stdout
        done, why = threading.Event(), [_BROKEN]
        watching = threading.Thread(target=self._watch, args=(process.pid, done, why), daemon=True)
        ended = False
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            watching.start()
            for line in process.stdout:
                answer = json.loads(line)
                if ended := "end" in answer:
                    return
                yield answer
        except (BrokenPipeError, ValueError):  # it ended in the middle of a line
            pass
        finally:
            done.set()
            if not ended:
                self.close()
        yield {"refused": why[0], "place": ""}

    def _watch(self, pid: int, done: threading.Event, why: list[str]) -> None:
        began = time.monotonic()
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            while not done.wait(LOOK):
                if process.memory_info().rss > self.memory:
                    why[0] = _MEMORY
                elif time.monotonic() - began > self.seconds:
                    why[0] = f"读取超过{self.seconds:g}秒，没有导入，请拆分后再导入。"
                else:
                    continue
                process.kill()
                return

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None or self._full(self._process.pid):
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BEGIN, str(_ROOT)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
            )  # fmt: skip
        return self._process

    def _full(self, pid: int) -> bool:
        """Whether the files before have left so much behind that the next one would pay for them."""
        return bool(psutil.Process(pid).memory_info().rss > self.memory / 2)
