"""What a pool is made of does not give away its secrets."""

from paseo_watch.rpc.options import EndpointOptions


def test_a_url_stays_out_of_the_repr() -> None:
    """It may hold a key."""
    assert "secret" not in repr(EndpointOptions("wss://user:secret@node.example/secret?key=secret"))
