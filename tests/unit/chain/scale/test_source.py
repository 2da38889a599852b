"""The source of decoders: what is in place, what is called, and that metadata cannot write code."""

from paseo_watch.chain.scale.compile import Compiler
from paseo_watch.chain.scale.layout import Layout
from paseo_watch.chain.scale.registry import Field
from paseo_watch.chain.scale.source import Position, Source
from tests.unit.chain.scale.building import Types
from tests.unit.chain.scale.test_registry import registry


def test_a_run_of_fixed_fields_is_unpacked_at_once() -> None:
    types = Types()
    account = types.wrapper(types.array(32, types.primitive("u8")))
    moved = types.composite(who=account, amount=types.primitive("u128"))
    source = Source(Layout(registry(types)))
    value, end = source.value(moved, Position("p"))
    assert value == "{'who': v1, 'amount': whole(v2, \"little\")}"
    assert (str(end), source.lines(), source.calls) == ("p + 48", ["    v1, v2, = F32s16s(b, p)"], False)
    assert source.formats == {"32s16s"}


def test_what_varies_in_size_ends_a_run() -> None:
    types = Types()
    u8, u32 = types.primitive("u8"), types.primitive("u32")
    source = Source(Layout(registry(types)))
    value, end = source.value(u8, Position("p"))
    _, end = source.compact(end)
    other, end = source.value(u32, end)
    assert (value, other) == ("v1", "v4")
    assert source.lines()[0] == "    v1 = b[p]"
    assert source.lines()[-1] == "    v4, = FI(b, v3)"


def test_names_from_metadata_are_data_and_never_code() -> None:
    """A field, a variant and a type that are named like Python code come out as text."""
    types = Types()
    u8 = types.primitive("u8")
    evil = "'}), __import__('os').abort() #\n\\"
    struct = types.composite(f"{evil}::x", None, **{evil: u8})
    enum = types.enum((evil, 0, [(None, u8)]), (evil + "2", 1, []), path=f"{evil}::y")
    compiler = Compiler(registry(types))
    assert compiler.decode(struct, b"\7") == {evil: 7}
    assert compiler.decode(enum, b"\0\7") == (evil, 7)
    assert compiler.decode(enum, b"\1") == (evil + "2", None)


def test_fields_without_names_are_a_tuple_and_one_of_them_is_itself() -> None:
    types = Types()
    u8 = types.primitive("u8")
    source = Source(Layout(registry(types)))
    assert source.fields((Field(None, u8), Field(None, u8)), Position("p"))[0] == "(v1, v2)"
    assert source.fields((Field(None, u8),), Position("p"))[0] == "v3"
    assert source.fields((), Position("p"))[0] == "()"
