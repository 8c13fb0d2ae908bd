"""A Bot API of our own that can lie.

It keeps its updates as Telegram does: what lies before an offset is gone, and
everything else is given again to whoever asks. Faults are queued per method
with fault(): each is used up by one call.

  status, body    answered instead (body: text or JSON); nothing is done
  lose            the call is done, but its answer is never sent
  half            the call is done, and only half of the answer is sent
  drip            seconds between the bytes of the answer
  delay           seconds before the answer
"""

import asyncio
import json
import threading
import time

from aiohttp import ClientError, ClientSession, ClientTimeout, web

TOKEN = "4242:the-token-of-a-test-bot"
USER = 5001
GROUP = -7001


class FakeTelegram:
    def __init__(self, token=TOKEN, beside=None):
        """`beside`: another bot of the same Bot API."""
        self.token, self.me = token, int(token.split(":")[0])
        self.updates, self.next_update = [], 100
        self.calls, self.sent, self.faults = [], [], {}
        self.message_ids, self.moved, self.blocked = {}, {}, set()
        self.hook, self.deliveries, self.reactions = None, [], {}
        self.files = {}     # file_id -> (path, bytes)
        self.photos = {}    # chat -> file_id, which is its unique id, too
        self.lock = threading.Condition()
        self.bots = {token: self}
        if beside:
            self.loop, self.port = beside.loop, beside.port
            self.news = asyncio.Event()  # it has no webhook
            beside.bots[token] = self
            return
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(
            target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(20)

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.news = asyncio.Event()
        self.loop.run_until_complete(self._start())
        ready.set()
        self.loop.run_forever()

    async def _start(self):
        app = web.Application()
        app.router.add_route("*", "/{bot}/{method}", self._serve)
        app.router.add_get("/file/{bot}/{path:.*}", self._serve_file)
        self.pusher = asyncio.ensure_future(self._push())
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0,
                           shutdown_timeout=0.1)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    def close(self):
        self.loop.call_soon_threadsafe(self.pusher.cancel)
        asyncio.run_coroutine_threadsafe(
            self.runner.cleanup(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(20)

    @property
    def api(self):
        return f"http://127.0.0.1:{self.port}"

    # ---- what a test does -------------------------------------------------

    def fault(self, method, times=1, **fault):
        with self.lock:
            self.faults.setdefault(method, []).extend([fault] * times)

    def update(self, **body):
        """Something happens on Telegram; returns the update."""
        with self.lock:
            update = {"update_id": self.next_update, **body}
            self.next_update += 1
            self.updates.append(update)
        self.loop.call_soon_threadsafe(self.news.set)
        return update

    def again(self, update, number=None):
        """The same update once more, maybe under another number."""
        with self.lock:
            number = number or update["update_id"]
            self.updates.append({**update, "update_id": number})
            self.next_update = max(self.next_update, number + 1)
        self.loop.call_soon_threadsafe(self.news.set)

    def next_id(self, chat):
        self.message_ids[chat] = self.message_ids.get(chat, 0) + 1
        return self.message_ids[chat]

    def message(self, text=None, chat=USER, user=USER, name="Romeo", **more):
        """A user writes; returns the message."""
        message = {
            "message_id": self.next_id(chat), "date": int(time.time()),
            "from": {"id": user, "is_bot": False, "first_name": name},
            "chat": {"id": chat, "type": "private", "first_name": name}
            if chat > 0 else {"id": chat, "type": "group",
                              "title": "Montague"}, **more}
        if text is not None:
            message["text"] = text
        return message

    def say(self, text=None, **more):
        return self.update(message=self.message(text, **more))

    def wait_sent(self, n=1, timeout=20):
        """Until n messages were taken; returns them."""
        with self.lock:
            self.lock.wait_for(lambda: len(self.sent) >= n, timeout)
            assert len(self.sent) >= n, (self.sent, self.calls[-5:])
            return list(self.sent)

    def wait_calls(self, method, n=1, timeout=20, ended=True):
        """Until n such calls were made, and have ended; returns them."""
        def named():
            return [c for c in self.calls if c["method"] == method
                    and (c["status"] or not ended)]
        with self.lock:
            self.lock.wait_for(lambda: len(named()) >= n, timeout)
            assert len(named()) >= n, f"{method}: {self.calls[-5:]}"
            return named()

    def texts(self):
        return [message.get("text") for message in self.sent]

    # ---- answers ----------------------------------------------------------

    @staticmethod
    def refuse(code, text, **parameters):
        body = {"ok": False, "error_code": code, "description": text}
        if parameters:
            body["parameters"] = parameters
        return code, body

    async def _serve_file(self, request):
        bot = self.bots.get(request.match_info["bot"].removeprefix("bot"))
        for path, data in bot.files.values() if bot else ():
            if request.match_info["path"] == path:
                return web.Response(body=data)
        return web.Response(status=404)

    async def _serve(self, request):
        bot = self.bots.get(request.match_info["bot"].removeprefix("bot"))
        return await (bot or self)._serve_bot(request)

    async def _serve_bot(self, request):
        method = request.match_info["method"]
        params = await request.json() if request.can_read_body else {}
        entry = {"method": method, "params": params, "status": None,
                 "at": time.monotonic()}
        with self.lock:
            self.calls.append(entry)
            self.lock.notify_all()
            known = request.match_info["bot"] == f"bot{self.token}"
            fault = (self.faults.get(method) or [{}])[0]
            if self.faults.get(method):
                self.faults[method].pop(0)
        await asyncio.sleep(fault.get("delay", 0))
        if "status" in fault:
            status, body = fault["status"], fault.get("body", "")
        elif not known:
            status, body = self.refuse(401, "Unauthorized")
        else:
            status, body = await self._call(method, params)
        with self.lock:
            entry["status"] = status
            self.lock.notify_all()
        return await self._answer(request, fault, status, body)

    async def _answer(self, request, fault, status, body):
        text = body if isinstance(body, str) else json.dumps(body)
        data = text.encode()
        if fault.get("lose"):
            request.transport.close()
            return web.Response()
        if not (fault.get("half") or fault.get("drip")):
            return web.Response(status=status, body=data,
                                content_type="application/json")
        response = web.StreamResponse(status=status)
        response.content_length = len(data)
        await response.prepare(request)
        if fault.get("half"):
            await response.write(data[:len(data) // 2])
            request.transport.close()
            return response
        for i in range(len(data)):
            await response.write(data[i:i + 1])
            await asyncio.sleep(fault["drip"])
        return response

    async def _call(self, method, params):
        call = getattr(self, f"_{method}", None)
        if call is None:
            return self.refuse(404, "Not Found")
        answer = call(params)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, tuple):
            return answer
        return 200, {"ok": True, "result": answer}

    # ---- methods ----------------------------------------------------------

    def _getMe(self, _):
        return {"id": self.me, "is_bot": True, "first_name": "Moon",
                "username": "moon_bot"}

    async def _getUpdates(self, params):
        if self.hook:
            return self.refuse(409, "Conflict: can't use getUpdates method "
                               "while webhook is active")
        offset, limit = params.get("offset", 0), params.get("limit", 100)
        deadline = time.monotonic() + params.get("timeout", 0)
        while True:
            self.news.clear()
            with self.lock:
                self.updates = [u for u in self.updates
                                if u["update_id"] >= offset]
                found = self.updates[:limit]
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(self.news.wait(), left)
            except asyncio.TimeoutError:
                pass

    def _setWebhook(self, params):
        self.hook = params
        self.news.set()
        return True

    def _deleteWebhook(self, _):
        self.hook = None
        return True

    async def _push(self):
        """Delivers updates to the webhook, each until it is answered 2xx."""
        async with ClientSession(timeout=ClientTimeout(total=15)) as session:
            while True:
                with self.lock:
                    update = self.updates[0] if self.updates else None
                if not self.hook or not update:
                    self.news.clear()
                    await self.news.wait()
                    continue
                status = await self._post(session, update)
                with self.lock:
                    self.deliveries.append((status, update["update_id"]))
                    if 200 <= status < 300:
                        self.updates.pop(0)
                    self.lock.notify_all()
                if not 200 <= status < 300:
                    await asyncio.sleep(0.1)

    async def _post(self, session, update):
        header = {"X-Telegram-Bot-Api-Secret-Token":
                  self.hook["secret_token"]}
        try:
            async with session.post(self.hook["url"], json=update,
                                    headers=header) as answer:
                return answer.status
        except (ClientError, asyncio.TimeoutError):
            return 0

    def _check_chat(self, chat):
        if chat in self.moved:
            return self.refuse(
                400, "Bad Request: group chat was upgraded to a supergroup "
                "chat", migrate_to_chat_id=self.moved[chat])
        if chat in self.blocked:
            return self.refuse(
                403, "Forbidden: bot was blocked by the user")
        return None

    def _known(self, params):
        """The message of ours that a call is about, or None."""
        return next((m for m in self.sent
                     if m["chat_id"] == params["chat_id"]
                     and m["message_id"] == params["message_id"]), None)

    def _editMessageText(self, params):
        message = self._known(params)
        if message is None:
            return self.refuse(400, "Bad Request: message to edit not found")
        if message["text"] == params["text"]:
            return self.refuse(400, "Bad Request: message is not modified")
        message["text"] = params["text"]
        return {"message_id": message["message_id"], "text": params["text"],
                "chat": {"id": params["chat_id"]}}

    def _deleteMessages(self, params):
        with self.lock:
            self.sent = [m for m in self.sent
                         if m["chat_id"] != params["chat_id"]
                         or m["message_id"] not in params["message_ids"]]
        return True

    def _setMessageReaction(self, params):
        key = params["chat_id"], params["message_id"]
        self.reactions[key] = [r["emoji"] for r in params["reaction"]]
        return True

    def _getChat(self, params):
        chat = {"id": params["chat_id"], "type": "private"}
        photo = self.photos.get(params["chat_id"])
        if photo:
            chat["photo"] = {"small_file_id": photo,
                             "small_file_unique_id": f"u-{photo}"}
        return chat

    def _getFile(self, params):
        if params["file_id"] not in self.files:
            return self.refuse(400, "Bad Request: file is too big")
        return {"file_id": params["file_id"],
                "file_path": self.files[params["file_id"]][0]}

    def _send_file(self, params):
        refused = self._check_chat(params["chat_id"])
        if refused:
            return refused
        with self.lock:
            message = {**params, "message_id":
                       self.next_id(params["chat_id"])}
            self.sent.append(message)
        return {"message_id": message["message_id"],
                "chat": {"id": params["chat_id"], "type": "private"}}

    _sendPhoto = _sendVideo = _sendAudio = _sendVoice = _send_file
    _sendAnimation = _sendDocument = _send_file

    def _sendChatAction(self, _):
        return True

    def _sendMessage(self, params):
        refused = self._check_chat(params["chat_id"])
        if refused:
            return refused
        units = len(params["text"].encode("utf-16-le")) // 2
        if units > 4096:
            return self.refuse(400, "Bad Request: message is too long")
        for entity in params.get("entities", []):
            if entity["offset"] + entity["length"] > units:
                return self.refuse(400, "Bad Request: entity is outside")
        with self.lock:
            message = {**params, "message_id":
                       self.next_id(params["chat_id"])}
            self.sent.append(message)
        return {"message_id": message["message_id"],
                "date": int(time.time()), "text": params["text"],
                "chat": {"id": params["chat_id"], "type": "private"}}
