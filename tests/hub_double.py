"""The part of the Hub that a download needs, over real HTTP."""

import threading
import time

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SHA = "0123456789abcdef" * 2 + "01234567"


class Hub:
    """Serves `repos`, {"owner/name": {file: bytes}}, at `endpoint`, as data sets and as models.

    me/broken answers with an error, me/gated wants its terms to be accepted; `asked` are the files that were fetched.
    """

    def __init__(self, repos: dict[str, dict[str, bytes]]):
        self.repos, self.asked = repos, []
        kinds = {"datasets": "/datasets", "models": ""}
        routes = [Route(f"/api/{kind}/{{repo:path}}/tree/{{rev}}", self.tree) for kind in kinds]
        routes += [Route(f"/api/{kind}/{{repo:path}}/revision/{{rev}}", self.info) for kind in kinds]
        routes += [Route(f"/api/{kind}/{{repo:path}}", self.info) for kind in kinds]
        routes += [Route(f"{at}/{{owner}}/{{name}}/resolve/{{rev}}/{{path:path}}", self.file) for at in kinds.values()]
        config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.endpoint = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def close(self):
        self.server.should_exit = True
        self.thread.join()

    def info(self, request):
        repo = request.path_params["repo"]
        if repo == "me/broken":
            return JSONResponse({}, 418)
        if repo not in self.repos:
            return JSONResponse({}, 404, {"X-Error-Code": "RepoNotFound"})
        if request.path_params.get("rev", "main") not in ("main", SHA):
            return JSONResponse({}, 404, {"X-Error-Code": "RevisionNotFound"})
        return JSONResponse({"id": repo, "sha": SHA, "siblings": []})

    def tree(self, request):
        files = self.repos[request.path_params["repo"]]
        entries = [{"type": "file", "path": name, "size": len(data), "oid": "1"} for name, data in files.items()]
        return JSONResponse([{"type": "directory", "path": "train", "oid": "2"}, *entries])

    def file(self, request):
        params = request.path_params
        repo, path = f"{params['owner']}/{params['name']}", params["path"]
        if repo == "me/gated":
            return Response(status_code=403, headers={"X-Error-Code": "GatedRepo"})
        data = self.repos[repo][path]
        if request.method == "GET":
            self.asked.append(path)
        headers = {"ETag": f'"{hash(data):x}"', "X-Repo-Commit": SHA, "Content-Length": str(len(data))}
        return Response(data if request.method == "GET" else b"", headers=headers)
