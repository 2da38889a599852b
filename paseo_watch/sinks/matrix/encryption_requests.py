"""The requests that encryption makes, by an account; each answer is a JSON object or an error of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paseo_watch.sinks.matrix.account import Account
from paseo_watch.sinks.matrix.client import Answer, HomeserverClient
from paseo_watch.sinks.matrix.errors import Fault, sort

CLIENT = "/_matrix/client/v3"


@dataclass(frozen=True, slots=True)
class Requests:
    """Asks the homeserver as the account. Paths are those of the client-server API, from after `/v3`."""

    account: Account

    async def get(self, path: str) -> Mapping[str, Any]:
        """The answer to a GET. Raises SendFailed or SinkRefused (`errors.sort`)."""
        return self._good(*await self._ask("GET", path))

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a POST. Raises as `get`."""
        return self._good(*await self._ask("POST", path, body))

    async def put(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a PUT. Raises as `get`."""
        return self._good(*await self._ask("PUT", path, body))

    async def post_with_proof(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """None where the server took it; what it says where it wants a proof (status 401 with `flows`)."""
        fault, content = await self._ask("POST", path, body)
        if fault is not None and fault.status == 401 and "flows" in content:
            return content
        self._good(fault, content)
        return None

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Fault | None, Mapping[str, Any]]:
        content: Mapping[str, Any] = {}

        async def call(client: HomeserverClient) -> Answer:
            nonlocal content
            answer = await client.call(method, CLIENT + path, body)
            content = answer.content
            return answer

        answer = await self.account.attempt(call)
        return (answer if isinstance(answer, Fault) else None), content

    def _good(self, fault: Fault | None, content: Mapping[str, Any]) -> Mapping[str, Any]:
        if fault is not None:
            raise sort(fault, "keys", self.account.shown)
        return content
