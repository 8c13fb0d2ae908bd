"""A fake HTTP provider that can lie: it writes down every request, answers by
a script, and posts webhooks, signed or not.

Each answer of the script is a dict:
  status, body (text or JSON value), headers   what is answered
  lose      the connection is cut after the request was read
  half      only half of the body is sent, then the connection is cut
  drip      seconds between the bytes of the body
  delay     seconds before the answer
The last one is used for all further requests.
"""

import asyncio
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from aiohttp import web


class Provider:
    """`certificate`: a file with key and certificate, for https."""

    def __init__(self, certificate=None):
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.requests, self.script = [], [{}]
        self.lock = threading.Lock()
        self.ids = 0
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(
            target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(20)

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._start())
        ready.set()
        self.loop.run_forever()

    async def _start(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await self._listen(0)

    async def _listen(self, port):
        self.site = web.TCPSite(self.runner, "127.0.0.1", port,
                                ssl_context=self.tls)
        await self.site.start()
        self.port = self.site._server.sockets[0].getsockname()[1]

    @property
    def base(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def down(self):
        """Nobody listens any more."""
        async def stop():
            await self.site.stop()
        asyncio.run_coroutine_threadsafe(stop(), self.loop).result(20)

    def up(self):
        asyncio.run_coroutine_threadsafe(
            self._listen(self.port), self.loop).result(20)

    def close(self):
        asyncio.run_coroutine_threadsafe(
            self.runner.cleanup(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)

    # ---- requests to it -------------------------------------------------

    async def _serve(self, request):
        if request.method == "HEAD":
            return web.Response(status=404)
        body = await request.read()
        with self.lock:
            self.requests.append({
                "method": request.method, "path": request.path,
                "query": dict(request.query), "body": body.decode(),
                "headers": dict(request.headers), "at": time.monotonic()})
            self.ids += 1
            number = self.ids
            answer = self.script[0]
            if len(self.script) > 1:
                self.script.pop(0)
        await asyncio.sleep(answer.get("delay", 0))
        if answer.get("lose"):
            request.transport.abort()
            return web.Response()
        text = answer.get("body", {"sid": f"SM{number}"})
        if not isinstance(text, str):
            text = json.dumps(text).replace("%N", str(number))
        return await self._answer(request, answer, text.encode())

    @staticmethod
    async def _answer(request, answer, data):
        response = web.StreamResponse(
            status=answer.get("status", 201),
            headers={"Content-Type": "application/json",
                     "Content-Length": str(len(data)),
                     **answer.get("headers", {})})
        await response.prepare(request)
        if answer.get("half"):
            await response.write(data[:len(data) // 2])
            await asyncio.sleep(0.05)
            request.transport.abort()
            return response
        if answer.get("drip"):
            for byte in data:
                await response.write(bytes([byte]))
                await asyncio.sleep(answer["drip"])
        else:
            await response.write(data)
        await response.write_eof()
        return response

    def answers(self, *script):
        with self.lock:
            self.script = list(script)

    def forms(self):
        """The forms that were posted."""
        with self.lock:
            return [dict(urllib.parse.parse_qsl(r["body"], True))
                    for r in self.requests if r["method"] == "POST"]

    def jsons(self):
        with self.lock:
            return [json.loads(r["body"]) for r in self.requests
                    if r["method"] == "POST"]


def call(url, data=None, headers=None, method=None, timeout=20):
    """A webhook: the status and the body of its answer. `data` is a dict (a
    form), bytes, or None for a GET."""
    if isinstance(data, dict):
        data = urllib.parse.urlencode(data).encode()
    request = urllib.request.Request(
        url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
