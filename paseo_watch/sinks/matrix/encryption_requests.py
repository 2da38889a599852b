"""The requests that encryption makes, by an account; each answer is a JSON object or an error of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.client import Answer
from paseo_watch.sinks.matrix.errors import Fault, sort

CLIENT = "/_matrix/client/v3"


@dataclass(frozen=True, slots=True)
class Requests:
    """Asks the homeserver as the account. Paths are those of the client-server API, from after `/v3`."""

    account: Account

    async def get(self, path: str) -> Mapping[str, Any]:
        """The answer to a GET. Raises SendFailed or SinkRefused (`errors.sort`)."""
        return self._good(await self._ask("GET", path))

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a POST. Raises as `get`."""
        return self._good(await self._ask("POST", path, body))

    async def put(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a PUT. Raises as `get`."""
        return self._good(await self._ask("PUT", path, body))

    async def post_with_proof(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """None where the server took it; what it says where it wants a proof (status 401 with `flows`)."""
        answer = await self._ask("POST", path, body)
        if isinstance(answer, Fault) and answer.status == 401 and "flows" in answer.content:
            return answer.content
        self._good(answer)
        return None

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer | Fault:
        answer: Answer | Fault = await self.account.attempt(lambda client: client.call(method, CLIENT + path, body))
        return answer

    def _good(self, answer: Answer | Fault) -> Mapping[str, Any]:
        if isinstance(answer, Fault):
            raise sort(answer, "keys", self.account.shown)
        return answer.content
