"""One batch of JSON-RPC requests, and what has come of it: answers are matched by id, and by nothing else. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.errors import AnswerTooLarge, IngestError, RangeRefused, RpcRejected, RpcUnavailable, TryElsewhere
from ingest.evm.rpc import answer_checks, error_classification
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.error_classification import Refusal

Request = tuple[str, Sequence[Any]]
"""Method and parameters."""

GONE_TRIES = 2  #: a balancer may hold one node that keeps old state among others that do not
NULL_TRIES = 6  #: how often "null" is heard before it counts as a refusal; what was not heard at all says nothing

# Of every other method null is no result at all (execution-apis): the node did not do what it was asked.
NULLABLE = frozenset(
    {
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
    }
)


@dataclass(slots=True, kw_only=True)
class Exchange:
    """What is asked of one endpoint until every result is there."""

    requests: Sequence[Request]
    name: str  #: the endpoint's, for messages
    redact: Callable[[str], str]  #: takes what may be a key out of the endpoint's words
    size: AdaptiveSize  #: requests of one HTTP request; learns here
    tolerant: bool = False  #: a refused request is a result
    required: Collection[str] | None = None  #: fields without which a result is none
    last: bool = True  #: no other endpoint is left to ask
    stalled: int = 0  #: how often in a row nothing came
    nulls: Counter[int] = field(default_factory=Counter)  #: how often a request got no result, by its place
    results: dict[int, Any] = field(default_factory=dict)  #: by place among the requests

    def parts(self, width: int) -> list[list[int]]:
        """Places of the next requests, by HTTP request, at most ``width`` of these; empty when all is there."""
        missing = [place for place in range(len(self.requests)) if place not in self.results]
        return [missing[at : at + self.size.step] for at in range(0, len(missing), self.size.step)][:width]

    def methods(self, part: Sequence[int]) -> list[str]:
        """The methods of some requests."""
        return [self.requests[place][0] for place in part]

    def body(self, part: Sequence[int], first_id: int) -> list[dict[str, Any]]:
        """JSON-RPC 2.0 requests under consecutive ids."""
        return [
            {"jsonrpc": "2.0", "id": first_id + at, "method": method, "params": list(params)}
            for at, (method, params) in enumerate(self.requests[place] for place in part)
        ]

    def keep(self, part: Sequence[int], first_id: int, answer: Any) -> RpcUnavailable | None:
        """Keep the results whose ids match, each once; the rest is asked for again.

        Parameters
        ----------
        part
            Places of the requests of this HTTP request.
        first_id
            The id of the first of them.
        answer
            The parsed answer, or the error in its place.

        Returns
        -------
        RpcUnavailable or None
            What to wait for, or None where the next request may leave at once.

        Raises
        ------
        IngestError
            What asking this endpoint again cannot mend.
        """
        if isinstance(answer, AnswerTooLarge):
            return self._too_large(part, answer)
        if isinstance(answer, RpcUnavailable):
            return answer
        if isinstance(answer, IngestError):
            raise answer
        alone = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
        if (
            len(part) > 1
            and isinstance(alone, Mapping)
            and (alone is answer or (alone.get("id") is None and "result" not in alone))
        ):
            return self._batch_refused(part, alone)
        failure, before, crowded = None, len(self.results), False
        for place, item in self._matched(part, first_id, answer):
            if item.get("error") is not None:
                error = self._heard(item["error"])
                if len(part) > 1 and error_classification.too_many_together(error, method=self.requests[place][0]):
                    crowded = True
                    continue
                refusal = self._refusal(error, self.requests[place][0])
                if isinstance(refusal, RpcUnavailable):
                    failure = refusal
                elif self.tolerant and isinstance(refusal, RpcRejected):
                    self.results[place] = refusal
                else:
                    raise refusal
            elif "result" in item and self._take(place, item["result"]):
                pass
            elif self.tolerant and self.nulls[place] >= NULL_TRIES:
                self.results[place] = RpcRejected(f"{self.name}: no result of {self.requests[place][0]}")
            else:
                self.nulls[place] += 1
        if crowded:
            self.size.refuse(len(part))
            return failure
        self.size.agree(len(part))
        if failure is None and len(self.results) == before:
            failure = RpcUnavailable(f"{self.name}: no usable answer to {self.requests[part[0]][0]}")
        return failure

    def _matched(self, part: Sequence[int], first_id: int, answer: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
        open_places = dict(enumerate(part, first_id))
        for item in answer if isinstance(answer, list) else [answer]:
            if not isinstance(item, Mapping):
                continue
            number = item.get("id")
            if number is None and len(part) == 1 and "error" in item:
                number = first_id  # JSON-RPC 2.0 allows a null id on an error
            # What is of another request, or was said already, is no answer. (In Python, True is 1: an id is not.)
            if type(number) is int and (place := open_places.pop(number, None)) is not None:
                yield place, item

    def _take(self, place: int, result: Any) -> bool:
        """Keep a result, if it is one."""
        method = self.requests[place][0]
        try:
            value = answer_checks.read(method, result)
        except ValueError:
            return False
        if self.required is None:
            whole = value is not None or method in NULLABLE
        else:
            whole = isinstance(value, Mapping) and None not in map(value.get, self.required)
        if whole:
            self.results[place] = value
        return whole

    def _too_large(self, part: Sequence[int], error: AnswerTooLarge) -> RpcUnavailable | None:
        if error.together:
            raise error
        if len(part) > 1:
            self.size.refuse(len(part))
            return None
        if self.requests[part[0]][0] == "eth_getLogs":
            raise RangeRefused(str(error))
        return error

    def _batch_refused(self, part: Sequence[int], answer: Mapping[str, Any]) -> RpcUnavailable | None:
        """One object for a whole batch: a refusal of what each request asks, or of the batch as such."""
        methods = self.methods(part)
        error = self._heard(answer["error"]) if answer.get("error") is not None else None
        if error is not None and not error_classification.too_many_together(error, method=methods[0]):
            refusal = self._refusal(error, methods[0])
            if isinstance(refusal, RangeRefused) and set(methods) == {"eth_getLogs"}:
                raise refusal
            if isinstance(refusal, RpcUnavailable):
                return refusal
        self.size.refuse(len(part))
        return None

    def _heard(self, error: object) -> Refusal:
        heard = error_classification.hear(error)
        return heard._replace(text=self.redact(heard.text))

    def _refusal(self, error: Refusal, method: str) -> IngestError:
        refusal = error_classification.classify(error._replace(text=f"{self.name}: {error.text}"), method=method)
        if isinstance(refusal, TryElsewhere) and refusal.gone and self.last and self.stalled >= GONE_TRIES:
            return RpcRejected(f"{refusal}; no endpoint keeps the state of old blocks: add an archive node to rpc_urls")
        return refusal
