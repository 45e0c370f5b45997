"""Which credentials to show a registry (cosign.md 2.7): flags beat files and helpers.

Files are asked in the order cosign reads them in: Docker's `config.json`, `REGISTRY_AUTH_FILE`, then those of
containers-auth.json(5). cosign stops at the first file that exists; we at the first that knows the registry.
"""

from cosignpy.errors import UsageError
from cosignpy.registry.credentials import Anonymous, BasicCredential, Credential, RegistryToken
from cosignpy.registry.options import RegistryOptions


def select_credential(options: RegistryOptions, registry: str, repository: str) -> Credential:
    """Choose what to show a registry; in a file, the entry of the longest matching path counts.

    Raises:
        UsageError: Flags that do not go together, or a helper that cannot be run.
        FileError: A credentials file that cannot be read.
        MalformedError: A credentials file, or a helper's answer, that is not in its format.
    """
    if options.token:
        return RegistryToken(options.token)
    if options.username and options.password is not None:
        return BasicCredential(options.username, options.password)
    if options.username or options.password:
        raise UsageError("--registry-username and --registry-password go together")
    # Most registries are read without credentials; who needs none does not wait for this import.
    from cosignpy.registry.credential_files import find_credential

    return find_credential(options.environment, registry, repository) or Anonymous()
