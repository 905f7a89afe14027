"""The part of the Hub that rents machines for jobs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

ENDED = ("COMPLETED", "CANCELED", "ERROR", "DELETED")
GPU = {"type": "gpu", "model": "A10G", "quantity": "1", "vram": "24 GB", "manufacturer": "Nvidia"}
MACHINES = {
    "cpu-basic": (None, 167),
    "a10g-small": (GPU, 16667),
    "l4x4": (GPU | {"model": "L4", "quantity": "4"}, 63333),
}


class Job:
    def __init__(self, number, owner, spec):
        self.id, self.owner, self.spec = f"job{number}", owner, spec
        self.stage, self.message, self.lines, self.cancel = "SCHEDULING", None, [], lambda: None

    def values(self):
        owner = {"id": "1", "name": self.owner, "type": "user"}
        about = {
            "dockerImage": self.spec["dockerImage"],
            "command": self.spec["command"],
            "flavor": self.spec["flavor"],
            "labels": self.spec.get("labels"),
        }
        status = {"stage": self.stage, "message": self.message}
        return {"id": self.id, "createdAt": "2026-01-01T00:00:00.000Z", "owner": owner, "status": status, **about}


class Jobs:
    """Takes jobs of whoever may write; `machine(job)`, in a thread of its own, decides what becomes of one.

    Without `credits` it asks for a payment. The log of a job is told line by line, until the job has ended.
    """

    def __init__(self, user):
        self.user, self.credits, self.all, self.machine, self.unlisted = user, True, {}, None, 0
        one = "/api/jobs/{owner}/{id}"
        self.routes = [
            Route("/api/jobs/hardware", self.hardware),
            Route("/api/jobs/{owner}", self.start, methods=["POST"]),
            Route("/api/jobs/{owner}", self.listed),
            Route(one, self.inspect),
            Route(f"{one}/logs", self.logs),
            Route(f"{one}/cancel", self.cancel, methods=["POST"]),
        ]

    def hardware(self, request):
        common = {"cpu": "2 vCPU", "ram": "16 GB", "unitLabel": "minute"}
        return JSONResponse(
            [
                {"name": name, "prettyName": name.upper(), "accelerator": gpu, "unitCostMicroUSD": micro, **common}
                | {"unitCostUSD": micro / 1e6}
                for name, (gpu, micro) in MACHINES.items()
            ]
        )

    async def start(self, request):
        spec, (name, role) = await request.json(), self.user(request)
        if role != "write" or name != request.path_params["owner"]:
            return JSONResponse({"error": "You don't have the right to run jobs here"}, 403)
        if not self.credits:
            return JSONResponse({"error": "Pre-paid credit balance is insufficient"}, 402)
        if spec["flavor"] not in MACHINES:
            return JSONResponse({"error": "Invalid flavor"}, 400)
        job = Job(len(self.all), name, spec)
        self.all[job.id] = job
        if self.machine:
            threading.Thread(target=self.machine, args=(job,), daemon=True).start()
        return JSONResponse(job.values())

    def listed(self, request):
        """A job is not listed at once: `unlisted` times it is not there yet."""
        labels = dict(each.split("=", 1) for each in request.query_params.getlist("label"))
        mine = [job for job in self.all.values() if job.owner == self.user(request)[0]]
        found = [job for job in mine if labels.items() <= (job.spec.get("labels") or {}).items()]
        if self.unlisted and found:
            self.unlisted, found = self.unlisted - 1, []
        return JSONResponse([job.values() for job in found])

    def inspect(self, request):
        job = self.of(request)
        return JSONResponse(job.values()) if job else JSONResponse({"error": "Job not found"}, 404)

    def cancel(self, request):
        job = self.of(request)
        if job.stage not in ENDED:
            job.stage = "CANCELED"
            job.cancel()
        return JSONResponse(job.values())

    def logs(self, request):
        job = self.of(request)

        async def events():
            yield event("===== Job started at 2026-01-01 00:00:00 =====")
            told = 0
            while told < len(job.lines) or job.stage not in ENDED:
                for line in job.lines[told:]:
                    told += 1
                    yield event(line)
                await asyncio.sleep(0.02)

        return StreamingResponse(events(), media_type="text/event-stream")

    def of(self, request):
        job = self.all.get(request.path_params["id"])
        return job if job and job.owner == self.user(request)[0] else None


def event(line):
    return f"data: {json.dumps({'data': line, 'timestamp': '2026-01-01T00:00:00.000Z'})}\n\n"


class Machine:
    """Runs a job's own command as a process, in a folder instead of its image; what pip is to install is there."""

    def __init__(self, hub, folder: Path, place: str):
        self.hub, self.folder, self.place = hub, folder, place
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "pip").write_text("#!/bin/sh\necho pip $*\n")
        (folder / "bin" / "pip").chmod(0o755)

    def __call__(self, job):
        programs = f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        hub = {"HF_ENDPOINT": self.hub.endpoint, "HF_HOME": str(self.folder / "hf"), "HF_HUB_DISABLE_XET": "1"}
        env = {"PATH": programs, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **hub}
        command = [part.replace(self.place, str(self.folder / "place")) for part in job.spec["command"]]
        process = subprocess.Popen(
            command,
            env=env | job.spec["environment"] | job.spec["secrets"],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        job.stage, job.cancel = "RUNNING", lambda: os.killpg(process.pid, signal.SIGTERM)
        with process.stdout as lines:
            job.lines.extend(line.rstrip("\n") for line in iter(lines.readline, ""))
        code = process.wait()
        if job.stage == "RUNNING":
            job.stage, job.message = ("ERROR", f"exit code {code}") if code else ("COMPLETED", None)
