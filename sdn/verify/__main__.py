"""`python -m sdn.verify`, in a lab: reads {"documents": […], "datapath": …} on standard input, writes an event a line.

    {"event": "check", …}            each check as it ends (sdn.verify.result)
    {"event": "summary", "ok": …}    at the end
    {"event": "failed", "error": …}  instead, if it could not be done

Exit status 0: every check holds; 1: one does not; 2: it could not be done.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from typing import Any

from sdn.errors import SdnError
from sdn.manifest import from_documents
from sdn.ovs.database import Datapath
from sdn.verify.result import Status
from sdn.verify.run import verify


def main() -> int:
    """Prove the lab that this process runs in."""
    began = time.monotonic()
    counts = dict.fromkeys(Status, 0)
    try:
        request = json.load(sys.stdin)
        for check in verify(from_documents(request["documents"]), Datapath(request["datapath"])):
            counts[check.status] += 1
            _say("check", **check.as_json())
    except (SdnError, OSError) as error:  # the lab changed, or ended, while it was being proven
        _say("failed", error=f"{error}")
        return 2
    except Exception as error:
        traceback.print_exc()
        _say("failed", error=f"a fault in sdn itself: {error!r}")
        return 2
    ok = counts[Status.FAILS] == 0
    _say("summary", ok=ok, counts=counts, seconds=round(time.monotonic() - began, 3))
    return 0 if ok else 1


def _say(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
