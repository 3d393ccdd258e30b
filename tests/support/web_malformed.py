"""Requests as no client should send them: noise, and well-formed ones that were damaged in one place."""

from hypothesis import strategies as st

TOKENS = st.sampled_from(
    [
        b"GET",
        b"HEAD",
        b"get",
        b"POST",
        b"PRI",
        b"CONNECT",
        b"TRACE",
        b"G\0T",
        b"",
        b" ",
        b"\xff",
        b"\x16\x03\x01",
        b"x" * 9000,
    ]
)
TARGETS = st.sampled_from(
    [
        *(
            b"/metrics",
            b"/",
            b"//",
            b"*",
            b"",
            b"/%zz",
            b"/\0",
            b"/../../etc/passwd",
            b"http://[::1",
            b"/" + b"a" * 9000,
        ),
        *(
            b"/-/healthy#x",
            b"/metrics?" + b"&" * 5000,
            b"\xc3\xa9",
            b"/metrics HTTP/1.1\r\n\r\nGET /",
            b"http://x:99999/",
        ),
    ]
)
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.1x", b"http/1.1", b"", b"\0"])
HEADERS = st.sampled_from(
    [
        *(
            b"Host: x",
            b"Host: x, y",
            b"host:",
            b"Host x",
            b": x",
            b" folded",
            b"\tfolded",
            b"A\0: b",
            b"A: b\0c",
            b"A : b",
        ),
        *(b"Content-Length: -1", b"Content-Length: 5", b"Content-Length: 99999999999999999999", b"Content-Length: 1,2"),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, identity"),
        *(
            b"Expect: 100-continue",
            b"Expect: miracles",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Connection: close",
        ),
        *(
            b"Accept: " + b"," * 2000,
            b"Accept: " + b"a/b;q=nan," * 200,
            b"Accept-Encoding: gzip;q=inf",
            b"Cookie: \xff\xfe",
        ),
        *(
            b"Authorization: Basic ====",
            b"Authorization: " + b"x" * 8000,
            b"X: " + b"y" * 9000,
            b"Content-Encoding: br",
        ),
    ]
)
ENDS = st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\r", b"\r\n", b""])
BODIES = st.sampled_from(
    [b"", b"hello", b"0\r\n\r\n", b"zz\r\nhello", b"5\r\nhello\r\n", b"ffffffffffffffff\r\n", b"\0" * 3000]
)


def _join(token: bytes, target: bytes, version: bytes, headers: list[bytes], end: bytes, body: bytes) -> bytes:
    return b"\r\n".join([b" ".join([token, target, version]), *headers]) + end + body


DAMAGED = st.builds(_join, TOKENS, TARGETS, VERSIONS, st.lists(HEADERS, max_size=6), ENDS, BODIES)
NOISE = st.binary(max_size=4000)
MANY = st.builds(
    lambda header, number: b"GET / HTTP/1.1\r\n" + (header[:80] + b"\r\n") * number + b"\r\n",
    HEADERS,
    st.integers(1, 300),
)

REQUESTS = st.one_of(DAMAGED, DAMAGED, NOISE, MANY)
