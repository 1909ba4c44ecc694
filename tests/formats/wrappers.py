"""What launchers and loggers put around a line: name -> of a line and the second it is written."""

from __future__ import annotations

import json
from collections.abc import Callable


def clock(step: int) -> str:
    return f"10:{step // 60:02}:{step % 60:02}"


WRAPPERS: dict[str, Callable[[str, int], str]] = {
    "docker compose": lambda line, s: f"trainer-1  | {line}",
    "kubernetes": lambda line, s: f"2024-05-01T{clock(s)}.123456789Z stdout F {line}",
    "journal": lambda line, s: f"May 01 {clock(s)} gpubox python[12345]: {line}",
    "torchrun": lambda line, s: f"[default0]:{line}",
    "srun --label": lambda line, s: f"0: {line}",
    "pdsh": lambda line, s: f"worker-1: {line}",
    "mpirun": lambda line, s: f"[1,0]<stdout>:{line}",
    "ray": lambda line, s: f"\x1b[36m(RayTrainWorker pid=4321, ip=10.0.0.3)\x1b[0m {line}",
    "loguru": lambda line, s: f"2024-05-01 {clock(s)}.123 | INFO     | __main__:fit:42 - {line}",
    "hydra": lambda line, s: f"[2024-05-01 {clock(s)},123][__main__][INFO] - {line}",
    "rich": lambda line, s: f"[05/01/24 {clock(s)}] INFO     {line}              train.py:42",
    "absl": lambda line, s: f"I0501 {clock(s)}.123456 140735 train.py:42] {line}",
    "swin": lambda line, s: f"[2024-05-01 {clock(s)} swin_tiny](main.py 220): INFO {line}",
    "espnet": lambda line, s: f"[host] 2024-05-01 {clock(s)},123 (trainer:732) INFO: {line}",
    "docker json-file": lambda line, s: json.dumps({"log": f"{line}\n", "stream": "stdout"}),
    "json logger": lambda line, s: json.dumps({"levelname": "INFO", "message": line}),
    "CloudWatch": lambda line, s: f"2024-05-01T{clock(s)}.123Z algo-1-x7ab2  | {line}",
    "kubectl --prefix": lambda line, s: f"[pod/job-abc-worker-0/pytorch] {line}",
    "kubectl --timestamps": lambda line, s: f"2024-05-01T{clock(s)}.123456789Z {line}",
    "syslog": lambda line, s: f"May  1 {clock(s)} {line}",
    "a date": lambda line, s: f"[2024-05-01 {clock(s)}] {line}",
    "SageMaker with MPI": lambda line, s: f"[1,mpirank:0,algo-1]<stdout>:{line}",
}
