"""The radio side of a modem: submitting and receiving short messages."""

from sim import pdu
from sim.at import SILENT, AtError, Wait, cms
from sim.store import UNREAD, Full


CLEAN = 0.05    # s after an answer in which it may not have been read
LATE = 0.5      # s that an answer may lie in a slow line


class Submission:
    """One +CMGS or +CMSS from its PDU to its answer.

    The network takes the text at `accept_at` of the answer time, so that
    trouble between can strike before or after; nothing of it depends on
    who holds the serial port.
    """

    def __init__(self, modem, tpdu, name):
        self.modem, self.tpdu, self.name = modem, tpdu, name
        self.started = modem.loop.time()
        self.mr, self.refused = None, None
        self.number = None      # at the SMSC, once it was accepted

    told = False        # that its outcome is not clear

    def start(self):
        modem = self.modem
        try:
            self.sub = pdu.decode_submit(self.tpdu)
        except pdu.PduError as error:
            modem.emit("bad-pdu", modem=modem.name, reason=str(error),
                       tpdu=self.tpdu.hex())
            raise cms(304) from error
        if not modem.registered():
            raise cms(331)
        self.action = modem.faults.next_submit()
        took = modem.rng.uniform(*modem.answer) / 1000
        if modem.family.swallows_text():
            self.action = {"ok": True, "accept": False}
            modem.emit("swallowed", modem=modem.name, to=self.sub.to)
        if took <= 0 and not self.action:
            self._accept()
            modem.loop.call_soon(self._judge)
            return self._finish()
        modem.submission = self
        modem.later(took * modem.accept_at, self._accept_by_action)
        modem.later(took, self._resume)
        return Wait()

    def _accept(self):
        modem = self.modem
        self.mr = modem.take_mr(self.sub)
        self.refused = modem.smsc.submit(modem, self.sub, self.mr,
                                         self.tpdu)
        if self.refused is None:
            modem.counts["accepted"] += 1
            self.number = modem.smsc.count

    def _accept_by_action(self):
        action, modem = self.action, self.modem
        refused = "cms" in action or "cme" in action
        if action.get("accept", not refused):
            self._accept()
        if "hang" in action:
            modem.hang(action["hang"])
        if "brown" in action:
            modem.brown_out()
        elif "reboot" in action:
            modem.reboot()
        if "unplug" in action:
            modem.unplug(action.get("keep_power", False))
            if action.get("replug") is not None:
                modem.replug_later(action["replug"], action)

    def _resume(self):
        try:
            result = self._finish()
        except AtError as error:
            result = error
        self.modem.submission = None
        self.modem.port.resume(result)
        self._judge()

    # ---- what the other end can know ------------------------------------

    def _judge(self):
        """The answer is on its way: was it whole?"""
        modem = self.modem
        if modem.spoilt_at >= self.started:
            self.unclear("spoilt answer")
        elif self.action.get("silent") or self.action.get("ok"):
            self.unclear("no answer")
        modem.answered_last = (modem.loop.time(), self)

    def unclear(self, why):
        if not self.told:
            self.told = True
            self._tell("unclear", why=why, id=self.number,
                       accepted=self.number is not None)

    def _tell(self, event, **fields):
        ud = self.sub.ud
        self.modem.emit(
            event, modem=self.modem.name, text=pdu.join_text([ud]),
            concat=vars(ud.concat) if ud.concat else None, **fields)

    def _refuse(self, error):
        self._tell("refused", code=f"{error.family} {error.code}")
        return error

    def _finish(self):
        action = self.action
        self.modem.answered += 1
        self.modem.answer_sum += self.modem.loop.time() - self.started
        if action.get("silent"):
            return SILENT
        if "cms" in action:
            raise self._refuse(cms(action["cms"]))
        if "cme" in action:
            code = action["cme"]
            raise self._refuse(AtError() if code < 0
                               else AtError("CME", code))
        if self.refused is not None:
            raise self._refuse(cms(self.refused))
        if action.get("ok"):
            return []
        answer = f"{self.name}: {self.mr}"
        if action.get("half"):
            self.modem.write_line(answer)
            return SILENT
        return [answer]


