"""Whatever is written into a configuration file is read from it again."""

from pathlib import Path
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from cosignpy.cli.contexts import Context, Contexts, encode_contexts, parse_contexts

FILE: Final = "/etc/cosignpy/config.yaml"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
paths = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=20)
contexts = st.builds(
    Context,
    description=st.none() | texts,
    oidc_client_id=st.none() | texts,
    oidc_audience=st.none() | texts,
    allow_http_registry=st.none() | st.booleans(),
    registry_cacert=st.none() | paths.filter(lambda name: name not in {".", ".."}).map(Path("/srv").joinpath),
    trusted_root=st.none() | paths.filter(lambda name: name not in {".", ".."}).map(Path(FILE).parent.joinpath),
)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda name: name != "default")


@example(Contexts(current="a", contexts={"a": Context(trusted_root=Path("/etc/cosignpy/\x85 b"))}))
@given(st.builds(Contexts, current=names, contexts=st.dictionaries(names, contexts, max_size=4)))
def test_what_is_written_is_read(written: Contexts) -> None:
    assert parse_contexts(encode_contexts(written, Path(FILE).parent), FILE) == written
