"""The environment variables that are read, besides COSIGN_<FLAG> for each flag of a command."""

from typing import Final

from cosignpy.values import value


@value
class Variable:
    """A variable as `cosignpy env` shows it; the value of a sensitive one is hidden."""

    name: str
    description: str
    expects: str
    sensitive: bool = False


VARIABLES: Final = (
    Variable("COSIGN_PASSWORD", "is the password of private keys", "string (may be empty)", sensitive=True),
    Variable("COSIGN_REPOSITORY", "is where signatures are stored and looked up", "registry/repository"),
    Variable("COSIGN_DOCKER_MEDIA_TYPES", "writes legacy signatures with Docker's media types", "1 to turn it on"),
    Variable("COSIGN_MAX_ATTACHMENT_SIZE", "limits bundles and payloads that are fetched", "size, as 64MiB"),
    Variable("SOURCE_DATE_EPOCH", "is the time to write into signatures instead of now", "seconds since 1970"),
    Variable("DOCKER_CONFIG", "is the folder of Docker's config.json with credentials", "folder"),
    Variable("REGISTRY_AUTH_FILE", "is a file with registry credentials", "file"),
    Variable("XDG_RUNTIME_DIR", "is searched for containers/auth.json", "folder"),
    Variable("XDG_CONFIG_HOME", "is searched for containers/auth.json", "folder"),
    Variable("XDG_CACHE_HOME", "is where signers on this machine take turns", "folder"),
    Variable("HOME", "is searched for .docker/config.json", "folder"),
    Variable("PATH", "is searched for credential helpers", "folders"),
    Variable("HTTP_PROXY", "is the proxy for plain HTTP", "URL", sensitive=True),
    Variable("HTTPS_PROXY", "is the proxy for HTTPS", "URL", sensitive=True),
    Variable("ALL_PROXY", "is the proxy where none of the others is set", "URL", sensitive=True),
    Variable("NO_PROXY", "lists hosts that are reached without a proxy", "hosts, separated by commas"),
    Variable("DOCKER_HOST", "is where the Docker engine listens", "URL"),
    Variable("DOCKER_TLS_VERIFY", "asks for TLS towards the Docker engine", "1 to turn it on"),
    Variable("DOCKER_CERT_PATH", "is the folder of certificates for the Docker engine", "folder"),
    Variable("TERM", "turns progress bars off when it is dumb", "name of a terminal"),
)
