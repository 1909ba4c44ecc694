#!/usr/bin/env bash
# kubectl 1.20.2 (1.32.4, too): `kubectl logs --since-time` takes nanoseconds and asks the cluster for the whole second: what was shown of it comes again.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -q kubernetes-client=1.20.5+really1.20.2-1.1+deb12u1 > log.txt 2>&1
dpkg -x ./*.deb apart
cat > server.py <<'PY'
import http.server
import json


POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "ml"},
       "spec": {"containers": [{"name": "c"}]}}
PODS = {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get"]}
ANSWERS = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [PODS]},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked.txt", "a") as asked:
            asked.write(self.path + "\n")
        log = "/log" in self.path
        answer = ANSWERS.get(self.path.partition("?")[0], POD)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if log else "application/json")
        self.end_headers()
        self.wfile.write(b"loss 1\n" if log else json.dumps(answer).encode())

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open("port.txt", "w").write(str(server.server_port))
server.serve_forever()
PY
python3 server.py &
server=$!
while [ ! -s port.txt ]; do sleep 0.1; done
kubectl=apart/usr/bin/kubectl
HOME=$dir "$kubectl" version --client --short
HOME=$dir "$kubectl" --server "http://127.0.0.1:$(cat port.txt)" -n ml logs p \
  --since-time=2026-11-29T10:00:00.987654321Z
grep -o 'sinceTime=.*' asked.txt
grep -q 'sinceTime=2026-11-29T10%3A00%3A00Z' asked.txt
