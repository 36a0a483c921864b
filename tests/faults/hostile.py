"""RTSP servers that mean harm, all on one port of loopback: the URL's path names the behaviour. Says `{"listening": PORT}`
on standard output, then one JSON line per connection that the other side ended, with how long it lasted."""

import asyncio
import ctypes
import json
import os
import random
import signal
import socket
import time

SDP = (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
       b"a=control:t0\r\n")
NOISE = random.Random(7).randbytes(65_536)
OK = "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n"


class Line:
    """One connection and the request it is at."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.cseq = reader, writer, "1"

    async def send(self, data):
        self.writer.write(data.replace("{cseq}", self.cseq).encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def reply(self, body=b"", headers="", status="200 OK"):
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        await self.send(f"RTSP/1.0 {status}\r\nCSeq: {self.cseq}\r\n{headers}{length}\r\n".encode() + body)

    async def for_ever(self, data, pause=0.0):
        while True:
            await self.send(data)
            await asyncio.sleep(pause)


def silent():
    return lambda line: line.reader.read(-1)  # never answers; ends with the connection


def flood(head, body):
    async def act(line):
        await line.send(head)
        await line.for_ever(body)
    return act


def drip(head, drop, pause=0.5):
    async def act(line):
        await line.send(head)
        await line.for_ever(drop, pause)
    return act


def answer(status="200 OK", headers="", body=b""):
    return lambda line: line.reply(body, headers, status)


def play(media, pause=0.0):
    async def act(line):
        await line.reply(headers="Session: 1\r\n")
        await line.for_ever(media, pause)
    return act


def frame(channel, payload):
    return b"$" + bytes([channel]) + len(payload).to_bytes(2, "big") + payload


def rtp(number, payload, stamp=1):
    return b"\x80\x60" + number.to_bytes(2, "big") + stamp.to_bytes(4, "big") + b"\0\0\0\7" + payload


def tracks(count):
    return b"".join(b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t%d\r\n" % i for i in range(count))


def moved(to):
    return answer("302 Moved", f"Location: {to}\r\n")


ENDLESS_FU = b"".join(frame(0, rtp(i, (b"\x7c\x85" if i == 0 else b"\x7c\x05") + b"U" * 1400)) for i in range(64))
# baseline, 16384 × 16384
GIANT = frame(0, rtp(1, bytes.fromhex("6742c028da001000008019"))) + frame(0, rtp(2, b"\x68\xce\x3c\x80")) + \
    frame(0, rtp(3, b"\x65" + b"\x88" * 900))

# name: (the request that is answered badly, how)
BEHAVIOURS = {
    "silent": ("OPTIONS", silent()),
    "byte-drip": ("OPTIONS", drip("", "X")),
    "status-drip": ("OPTIONS", drip("", "R")),
    "header-drip": ("OPTIONS", drip("RTSP/1.0 200 OK\r\n", "a")),
    "blank-lines": ("OPTIONS", flood("", "\r\n" * 2000)),
    "endless-headers": ("OPTIONS", flood(OK, "X-A: " + "a" * 1000 + "\r\n")),
    "endless-header-line": ("OPTIONS", flood(OK + "X-A: ", "a" * 4096)),
    "endless-status-line": ("OPTIONS", flood("RTSP/1.0 200 ", "a" * 4096)),
    "tiny-headers": ("OPTIONS", flood(OK, "a:b\r\n" * 800)),
    "endless-continue": ("OPTIONS", flood("", "RTSP/1.0 100 Continue\r\n\r\n" * 100)),
    "replies-to-others": ("OPTIONS", flood("", "RTSP/1.0 200 OK\r\nCSeq: 9999\r\n\r\n" * 100)),
    "requests-for-ever": ("OPTIONS", flood("", "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n" * 100)),
    "http-instead": ("OPTIONS", flood("", "HTTP/1.1 400 Bad Request\r\n\r\n")),
    "noise-instead": ("OPTIONS", flood("", NOISE)),
    "frames-instead": ("OPTIONS", flood("", frame(0, b"\x80" * 1400) * 40)),
    "bad-status": ("OPTIONS", flood("RTSP/1.0 999999999999 OK\r\n\r\n", "x" * 4096)),
    "two-gigabyte-body": ("DESCRIBE", flood(OK + "Content-Length: 2000000000\r\n\r\n", b"v=0\r\n" * 10_000)),
    "negative-body": ("DESCRIBE", flood(OK + "Content-Length: -5\r\n\r\n", b"v=0\r\n" * 1000)),
    "overflowing-body": ("DESCRIBE", flood(OK + "Content-Length: 18446744073709551620\r\n\r\n", b"v=0\r\n" * 1000)),
    "body-never-comes": ("DESCRIBE", drip(OK + "Content-Length: 60000\r\n\r\n", "", 1)),
    "body-drips": ("DESCRIBE", drip(OK + "Content-Length: 60000\r\n\r\n", "v")),
    "twenty-thousand-tracks": ("DESCRIBE", answer(body=tracks(20_000))),
    "nine-tracks": ("DESCRIBE", answer(body=tracks(9))),
    "empty-description": ("DESCRIBE", answer()),
    "noise-description": ("DESCRIBE", answer(body=b"\xee" * 60_000)),
    "redirect-to-file": ("DESCRIBE", moved("file:///etc/passwd")),
    "redirect-to-http": ("DESCRIBE", moved("http://127.0.0.1:9998/latest/meta-data")),
    "redirect-elsewhere": ("DESCRIBE", moved("rtsp://10.255.255.1:9999/internal")),
    "unauthorized-for-ever": ("DESCRIBE", answer("401 Unauthorized", 'WWW-Authenticate: Digest realm="", nonce=""\r\n')),
    "stale-for-ever": ("DESCRIBE", answer("401 Unauthorized", 'WWW-Authenticate: Digest realm="a", nonce="b", stale=true\r\n')),
    "bad-channels": ("SETUP", answer(headers="Session: 1\r\nTransport: RTP/AVP/TCP;interleaved=999-1000\r\n")),
    "unsupported-for-ever": ("SETUP", answer("461 Unsupported Transport")),
    "long-session": ("SETUP", answer(headers="Session: " + "s" * 15_000 + "\r\n")),
    "play-unanswered": ("PLAY", silent()),
    "play-then-nothing": ("PLAY", drip(OK + "Session: 1\r\n\r\n", "", 1)),
    "play-then-noise": ("PLAY", play(NOISE, 0.02)),
    "lengths-lie": ("PLAY", play((b"$\0\xff\xff" + b"\x80" * 100) * 40, 0.02)),
    "fragments-without-end": ("PLAY", play(ENDLESS_FU, 0.02)),
    "giant-picture": ("PLAY", play(GIANT, 0.05)),
    "closes-at-once": ("OPTIONS", None),
}


async def converse(line):
    """Well-bred up to the request that its behaviour spoils. Returns the behaviour's name."""
    while True:
        request = (await line.reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
        method, url, *_ = request.split()
        line.name = url.split("/")[3] if url.count("/") > 2 else "?"
        line.cseq = next((l.split(":")[1].strip() for l in request.split("\r\n") if l.lower().startswith("cseq")), "1")
        spoilt, act = BEHAVIOURS.get(line.name, ("", None))
        if method == spoilt:
            if act is None:
                return
            await act(line)
        elif method == "DESCRIBE":
            await line.reply(SDP, "Content-Type: application/sdp\r\n")
        elif method == "SETUP":
            await line.reply(headers="Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
        else:
            await line.reply(headers="Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\nSession: 1\r\n")


def left(writer):
    """The other side has closed."""
    state = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state in (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT


async def serve(reader, writer):
    begun, line = time.monotonic(), Line(reader, writer)
    line.name = "?"
    # A behaviour that does not read does not see the other side go: the kernel is asked.
    conversation = asyncio.ensure_future(converse(line))
    while not conversation.done() and not writer.transport.is_closing() and not left(writer):
        await asyncio.wait([conversation], timeout=0.1)
    conversation.cancel()
    try:
        await conversation
    except (asyncio.CancelledError, OSError, EOFError, asyncio.LimitOverrunError):
        pass
    writer.transport.abort()
    print(json.dumps({"behaviour": line.name, "seconds": round(time.monotonic() - begun, 3)}), flush=True)


async def main():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # not longer than whoever started us
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(json.dumps({"listening": server.sockets[0].getsockname()[1]}), flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(main())
