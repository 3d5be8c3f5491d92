"""A server that is killed between two turns: the citizen goes on where they were, nothing is lost, nothing is twice."""

import httpx

from tests.processes import Line


def test_a_conversation_outlives_its_server(line: Line) -> None:
    with httpx.Client(base_url=line.url, timeout=30) as client:
        opened = client.post("/api/v1/conversations").json()
        headers = {"Authorization": f"Bearer {opened['token']}"}
        path = f"/api/v1/conversations/{opened['id']}/messages"

        def say(text: str, key: str) -> dict[str, object]:
            answer = client.post(path, json={"text": text}, headers={**headers, "Idempotency-Key": key})
            assert answer.status_code == 200, answer.text
            return answer.json()  # type: ignore[no-any-return]

        first = say("朝霞区南山路18号门口的路灯坏了三天了，晚上很黑", "1")
        assert first["replies"]
        line.kill()
        line.start(models=False)
        assert (
            say("朝霞区南山路18号门口的路灯坏了三天了，晚上很黑", "1") == first
        )  # the same message again: the same answer
        replies, turns = [], 0
        answers = iter(["昨天晚上开始的", "没有照片", "我叫王小明，电话13800138000", "确认"])
        while not any(reply["type"] == "ticket" for reply in replies):
            turns += 1
            assert turns < 7, f"no ticket after {turns} turns; last: {replies}"
            text = next(answers)
            replies = say(text, f"turn {turns}")["replies"]  # type: ignore[assignment]
            if turns == 2:
                line.kill()
                line.start(models=False)
        (ticket,) = [reply for reply in replies if reply["type"] == "ticket"]
        number, code = ticket["number"], ticket["code"]
        line.kill()
        line.start(models=False)
        status = client.get(f"/api/v1/tickets/{number}", params={"code": code})
        assert status.status_code == 200
        assert status.json()["clocks"]
        assert client.get(f"/api/v1/tickets/{number}", params={"code": "WRONG0"}).status_code == 404
