"""Several single-threaded processes train one model: they share gradients once a step.

On a few shared cores this loses less than one process with several threads, which waits at every operation for the
slowest core.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

RANK, WORLD, MEETING = "TRAINING_RANK", "TRAINING_WORLD", "TRAINING_MEETING"


def launch(processes: int) -> bool:
    """Start the same command once per process and wait; `False` in the processes so started."""
    if RANK in os.environ:
        torch.set_num_threads(1)
        meeting = f"file://{os.environ[MEETING]}"
        dist.init_process_group("gloo", init_method=meeting, rank=rank(), world_size=int(os.environ[WORLD]))
        return False
    with tempfile.TemporaryDirectory() as folder:
        shared = {**os.environ, WORLD: str(processes), MEETING: str(Path(folder) / "meeting"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", _main_module(), *sys.argv[1:]]
        environments = [{**shared, RANK: str(i)} for i in range(processes)]
        started = [subprocess.Popen(command, env=e) for e in environments]  # noqa: S603 - our own command again
        codes = [process.wait() for process in started]
    if any(codes):
        raise SystemExit(f"training processes ended with {codes}")
    return True


def _main_module() -> str:
    spec = sys.modules["__main__"].__spec__
    assert spec is not None, "run with python -m"
    return spec.name


def rank() -> int:
    """This process's number."""
    return int(os.environ.get(RANK, "0"))


def world() -> int:
    """How many processes train together."""
    return int(os.environ.get(WORLD, "1"))


def average_gradients(model: nn.Module) -> None:
    """Replace every gradient by the mean over the processes; one that a process did not compute counts as zero."""
    for p in model.parameters():
        if p.requires_grad and p.grad is None:
            p.grad = torch.zeros_like(p)
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= world()
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def summed(*numbers: float) -> list[float]:
    """Add up numbers over the processes."""
    total = torch.tensor(numbers, dtype=torch.float64)
    dist.all_reduce(total)
    return [float(n) for n in total]


def spread(parts: list[Tensor]) -> None:
    """Give every process the parts that others computed: part `i` comes from process `i % world`."""
    for owner in range(world()):
        mine = [part for i, part in enumerate(parts) if i % world() == owner]
        flat = torch.cat([part.flatten() for part in mine])
        dist.broadcast(flat, owner)
        for part, values in zip(mine, flat.split([part.numel() for part in mine]), strict=True):
            part.copy_(values.view_as(part))
