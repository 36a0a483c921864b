"""A clerk's desktop that does what a script says: Xvfb, openbox, and Chromium with page.html, all on loopback."""

import http.server
import json
import os
import queue
import re
import threading
import urllib.parse

from measure import Child

HERE = os.path.dirname(os.path.abspath(__file__))
PHOTOS = "/usr/share/doc/opencv-doc/examples/data/"
FILES = {"/": ("page.html", "text/html; charset=utf-8"), "/page.mjs": ("page.mjs", "text/javascript; charset=utf-8")}


class Desktop:
    """Runs while it is used with `with`. `show` returns when Chromium has painted the step."""

    def __init__(self, folder, size=(1920, 1080)):
        self.folder, self.size = folder, size
        self.steps, self.painted = queue.Queue(), queue.Queue()
        self.children = []

    def __enter__(self):
        desktop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                desktop.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        width, height = self.size
        # Its first line is the display's number.
        x = Child("xvfb", ["sh", "-c", f'exec Xvfb -displayfd 1 -screen 0 {width}x{height}x24 -nolisten tcp -noreset 2>/dev/null'], self.folder)
        self.children.append(x)
        self.display = ":" + x.wait_for(lambda text: re.search(r"^(\d+)$", text, re.M), 30).group(1)
        environment = {"DISPLAY": self.display, "TZ": "Asia/Shanghai", "HOME": self.folder}
        self.children.append(Child("openbox", ["openbox", "--sm-disable"], self.folder, environment))
        self.children.append(Child("chromium", [
            "chromium", "--kiosk", "--no-sandbox", "--test-type", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--disable-default-apps", "--disable-features=Translate,MediaRouter,OptimizationHints",
            "--password-store=basic", "--lang=zh-CN", "--force-device-scale-factor=1", "--window-position=0,0",
            f"--window-size={width},{height}", f"--user-data-dir={self.folder}/profile",
            f"--app=http://127.0.0.1:{self.server.server_port}/"], self.folder, environment))
        self.painted.get(timeout=60)  # the page asks for its first step

    def __exit__(self, *_):
        self.steps.put(None)
        self.server.shutdown()
        for child in reversed(self.children):
            child.stop(5)

    def show(self, **step):
        self.steps.put(step)
        self.painted.get(timeout=30)

    def answer(self, request):
        url = urllib.parse.urlparse(request.path)
        if url.path == "/next":
            self.painted.put(url.query)
            step = self.steps.get()
            return self.send(request, 200 if step is not None else 410, "application/json", json.dumps(step).encode())
        if url.path in FILES:
            name, kind = FILES[url.path]
            return self.send(request, 200, kind, self.read(os.path.join(HERE, name)))
        if re.fullmatch(r"/photos/[\w.]+\.jpg", url.path):
            return self.send(request, 200, "image/jpeg", self.read(PHOTOS + url.path.removeprefix("/photos/")))
        return self.send(request, 404, "text/plain", b"")

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    @staticmethod
    def send(request, status, kind, body):
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


class Looks:
    """screen_looks at a desktop: what the agent would have said. Runs while it is used with `with`."""

    def __init__(self, program, desktop, out, start_us, near=False):
        import subprocess
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program, "--display", desktop.display, "--out", out,
                                         "--start-us", str(start_us)] + (["--near"] if near else []),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("screen_looks has ended")
        return json.loads(line)

    def ask(self, *command):
        self.process.stdin.write(" ".join(map(str, command)) + "\n")
        return self.answer()
