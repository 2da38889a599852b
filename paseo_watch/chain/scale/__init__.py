"""SCALE: bytes of a chain in, Python values out.

In: metadata (`Runtime.from_metadata`), and the events, extrinsics and storage values that the runtime wrote. Out:
`Event`, `Extrinsic`, `Call` and plain values; storage keys; header hashes; `ScaleError` for anything that does not fit.
Pure: no I/O, no clock. Imports the standard library, xxhash and `paseo_watch.errors`, nothing else.
"""
