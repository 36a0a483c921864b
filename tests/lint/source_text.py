"""Source text without what only looks like code: comments and literals become spaces, line breaks stay."""

import re

_CPP_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*(?:\\\n[^\n]*)*|/\*.*?\*/)
  | (?P<raw>\b(?:u8|[uUL])?R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<number>\b\d[\w'.]*)
  | (?P<char>'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.DOTALL,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_cpp(text, keep_strings=False):
    """C++ without comments, and without the contents of literals unless they are kept."""

    def replace(match):
        kind = match.lastgroup
        if kind == "comment" or match.group("comment") is not None:
            return _blank(match.group())
        if match.group("number") is not None or keep_strings:
            return match.group()
        return _blank(match.group())

    return _CPP_TOKEN.sub(replace, text)


def blank_preprocessor(text):
    """Text without preprocessor lines, continuation lines included."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda match: _blank(match.group()), text, flags=re.MULTILINE)


class _TypeScriptBlanker:
    """One pass over TypeScript; template literals may hold code, which may hold template literals."""

    # A slash after one of these begins a regular expression, not a division.
    _BEFORE_REGEX = re.compile(r"(?:^|[=(,:;!&|?{}\[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else))\s*$")
    _REGEX = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
    _STRING = re.compile(r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""", re.DOTALL)
    _COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)

    def __init__(self, text):
        self.text = text
        self.at = 0
        self.out = []

    def run(self):
        while self.at < len(self.text):
            self._code(stop_at_brace=False)
        return "".join(self.out)

    def _take(self, length, blank):
        piece = self.text[self.at : self.at + length]
        self.out.append(_blank(piece) if blank else piece)
        self.at += length

    def _code(self, stop_at_brace):
        """Code up to the end, or up to the '}' that closes a `${`."""
        depth = 0
        while self.at < len(self.text):
            if self._skipped():
                continue
            char = self.text[self.at]
            if char == "`":
                self._template()
                continue
            if char == "{":
                depth += 1
            elif char == "}":
                if stop_at_brace and depth == 0:
                    return
                depth -= 1
            self._take(1, blank=False)

    def _skipped(self):
        for pattern in (self._COMMENT, self._STRING):
            match = pattern.match(self.text, self.at)
            if match:
                self._take(len(match.group()), blank=True)
                return True
        match = self._REGEX.match(self.text, self.at)
        if match and self._BEFORE_REGEX.search(self.text[max(0, self.at - 40) : self.at]):
            self._take(len(match.group()), blank=True)
            return True
        return False

    def _template(self):
        self._take(1, blank=True)
        while self.at < len(self.text):
            if self.text.startswith("${", self.at):
                self._take(2, blank=True)
                self._code(stop_at_brace=True)
                self._take(1, blank=True)
            elif self.text[self.at] == "`":
                self._take(1, blank=True)
                return
            else:
                self._take(2 if self.text[self.at] == "\\" else 1, blank=True)


def blank_typescript(text):
    """TypeScript without comments and the contents of literals."""
    return _TypeScriptBlanker(text).run()


def svelte_scripts(text):
    """A Svelte file with all but its <script> contents blanked, so that line numbers stay."""
    out = _blank(text)
    for match in re.finditer(r"<script[^>]*>(.*?)</script>", text, re.DOTALL):
        out = out[: match.start(1)] + match.group(1) + out[match.end(1) :]
    return out
