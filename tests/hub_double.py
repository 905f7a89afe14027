"""The part of the Hub that downloads and uploads need, over real HTTP."""

import base64
import hashlib
import json
import re
import threading
import time

import uvicorn
import yaml
from jobs_double import Jobs
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SHA = "0123456789abcdef" * 2 + "01234567"
LARGE = 100_000  # bytes from which a file is stored by its hash; so are weights, films and the like
STORED = (".safetensors", ".pt", ".onnx", ".mp4", ".jpg", ".png", ".wasm")
TOKENS = {"hf_writes": ("me", "write"), "hf_reads": ("me", "read"), "hf_theirs": ("them", "write")}
LICENCES = "mit apache-2.0 cc0-1.0 cc-by-4.0 cc-by-sa-4.0 cc-by-nc-4.0 openrail other unknown"
METHODS = ["GET", "HEAD", "POST", "PUT"]


class Hub:
    """Serves `repos`, {"owner/name": {file: bytes}}, at `endpoint`, as data sets and as models; Spaces as spaces/….

    me/broken answers with an error, me/gated wants its terms to be accepted; `asked` are the files that were fetched.
    Whoever has one of TOKENS may create repos under that name, and under those of `orgs`, and commit to them; `stored`
    are large files by their hash and `sent` the hashes in the order they came. `ill` decides what goes wrong:
    {(method, part of the path): what}, where what is a status, "cut" for a connection that breaks, "lost" for one
    that breaks once the request has been done, "slow" for no answer, or a list of such, one for each request, None for
    a good one.
    """

    def __init__(self, repos: dict[str, dict[str, bytes]] | None = None):
        self.repos, self.asked = repos if repos is not None else {}, []
        self.private, self.heads, self.sdks = set(), {}, {}
        self.stored, self.sent, self.requests, self.ill = {}, [], [], {}
        self.orgs, self.paid = {"club"}, True
        kinds = {"datasets": "/datasets", "models": "", "spaces": "/spaces"}
        routes = [Route("/api/whoami-v2", self.whoami), Route("/api/repos/create", self.create, methods=METHODS)]
        routes += [Route("/api/validate-yaml", self.validate, methods=METHODS)]
        routes += [Route("/lfs/{oid}", self.store, methods=METHODS)]
        for kind, at in kinds.items():
            repo = f"/api/{kind}/{{repo:path}}"
            for last, answer in {"preupload": self.preupload, "commit": self.commit}.items():
                routes += [Route(f"{repo}/{last}/{{rev}}", answer, methods=METHODS)]
            routes += [Route(f"{repo}/super-squash/{{rev}}", self.squash, methods=METHODS)]
            routes += [Route(f"{repo}/tree/{{rev}}", self.tree), Route(f"{repo}/revision/{{rev}}", self.info)]
            routes += [Route(repo, self.info)]
            routes += [Route(f"{at}/{{owner}}/{{name}}/resolve/{{rev}}/{{path:path}}", self.file)]
            batch = f"{at}/{{owner}}/{{name}}.git/info/lfs/objects/batch"
            routes += [Route(batch, self.batch, methods=METHODS)]
        self.jobs = Jobs(self.user)
        self.app = Starlette(routes=[*routes, *self.jobs.routes])
        config = uvicorn.Config(
            self.answer, interface="asgi3", host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=5
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 300
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.endpoint = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def close(self):
        self.server.should_exit = True
        self.thread.join()

    async def answer(self, scope, receive, send):
        """Every request first meets what is ill."""
        ill = self.illness(scope) if scope["type"] == "http" else None
        if ill is None:
            await self.app(scope, receive, send)
        elif ill == "slow":
            while (await receive())["type"] != "http.disconnect":
                pass
        elif ill in ("cut", "lost"):
            if ill == "lost":
                await self.app(scope, receive, unheard)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
            raise ConnectionResetError  # the server hangs up in the middle of its answer
        else:
            await JSONResponse({"error": "ill"}, ill)(scope, receive, send)

    def illness(self, scope):
        self.requests.append((scope["method"], scope["path"]))
        for (method, part), what in self.ill.items():
            if scope["method"] == method and part in scope["path"]:
                return (what.pop(0) if what else None) if isinstance(what, list) else what
        return None

    def whoami(self, request):
        name, role = self.user(request)
        if not name:
            return JSONResponse({"error": "Invalid username or password."}, 401)
        orgs = [{"name": org} for org in sorted(self.orgs)]
        auth = {"type": "access_token", "accessToken": {"displayName": "t", "role": role}}
        return JSONResponse({"type": "user", "name": name, "orgs": orgs, "auth": auth})

    async def create(self, request):
        (name, role), wish = self.user(request), await request.json()
        owner, kind = wish.get("organization") or name, wish.get("type", "model")
        key = f"spaces/{owner}/{wish['name']}" if kind == "space" else f"{owner}/{wish['name']}"
        answer = {"url": f"{self.endpoint}/{key}", "name": key}
        if not name:
            return JSONResponse({"error": "Invalid username or password."}, 401)
        if role != "write" or owner not in {name, *self.orgs}:
            return JSONResponse({"error": f"You don't have the rights to create under {owner}"}, 403)
        if kind == "space" and wish["sdk"] == "gradio" and not self.paid:
            return JSONResponse({"error": "Gradio Spaces need a subscription"}, 402)
        if key in self.repos:
            return JSONResponse(answer | {"error": "You already created this repo"}, 409)
        self.repos[key] = {".gitattributes": b"*.pt filter=lfs\n"}
        self.sdks[key] = wish.get("sdk")
        if wish.get("visibility") == "private" or wish.get("private"):
            self.private.add(key)
        return JSONResponse(answer)

    async def validate(self, request):
        wish = await request.json()
        _, front, _ = wish["content"].split("---\n", 2)
        values, errors = yaml.safe_load(front), []
        if wish["repoType"] == "space":
            colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
            errors += ["sdk"] * (values.get("sdk") not in ("gradio", "static", "docker"))
            errors += ["colours"] * (not {values["colorFrom"], values["colorTo"]} <= colours)
            errors += ["short_description"] * (len(values.get("short_description", "")) > 60)
        elif "license" in values:
            errors += ["license"] * (values["license"] not in LICENCES.split())
            errors += ["license_name"] * (not re.fullmatch(r"[a-z0-9.+-]+", values.get("license_name", "x")))
        return JSONResponse({"errors": [{"message": each} for each in errors], "warnings": []}, 400 if errors else 200)

    async def preupload(self, request):
        if refusal := self.refusal(request):
            return refusal
        files, there = (await request.json())["files"], self.repos[self.key(request)]
        return JSONResponse({"files": [self.mode(each, there.get(each["path"])) for each in files]})

    def mode(self, file, there):
        large = file["size"] >= LARGE or file["path"].endswith(STORED)
        oid = None if there is None else hashlib.sha256(there).hexdigest() if large else git_hash(there)
        mode = "lfs" if large else "regular"
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}

    async def batch(self, request):
        objects = []
        for each in (await request.json())["objects"]:
            upload = {"upload": {"href": f"{self.endpoint}/lfs/{each['oid']}"}}
            objects.append({"oid": each["oid"], "size": each["size"]})
            if each["oid"] not in self.stored:
                objects[-1]["actions"] = upload
        return JSONResponse({"transfer": "basic", "objects": objects})

    async def store(self, request):
        data, oid = await request.body(), request.path_params["oid"]
        if hashlib.sha256(data).hexdigest() != oid:
            return Response(status_code=400)
        self.stored[oid] = data
        self.sent.append(oid)
        return Response()

    async def commit(self, request):
        if refusal := self.refusal(request):
            return refusal
        lines = [json.loads(line) for line in (await request.body()).splitlines()]
        key, header = self.key(request), lines[0]["value"]
        if header.get("parentCommit") not in (None, self.head(key)):
            return JSONResponse({"error": "A commit has happened since. Please refresh and try again."}, 412)
        files = dict(self.repos[key])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.stored[value["oid"]]
            else:
                del files[value["path"]]
        self.repos[key] = files
        self.heads[key] = hashlib.sha1(repr([self.head(key), lines]).encode()).hexdigest()
        url = f"{self.endpoint}/{key}/commit/{self.heads[key]}"
        return JSONResponse({"commitUrl": url, "commitOid": self.heads[key], "success": True})

    def squash(self, request):
        return self.refusal(request) or JSONResponse({})

    def info(self, request):
        key = self.key(request)
        if key == "me/broken":
            return JSONResponse({}, 418)
        if not self.may_see(request, key):
            return JSONResponse({}, 404, {"X-Error-Code": "RepoNotFound"})
        if request.path_params.get("rev", "main") not in ("main", self.head(key)):
            return JSONResponse({}, 404, {"X-Error-Code": "RevisionNotFound"})
        about = {"id": key.removeprefix("spaces/"), "sha": self.head(key), "private": key in self.private}
        return JSONResponse(about | {"siblings": [{"rfilename": name} for name in self.repos[key]]})

    def tree(self, request):
        files = self.repos[self.key(request)]
        entries = [{"type": "file", "path": name, "size": len(data), "oid": "1"} for name, data in files.items()]
        return JSONResponse([{"type": "directory", "path": "train", "oid": "2"}, *entries])

    def file(self, request):
        key, path = self.key(request), request.path_params["path"]
        if key == "me/gated":
            return Response(status_code=403, headers={"X-Error-Code": "GatedRepo"})
        if not self.may_see(request, key) or path not in self.repos[key]:
            code = "EntryNotFound" if self.may_see(request, key) else "RepoNotFound"
            return Response(status_code=404, headers={"X-Error-Code": code})
        data = self.repos[key][path]
        if request.method == "GET":
            self.asked.append(path)
        tag = hashlib.sha1(data).hexdigest()
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": self.head(key), "Content-Length": str(len(data))}
        return Response(data if request.method == "GET" else b"", headers=headers)

    def user(self, request):
        return TOKENS.get(request.headers.get("authorization", "").removeprefix("Bearer "), ("", ""))

    def key(self, request):
        params = request.path_params
        repo = params.get("repo") or f"{params['owner']}/{params['name']}"
        return f"spaces/{repo}" if "/spaces/" in request.url.path else repo

    def head(self, key):
        return self.heads.get(key, SHA)

    def may_see(self, request, key):
        owner = key.removeprefix("spaces/").partition("/")[0]
        return key in self.repos and (key not in self.private or owner in {self.user(request)[0], *self.orgs})

    def refusal(self, request):
        """Why nobody with this token may write there."""
        (name, role), key = self.user(request), self.key(request)
        if not name or not self.may_see(request, key):
            return JSONResponse({}, 404, {"X-Error-Code": "RepoNotFound"})
        owner = key.removeprefix("spaces/").partition("/")[0]
        if role != "write" or owner not in {name, *self.orgs}:
            return JSONResponse({"error": "You don't have the right to write here"}, 403)
        return None


async def unheard(message):
    """Where an answer goes that never arrives."""


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
