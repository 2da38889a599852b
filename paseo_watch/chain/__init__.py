"""Bytes in, blocks out: finalized blocks, walked number by number, each decoded with the runtime that executed it.

Comes in: answers of `rpc`. Goes out: `block.Block` and `block.Hole`. May import `errors`, `store`, `rpc`.
"""