class Receiver:
    """Takes what the network delivers, as +CNMI and +CSMS say."""

    def __init__(self, modem):
        self.modem = modem
        self.unacked = None     # (item, done) that waits for +CNMA
        self.timer = None
        self.was_full = False

    def take(self, item, done):
        if item.kind == "report":
            self._take_report(item, done)
        else:
            self._take_text(item, done)

    def _pdu(self, item):
        tpdu = item.tpdu
        if item.kind == "report":
            tpdu = self.modem.family.report_tpdu(tpdu)
        return pdu.encode_sca(self.modem.smsc.number) + tpdu

    def _take_text(self, item, done):
        modem = self.modem
        mt, kind = modem.cnmi[1], pdu.class_of(item.dcs)
        if (mt == 2 and kind != 2) or (mt == 3 and kind == 3):
            self._route("+CMT: ,", item, done)
            return
        memory = modem.memory("SM" if kind == 2 else
                              modem.profile["text_memory"] or modem.mem3)
        index = self._store(memory, item, done)
        if index is None:
            return
        modem.counts["received"] += 1
        if mt:
            modem.urc(modem.family.stored_line(memory.name, index), sms=True)
        modem.emit("stored", modem=modem.name, memory=memory.name,
                   index=index, **item.info)
        done(item, "ack")

    def _store(self, memory, item, done):
        try:
            full = self._pdu(item)
            return memory.add(UNREAD, full, len(pdu.strip_sca(full)))
        except Full:
            self.was_full = True
            urc = self.modem.profile["full_urc"]
            if urc and item.tries == 1:
                self.modem.urc(urc.format(memory=memory.name))
            done(item, "full")
            return None

    def _take_report(self, item, done):
        modem = self.modem
        ds = modem.cnmi[3]
        if ds == 1:
            self._route(None, item, done)
            return
        if ds == 0:
            modem.emit("report-dropped", modem=modem.name, **item.info)
            done(item, "ack")
            return
        memory = modem.memory(modem.profile["report_memory"])
        index = self._store(memory, item, done)
        if index is None:
            return
        modem.counts["reports"] += 1
        modem.urc(modem.family.report_stored_line(memory.name, index),
                  sms=True)
        done(item, "ack")

    def _route(self, head, item, done):
        modem = self.modem
        if modem.csms == 1:
            self.unacked = (item, done)
            self.timer = modem.loop.call_later(modem.cnma_timeout,
                                               self._missed)
        what = "reports" if item.kind == "report" else "received"
        modem.counts[what] += 1
        full = self._pdu(item)
        size = len(pdu.strip_sca(full))
        head = f"{head}{size}" if head else modem.family.report_line(size)
        modem.urc(f"{head}\r\n{full.hex().upper()}", sms=True)
        modem.emit("routed", modem=modem.name, kind=item.kind, **item.info)
        if modem.csms == 0:
            done(item, "ack")

    # ---- acknowledgements -----------------------------------------------

    def acknowledge(self, good=True):
        """+CNMA; CMS 340 when nothing waits for it."""
        if not self.unacked:
            raise cms(340)
        item, done = self._take_unacked()
        self.modem.emit("cnma", modem=self.modem.name, good=good,
                        **item.info)
        done(item, "ack" if good else "refused")

    def _take_unacked(self):
        self.timer.cancel()
        unacked, self.unacked = self.unacked, None
        return unacked

    def _missed(self):
        """27.005 3.4.4: RP-ERROR, and routing is switched off."""
        item, done = self._take_unacked()
        self.modem.cnmi[1] = self.modem.cnmi[3] = 0
        self.modem.emit("cnma-missed", modem=self.modem.name, **item.info)
        done(item, "unacknowledged")

    def abort(self):
        """The modem went off."""
        if self.unacked:
            self._take_unacked()
        self.modem.smsc.queues[self.modem].abort()

    def network_changed(self):
        self.modem.smsc.queues[self.modem].kick()

    def room_made(self):
        """RP-SMMA: the network may try again."""
        if self.was_full:
            self.was_full = False
            self.modem.loop.call_soon(
                self.modem.smsc.queues[self.modem].kick)
