"""paseo-watch: follows Polkadot-SDK chains and tells what matters, once.

Comes in: finalized blocks over JSON-RPC, a configuration. Goes out: alerts to receivers, metrics, a status page.
`app` is the composition root; the way of a block is `pipeline`.
"""

__version__ = "0.1.0"
