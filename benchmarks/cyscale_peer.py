"""Runs in cyscale's own environment: `cyscale_peer.py METADATA EVENTS`, then how often to decode, line by line."""

import json
import sys
import time
from pathlib import Path

from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
from scalecodec.type_registry import load_type_registry_preset


def decoder(raw):
    config = RuntimeConfigurationObject(implements_scale_info=True)
    config.update_type_registry(load_type_registry_preset("core"))
    # Its special reading of votes has no value decoder, and one such type sends all of System.Events the slow way.
    config.update_type_registry({"types": {"pallet_conviction_voting::vote::Vote": "u8"}})
    metadata = config.create_scale_object("MetadataVersioned", data=ScaleBytes(raw))
    metadata.decode()
    config.add_portable_registry(metadata)
    (system,) = (pallet.value for pallet in metadata.pallets if pallet.value["name"] == "System")
    (events,) = (entry for entry in system["storage"]["entries"] if entry["name"] == "Events")
    found = config.get_value_decoder(f"scale_info::{events['type']['Plain']}")
    assert found is not None, "cyscale has no fast path for these events"
    return found


def main():
    decode, events = decoder(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]).read_bytes()
    print(json.dumps({"ready": len(decode(events))}), flush=True)
    for line in sys.stdin:
        times = int(line)
        begin = time.process_time()
        for _ in range(times):
            decode(events)
        print(json.dumps({"seconds": (time.process_time() - begin) / times}), flush=True)


main()
