"""One signer as a process of its own: waits for the word, then adds a referrer and a legacy signature.

Arguments: the registry's address, the folder for locks, the signer's number.
"""

import sys
from pathlib import Path

from cosignpy.core.oci.reference import Tag
from cosignpy.registry.options import RegistryOptions
from cosignpy.registry.repository import RemoteRepository, RepositoryOptions, load_push_transport
from cosignpy.registry.session import RegistrySession
from cosignpy.registry.tag_update import FileLock
from tests.support.repository_contract import merge_layer, push_referrer


def main() -> None:
    """Sign once."""
    address, locks, number = sys.argv[1:]
    session = RegistrySession(address, RegistryOptions())
    options = RepositoryOptions(tag_lock=lambda: FileLock(Path(locks)))
    repository = RemoteRepository(session, "team/processes", options)
    load_push_transport()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    push_referrer(repository, repository.fetch_manifest(Tag("latest")), number.encode())
    repository.push_blob(number.encode())
    repository.update_tag(Tag("legacy"), merge_layer(number.encode()))


if __name__ == "__main__":
    main()
