"""Where a modem is plugged in: a pty behind a symlink, TCP, unix sockets.

Every endpoint has the same three calls: write(bytes), close() and the
on_data callback. A pty's slave stays open here, so that the master never
reports a hang-up; inotify tells when a peer closes the port, and then what
a real port forgets on its last close is forgotten too (unread bytes, the
exclusive flag that a killed process leaves behind, line settings).
"""

import asyncio
import ctypes
import fcntl
import os
import socket
import termios
import tty

MAX_UNREAD = 65536
IN_CLOSE = 0x08 | 0x10
TIOCNXCL = getattr(termios, "TIOCNXCL", 0x540D)

_libc = ctypes.CDLL(None, use_errno=True)


def _set_cloexec_raw(fd):
    os.set_blocking(fd, False)
    os.set_inheritable(fd, False)


class PtyEndpoint:
    """A pseudo terminal; `link` is a symlink to its slave."""

    kind = "pty"

    def __init__(self, loop, link, on_data):
        self.loop, self.link, self.on_data = loop, link, on_data
        self.unread = bytearray()
        self.writing = False
        self.dropped = 0
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        _set_cloexec_raw(self.master)
        self.name = os.ttyname(self.slave)
        self.watch = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.watch >= 0:
            _libc.inotify_add_watch(self.watch, self.name.encode(), IN_CLOSE)
            loop.add_reader(self.watch, self._closed_by_peer)
        loop.add_reader(self.master, self._readable)
        self._point_link()

    def _point_link(self):
        if self.link:
            temporary = f"{self.link}.{os.getpid()}.new"
            os.symlink(self.name, temporary)
            os.replace(temporary, self.link)

    def _closed_by_peer(self):
        try:
            os.read(self.watch, 4096)
        except BlockingIOError:
            return
        self.unread.clear()
        fcntl.ioctl(self.slave, TIOCNXCL)
        termios.tcflush(self.slave, termios.TCIFLUSH)
        tty.setraw(self.slave, termios.TCSANOW)

    def _readable(self):
        if self.watch >= 0:
            self._closed_by_peer()
        try:
            data = os.read(self.master, 65536)
        except (BlockingIOError, OSError):
            return
        if data:
            self.on_data(data)

    def write(self, data):
        if self.unread:
            self._keep(data)
            return
        try:
            done = os.write(self.master, data)
        except BlockingIOError:
            done = 0
        if done < len(data):
            self._keep(data[done:])

    def _keep(self, data):
        if len(self.unread) + len(data) > MAX_UNREAD:
            self.dropped += len(data)
            return
        self.unread += data
        if not self.writing:
            self.writing = True
            self.loop.add_writer(self.master, self._writable)

    def _writable(self):
        if self.unread:
            try:
                done = os.write(self.master, bytes(self.unread))
            except BlockingIOError:
                return
            del self.unread[:done]
        if not self.unread:
            self.loop.remove_writer(self.master)
            self.writing = False

    def close(self):
        self.loop.remove_reader(self.master)
        self.loop.remove_writer(self.master)
        if self.watch >= 0:
            self.loop.remove_reader(self.watch)
            os.close(self.watch)
        os.close(self.master)
        os.close(self.slave)
        if self.link and os.path.islink(self.link) \
                and os.readlink(self.link) == self.name:
            os.unlink(self.link)

    def where(self):
        return {"pty": self.name, "link": self.link}


class SocketEndpoint:
    """A listening socket; the newest connection is the serial line."""

    kind = "socket"

    def __init__(self, loop, sock, on_data):
        self.loop, self.on_data = loop, on_data
        self.sock = sock
        self.peer = None
        self.accepting = set()
        sock.setblocking(False)
        sock.listen(4)
        loop.add_reader(sock, self._accept)

    def _accept(self):
        try:
            peer, _ = self.sock.accept()
        except BlockingIOError:
            return
        if self.peer:
            self.peer.abort()
        task = asyncio.ensure_future(self.loop.connect_accepted_socket(
            lambda: _Peer(self), peer))
        self.accepting.add(task)
        task.add_done_callback(self.accepting.discard)

    def write(self, data):
        if self.peer:
            self.peer.write(data)

    def close(self):
        self.loop.remove_reader(self.sock)
        if self.peer:
            self.peer.abort()
        if self.sock.family == socket.AF_UNIX:
            name = self.sock.getsockname()
            if isinstance(name, str) and name and os.path.exists(name):
                os.unlink(name)
        self.sock.close()

    def where(self):
        name = self.sock.getsockname()
        if self.sock.family == socket.AF_INET:
            return {"tcp": name[1]}
        if isinstance(name, bytes):
            return {"abstract": name[1:].decode()}
        return {"unix": name}


class _Peer(asyncio.Protocol):
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        self.endpoint.peer = transport

    def data_received(self, data):
        if self.endpoint.peer is self.transport:
            self.endpoint.on_data(data)

    def connection_lost(self, exc):
        if self.endpoint.peer is self.transport:
            self.endpoint.peer = None


def listen_tcp(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock


def listen_unix(path):
    """`path`, or an abstract name after a NUL."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if not path.startswith("\0") and os.path.exists(path):
        os.unlink(path)
    sock.bind(path)
    return sock


def open_all(loop, where, on_data):
    """Opens the endpoints that a dict of link/tcp/unix/abstract names."""
    out = []
    if where.get("tcp") is not None:
        out.append(SocketEndpoint(loop, listen_tcp(int(where["tcp"])),
                                  on_data))
    if where.get("unix"):
        out.append(SocketEndpoint(loop, listen_unix(where["unix"]), on_data))
    if where.get("abstract"):
        sock = listen_unix("\0" + where["abstract"])
        out.append(SocketEndpoint(loop, sock, on_data))
    if where.get("link") or not out:
        out.append(PtyEndpoint(loop, where.get("link"), on_data))
    return out
