"""Which credentials to show a registry (cosign.md 2.7): flags beat files and helpers.

Files are asked in the order cosign reads them in: Docker's `config.json`, `REGISTRY_AUTH_FILE`, then those of
containers-auth.json(5). cosign stops at the first file that exists; we at the first that knows the registry.
"""

from collections.abc import Iterator

from cosignpy.errors import UsageError
from cosignpy.registry.credentials import Anonymous, BasicCredential, Credential, RegistryToken
from cosignpy.registry.options import CloudCredentials, RegistryOptions


def select_credential(options: RegistryOptions, registry: str, repository: str) -> Credential:
    """Choose what to show a registry first; in a file, the entry of the longest matching path counts.

    Raises:
        CosignError: As `select_credentials`.
    """
    return next(select_credentials(options, registry, repository))


def select_credentials(options: RegistryOptions, registry: str, repository: str) -> Iterator[Credential]:
    """Yield what to show a registry, one after another while it refuses them; at least one.

    Flags and files have one credential, a keyring may have several, and a cloud's is the last.

    Raises:
        UsageError: Flags that do not go together, or a helper that cannot be run.
        FileError: A credentials file that cannot be read.
        MalformedError: A credentials file, or a helper's answer, that is not in its format.
        RemoteError: A cloud that does not give the credentials that it has for us.
    """
    if options.token:
        yield RegistryToken(options.token)
    elif options.username and options.password is not None:
        yield BasicCredential(options.username, options.password)
    elif options.username or options.password:
        raise UsageError("--registry-username and --registry-password go together")
    else:
        yield from _look_up(options, registry, repository)


def _look_up(options: RegistryOptions, registry: str, repository: str) -> Iterator[Credential]:
    # Most registries are read without credentials; who needs none does not wait for these imports.
    from cosignpy.registry.credential_files import find_credential

    held = tuple(options.keyring.find(registry, repository)) if options.keyring is not None else ()
    yield from held
    stored = find_credential(options.environment, registry, repository) if not held else None
    if stored is not None:
        yield stored
    elif options.cloud is CloudCredentials.USED:
        yield from _ask_cloud(options, registry, anonymous=not held)
    elif not held:
        yield Anonymous()


def _ask_cloud(options: RegistryOptions, registry: str, *, anonymous: bool) -> Iterator[Credential]:
    from cosignpy.registry.cloud.sources import find_source

    source = find_source(registry)
    first = source is not None and source.is_expected(options.environment)
    if anonymous and not first:
        yield Anonymous()
    found = source.fetch(options, registry) if source is not None else None
    if found is not None:
        yield found
    elif anonymous and first:
        yield Anonymous()
