"""What the page is answered: JSON, or a refusal with a sentence for the person and a word for the page."""

import json
from typing import Any

from aiohttp import web


def told(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=lambda value: json.dumps(value, ensure_ascii=False))


class Stop(Exception):
    """Nothing was done. `why` is for the page's program, `words` for the person."""

    def __init__(self, status: int, why: str, words: str, *, wait: int = 0) -> None:
        super().__init__(why)
        self.status, self.why, self.words, self.wait = status, why, words, wait

    def answer(self) -> web.Response:
        response = told({"why": self.why, "words": self.words}, self.status)
        if self.wait:
            response.headers["Retry-After"] = str(self.wait)
        return response
