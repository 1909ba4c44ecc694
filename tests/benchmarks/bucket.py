"""`lossmon check` over a bucket of many small logs: time, memory, requests.

    python -m tests.benchmarks.bucket 100000

The server is moto's, in a process of its own on this machine: it takes its share of the processor,
and lists and sends more slowly than S3 does. Its objects are put into it directly, not over HTTP.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from typing import Any

BUCKET = "sweep"
ROWS = 50


def row(run: int, step: int) -> str:
    """One row of a log; every tenth run diverges."""
    if run % 10 == 0 and step > 40:
        return f"step {step} loss nan lr 0.001\n"
    return (
        f"step {step} loss {0.5 + 1.5 / (1 + step) ** 0.5 + (run * step % 7) / 500:.4f} lr 0.001\n"
    )


def serve(count: int) -> None:
    """Fill a server, say where it is, serve; how often it was asked is told on a line on stdin."""
    import logging

    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    asked: Counter[str] = Counter()
    answer = DomainDispatcherApplication.__call__

    def counted(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        listing = "list-type" in environ["QUERY_STRING"]
        asked["LIST" if listing else environ["REQUEST_METHOD"]] += 1
        return answer(self, environ, start_response)

    DomainDispatcherApplication.__call__ = counted
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    for run in range(count):
        text = "".join(row(run, step) for step in range(ROWS))
        name = f"sweep/{run // 1000:03}/run{run:06}/train.log"
        key = backend.put_object(BUCKET, name, text.encode())
        key.last_modified -= timedelta(days=1)  # a sweep that is over: what runs is judged twice
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.readline()
    print(json.dumps(asked), flush=True)


def main(count: int) -> None:
    """Measure, and print one JSON object."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bucket", "--serve", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert server.stdin is not None
        url = server.stdout.readline().strip()
        env = dict(
            os.environ, AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y",
            AWS_DEFAULT_REGION="us-east-1",
        )  # fmt: skip
        bucket = f"s3://{BUCKET}/sweep"
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            began = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "lossmon", "check", "--json", "--no-timeline", bucket],
                stdout=out, stderr=err, env=env, check=False,
            )  # fmt: skip
            took_s = time.monotonic() - began
            out.seek(0)
            err.seek(0)
            runs, sick = 0, 0
            for line in out:
                runs += 1
                sick += any(one["severity"] == "critical" for one in json.loads(line)["findings"])
            said = err.read().strip().splitlines()[-1:]
        print("", file=server.stdin, flush=True)
        requests = json.loads(server.stdout.readline())
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        server.kill()
        server.wait()
    print(
        json.dumps(
            {
                "logs": count,
                "runs": runs,
                "critical": sick,
                "requests": requests,
                "status": done.returncode,
                "wall_s": round(took_s, 1),
                "cpu_s": round(used.ru_utime + used.ru_stime, 1),
                "largest_process_mb": used.ru_maxrss // 1024,
                "said": said,
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]))
