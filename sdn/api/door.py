"""The one door: HTTP on a Unix socket in the lab's own /run. What Kubernetes does not know is under /sdn/v1/."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sdn.api import views
from sdn.errors import SdnError
from sdn.lab.paths import DOOR, LOGS
from sdn.lab.supervisor import Supervisor

_NDJSON = "application/x-ndjson"


def open_door(supervisor: Supervisor) -> None:
    """The door is open when this returns; it is served by a thread."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(DOOR))
    DOOR.chmod(0o600)
    listener.listen(64)
    config = uvicorn.Config(application(supervisor), log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, args=([listener],), name="door", daemon=True).start()


def application(supervisor: Supervisor) -> Starlette:
    """The routes. Every error is `{"error": words, "exitCode": n}`."""

    def read(view: Callable[[Supervisor, Request], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return JSONResponse(await run_in_threadpool(view, supervisor, request))

        return answer

    async def objects(request: Request) -> Response:
        documents = await request.json()
        return StreamingResponse(_change(supervisor, documents), media_type=_NDJSON)

    async def verify(request: Request) -> Response:
        options = await request.json()
        await run_in_threadpool(supervisor.teach_neighbours)
        return StreamingResponse(_verify(supervisor, options), media_type=_NDJSON)

    return Starlette(
        routes=[
            Route("/sdn/v1/status", read(views.status)),
            Route("/sdn/v1/events", read(views.events)),
            Route("/sdn/v1/objects", read(views.objects)),
            Route("/sdn/v1/objects", objects, methods=["PUT"]),
            Route("/sdn/v1/flows/{node}", read(views.flows)),
            Route("/sdn/v1/verify", verify, methods=["POST"]),
        ],
        exception_handlers={SdnError: _error},
    )


async def _error(request: Request, error: Exception) -> Response:
    code = error.exit_code if isinstance(error, SdnError) else 1
    return JSONResponse({"error": str(error), "exitCode": code}, status_code=422)


def _change(supervisor: Supervisor, documents: list[dict[str, Any]]) -> Iterator[bytes]:
    """Progress events while the lab changes, then `done` or `failed`."""
    events: queue.Queue[dict[str, object]] = queue.Queue()

    def say(step: str, done: int, total: int) -> None:
        events.put({"event": "progress", "step": step, "done": done, "total": total})

    def work() -> None:
        try:
            events.put({"event": "done", **asdict(supervisor.change(documents, say))})
        except SdnError as error:
            events.put({"event": "failed", "error": str(error), "exit_code": error.exit_code})
        except OSError as error:
            events.put({"event": "failed", "error": str(error), "exit_code": 1})
        except Exception as error:
            events.put({"event": "failed", "error": f"a fault in sdn itself: {error!r}", "exit_code": 1})

    threading.Thread(target=work, daemon=True).start()
    while True:
        event = events.get()
        yield json.dumps(event).encode() + b"\n"
        if event["event"] != "progress":
            return


def _verify(supervisor: Supervisor, options: dict[str, Any]) -> Iterator[bytes]:
    """What the proving process says, line by line."""
    request = json.dumps({"documents": supervisor.documents, "datapath": supervisor.datapath, **options})
    with (LOGS / "verify.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sdn.verify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    try:
        process.stdin.write(request.encode())
        process.stdin.close()
        yield from process.stdout
        if (status := process.wait()) not in (0, 1):
            words = (LOGS / "verify.log").read_text().strip().splitlines()[-1:]
            yield (
                json.dumps({"event": "failed", "error": f"the proof ended with status {status}: {words}"}).encode()
                + b"\n"
            )
    finally:
        process.kill()
        process.wait()
