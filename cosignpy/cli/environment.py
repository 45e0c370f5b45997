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
    Variable("TUF_ROOT", "is the folder of what to believe, fetched by initialize and others", "folder"),
    Variable("TUF_MIRROR", "is where that is fetched from", "URL"),
    Variable("TUF_ROOT_JSON", "is the root that trust in that mirror begins with", "file"),
    Variable("COSIGNPY_CONFIG", "is the configuration file, with contexts", "file"),
    Variable("COSIGNPY_CONTEXT", "is the context to take settings from, as --context", "name, or default for none"),
    Variable("SOURCE_DATE_EPOCH", "is the time to write into signatures instead of now", "seconds since 1970"),
    Variable("DOCKER_CONFIG", "is the folder of Docker's config.json with credentials", "folder"),
    Variable("REGISTRY_AUTH_FILE", "is a file with registry credentials", "file"),
    Variable("XDG_RUNTIME_DIR", "is searched for containers/auth.json", "folder"),
    Variable("XDG_CONFIG_HOME", "is searched for containers/auth.json and cosignpy/config.yaml", "folder"),
    Variable("XDG_CACHE_HOME", "is where signers take turns, and where decisions are kept", "folder"),
    Variable("SIGSTORE_ID_TOKEN", "is the identity token to sign with", "token", sensitive=True),
    Variable("SIGSTORE_ID_TOKEN_FILE", "is where the identity token is, if not where cosign looks", "file"),
    Variable("GITHUB_ACTIONS", "says that this is a job of GitHub Actions", "true"),
    Variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "opens the token service of GitHub", "token", sensitive=True),
    Variable("ACTIONS_ID_TOKEN_REQUEST_URL", "is the token service of GitHub", "URL"),
    Variable("GITLAB_CI", "says that this is a job of GitLab CI", "true"),
    Variable("CIRCLECI", "says that this is a job of CircleCI", "true"),
    Variable("BUILDKITE_AGENT_ACCESS_TOKEN", "opens the API of Buildkite's agent", "token", sensitive=True),
    Variable("BUILDKITE_AGENT_ENDPOINT", "is the API of Buildkite's agent", "URL"),
    Variable("BUILDKITE_JOB_ID", "is the job of Buildkite to sign as", "id"),
    Variable("GOOGLE_SERVICE_ACCOUNT_NAME", "is the account of Google Cloud to sign as", "name@project"),
    Variable("GCE_METADATA_HOST", "is the metadata server of Google Cloud", "host[:port]"),
    Variable("SPIFFE_ENDPOINT_SOCKET", "is the socket of the SPIFFE workload API", "unix:///path"),
    Variable("BROWSER", "is the browser to sign in with", "program"),
    Variable("HOME", "is searched for .docker/config.json and .config/cosignpy/config.yaml", "folder"),
    Variable("PATH", "is searched for credential helpers", "folders"),
    Variable("HTTP_PROXY", "is the proxy for plain HTTP", "URL", sensitive=True),
    Variable("HTTPS_PROXY", "is the proxy for HTTPS", "URL", sensitive=True),
    Variable("ALL_PROXY", "is the proxy where none of the others is set", "URL", sensitive=True),
    Variable("NO_PROXY", "lists hosts that are reached without a proxy", "hosts, separated by commas"),
    Variable("DOCKER_HOST", "is where the Docker engine listens", "URL"),
    Variable("DOCKER_TLS_VERIFY", "asks for TLS towards the Docker engine", "1 to turn it on"),
    Variable("DOCKER_CERT_PATH", "is the folder of certificates for the Docker engine", "folder"),
    Variable("KUBECONFIG", "is a file that says which cluster the webhook is of", "file"),
    Variable("SYSTEM_NAMESPACE", "is the namespace of the webhook", "namespace"),
    Variable("POD_NAME", "is the pod of the webhook, which no other replica has", "name"),
    Variable("TERM", "turns progress bars off when it is dumb", "name of a terminal"),
)
