"""The second opinion: what it imports, what it refuses, and how two readings are compared."""

import subprocess
import sys

import pytest

from paseo_watch.chain.reference import ReferenceDecoder, ReferenceDecoderError, differences
from paseo_watch.chain.scale.runtime import Call, Event, Runtime
from tests.unit.chain.scale.building import small_runtime
from tests.unit.chain.scale.test_events import BLOCK, EVENTS


def test_importing_it_does_not_load_scalecodec() -> None:
    code = "import sys, paseo_watch.chain.reference; sys.exit(any(m.startswith('scalecodec') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("raw", "version"), [(small_runtime().encode(15), "V15"), (small_runtime().encode(16), "V16"), (b"", "no metadata")]
)
def test_other_metadata_than_v14_is_refused(raw: bytes, version: str) -> None:
    with pytest.raises(ReferenceDecoderError, match=f"metadata V14 only, this is {version}"):
        ReferenceDecoder(raw)


def test_broken_metadata_is_refused() -> None:
    with pytest.raises(ReferenceDecoderError, match="scalecodec cannot load this metadata"):
        ReferenceDecoder(small_runtime().encode(14)[:300])


@pytest.fixture(scope="module")
def decoder() -> ReferenceDecoder:
    return ReferenceDecoder(small_runtime().encode(14))


def test_it_reads_events_in_our_shapes(decoder: ReferenceDecoder) -> None:
    assert decoder.decode_events(BLOCK) == EVENTS
    ours = Runtime.from_metadata(small_runtime().encode(14))
    assert differences(ours.decode_events(BLOCK, ours.watch_all()), decoder.decode_events(BLOCK)) == []


def test_it_tells_an_option_in_an_option_from_none(decoder: ReferenceDecoder) -> None:
    nested = small_runtime().ids["nested"]
    read = [decoder.decode(nested, raw) for raw in (b"\0", b"\1\0", b"\1\1\7")]
    assert read == [None, ("Some", None), ("Some", 7)]


def test_bytes_that_do_not_fit_are_refused(decoder: ReferenceDecoder) -> None:
    for raw in (b"", BLOCK[:-1], BLOCK + b"\0", b"\4\1\7\0\0", b"\xff" * 40):
        with pytest.raises(ReferenceDecoderError, match="scalecodec cannot read these"):
            decoder.decode_events(raw)


def test_differences_name_the_leaf() -> None:
    ours = [Event(0, 1, "Balances", "Transfer", {"amount": 5, "legs": [1, 2], "kind": ("A", None)})]
    theirs = [Event(0, 2, "Balances", "Transfer", {"amount": 6, "legs": [1, 3], "kind": ("B", None)})]
    assert differences(ours, ours) == []
    assert differences(ours, theirs) == [
        "events[0][1]: ours '1', reference '2'",
        "events[0][4].amount: ours '5', reference '6'",
        "events[0][4].legs[1]: ours '2', reference '3'",
        "events[0][4].kind[0]: ours 'A', reference 'B'",
    ]


def test_missing_events_other_fields_and_other_types_are_differences() -> None:
    one = Event(0, 1, "System", "Told", {"x": 1})
    assert len(differences([one], [])) == 1
    assert len(differences([one], [one._replace(fields={"y": 1})])) == 1
    assert len(differences([one], [one._replace(fields={"x": True})])) == 1
    assert len(differences([one], [one._replace(fields={"x": b"1"})])) == 1


def test_a_call_is_compared_as_the_enums_that_it_is() -> None:
    call = Event(0, 1, "Sudo", "Did", {"call": Call("System", "remark", {"remark": b"!"})})
    plain = call._replace(fields={"call": ("System", ("remark", {"remark": b"!"}))})
    assert differences([call], [plain]) == []
