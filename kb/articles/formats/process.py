"""The reading process as its owner sees it: asked one file at a time, ended when it takes too long, started again."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kb.articles.formats.found import Found, Merged, Refused

SECONDS = 60.0  # for one file
MEMORY = 1_500_000_000  # bytes that reading may take beside the program itself

_ROOT = Path(__file__).parents[3]
# The process needs this package and nothing of the rooms it stands in, which take seconds and much memory to import:
# they stand there empty.
_BEGIN = """
import sys, types
root, memory = sys.argv[1:]
sys.path.insert(0, root)
for name in ("kb", "kb.articles"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [root + "/" + name.replace(".", "/")]
from kb.articles.formats.worker import main
main(int(memory))
"""


class Reader:
    """Reads files in a process of its own; use it as a context manager, from one thread at a time."""

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
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self.seconds, give_up)
        ended = False
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            timer.start()
            for line in process.stdout:
                answer = json.loads(line)
                if ended := "end" in answer:
                    return
                yield answer
        except (BrokenPipeError, ValueError):  # it ended in the middle of a line
            pass
        finally:
            timer.cancel()
            if not ended:
                self.close()
        yield {"refused": f"读取超过{self.seconds:g}秒，没有导入，请拆分后再导入。" if late.is_set() else
               "读取时出错或占用内存过多，没有导入。", "place": ""}  # fmt: skip

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BEGIN, str(_ROOT), str(self.memory)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
            )  # fmt: skip
        return self._process
