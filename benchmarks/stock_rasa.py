"""A small project as Rasa's own documentation makes one: rules, a form, the default pipeline and policies.

Its sentences are those that simulated citizens say. Nothing in it calls out: no action server, no other component.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.simulation.material import material, phrases

PORT = 5055
EXAMPLES = 60  # of each intent
STARTED_SECONDS = 300
ANSWERS = {
    "utter_greet": "您好，请说说是什么事。",
    "utter_thanks": "不客气。",
    "utter_robot": "我是机器人。",
    "utter_person": "正在为您转人工。",
    "utter_answer": "请带上身份证到窗口办理。",
    "utter_fallback": "我没听明白，请换个说法。",
    "utter_ask_place": "请问在什么地方？",
    "utter_ask_happened": "请问是什么时候的事？",
    "utter_ask_contact": "请留一下姓名和手机号。",
    "utter_registered": "已经登记好了。",
}
ELEMENTS = ("place", "happened", "contact")


def _intents() -> dict[str, list[str]]:
    said, known = phrases(), material()
    reports = [sentence for _, sentences in known.matters for sentence in sentences[:1]]
    return {
        "report": reports[:EXAMPLES],
        "question": list(known.questions[:EXAMPLES]),
        "place": [f"{name}18号" for name, _ in known.roads[:EXAMPLES]],
        "happened": said["when"],
        "contact": ["王伟13800138000", "我叫李芳，手机13900139000", "13700137000", *said["refused"]],
        "greet": said["opening"],
        "thanks": said["thanks"],
        "robot": said["robot"],
        "person": said["person"],
        "confirm": said["confirm"],
    }


def _project() -> dict[str, Any]:
    """Return the files of the project by name."""
    intents = _intents()
    asks = {"greet": "greet", "thanks": "thanks", "robot": "robot", "person": "person", "question": "answer"}
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": f"utter_{answer}"}]}
        for intent, answer in asks.items()
    ]
    rules += [
        {"rule": "begin", "steps": [{"intent": "report"}, {"action": "report_form"}, {"active_loop": "report_form"}]},
        {
            "rule": "end",
            "condition": [{"active_loop": "report_form"}],
            "steps": [
                {"action": "report_form"},
                {"active_loop": None},
                {"slot_was_set": [{"requested_slot": None}]},
                {"action": "utter_registered"},
            ],
        },
        {"rule": "fallback", "steps": [{"intent": "nlu_fallback"}, {"action": "utter_fallback"}]},
    ]
    slots = {
        element: {
            "type": "text",
            "mappings": [
                {"type": "from_text", "conditions": [{"active_loop": "report_form", "requested_slot": element}]}
            ],
        }
        for element in ELEMENTS
    }
    story = {
        "story": "both",
        "steps": [{"intent": "greet"}, {"action": "utter_greet"}, {"intent": "question"}, {"action": "utter_answer"}],
    }
    return {
        # Neither pipeline nor policies: Rasa takes its default ones. They know no Chinese words without more packages,
        # but read pairs and triples of characters.
        "config.yml": {
            "recipe": "default.v1", "assistant_id": "stock", "language": "en", "pipeline": None, "policies": None,
        },
        "credentials.yml": {"rest": None},
        "domain.yml": {
            "version": "3.1",
            "intents": list(intents),
            "slots": slots,
            "forms": {"report_form": {"required_slots": list(ELEMENTS)}},
            "responses": {name: [{"text": text}] for name, text in ANSWERS.items()},
        },
        "data/rules.yml": {"version": "3.1", "rules": rules},
        "data/stories.yml": {"version": "3.1", "stories": [story]},
        "data/nlu.yml": {
            "version": "3.1",
            "nlu": [
                {"intent": intent, "examples": "".join(f"- {each}\n" for each in dict.fromkeys(said) if each)}
                for intent, said in intents.items()
            ],
        },
    }  # fmt: skip


@contextmanager
def started(python: Path, folder: Path) -> Iterator[str]:
    """Write the project, train it, start Rasa's server with its stock REST channel, and give its address.

    `python`: the interpreter of an environment with rasa==3.6.21. Exits with a sentence where it does not train.
    """
    for name, content in _project().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    environment = os.environ | quiet | {"RASA_TELEMETRY_ENABLED": "false"}
    rasa = [str(python), "-W", "ignore", "-m", "rasa"]
    log = folder / "log"
    with log.open("w") as written:
        began = time.monotonic()
        if subprocess.run([*rasa, "train"], cwd=folder, env=environment, stdout=written, stderr=written).returncode:
            sys.exit(f"Rasa did not train:\n{log.read_text()[-2000:]}")
        print(f"stock Rasa trained in {time.monotonic() - began:.0f} s", flush=True)
        command = [*rasa, "run", "--enable-api", "--port", str(PORT), "--interface", "127.0.0.1"]
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=written, stderr=written, start_new_session=True
        )
        try:
            began = time.monotonic()
            while not _answers(f"http://127.0.0.1:{PORT}/status"):
                if server.poll() is not None or time.monotonic() > began + STARTED_SECONDS:
                    sys.exit(f"Rasa did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.5)
            print(f"stock Rasa answers after {time.monotonic() - began:.0f} s", flush=True)
            yield f"http://127.0.0.1:{PORT}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
