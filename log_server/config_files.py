"""The files that settings name: credentials of writers, TLS, accepted roots, witnesses.

Each worker loads what it needs of them. The server loads all of them once before it has workers, so that a mistake is
told to whoever starts it, and not by processes that end again and again.
"""

from cosignpy.errors import UsageError
from cosignpy.serving.threaded import TlsFiles
from cosignpy.serving.tls_reload import ClientCertificates, ReloadingContext
from cosignpy.serving.writers import CertificateSubjects, Credential, TokenFile
from log_server.config import Settings
from log_server.ct.accept_chain import ChainRule, Expired, select_purposes
from log_server.ct.submissions import WatchedRoots
from log_server.witness.known_logs import KnownLogsFile
from log_server.witness.policy import load_policy


def check_files(settings: Settings) -> None:
    """Load every file once.

    Raises:
        CosignError: One cannot be used.
    """
    load_credentials(settings)
    load_tls(settings)
    if settings.ct.serve:
        build_rule(settings)
        WatchedRoots(settings.ct.roots)
    if settings.rekor_v2.witnesses is not None:
        load_policy(settings.rekor_v2.witnesses)
    if settings.witness.logs is not None:
        KnownLogsFile(settings.witness.logs)


def load_credentials(settings: Settings) -> tuple[Credential, ...]:
    """Load what writers show, any of which is enough; without any, everyone may write.

    Raises:
        UsageError: The file of tokens is not as it should be, or names are given and no authority that certifies them.
        FileError: It cannot be read.
    """
    writers = settings.writers
    checked = settings.tls is not None and settings.tls.client_ca is not None
    if writers.subjects and not checked:
        raise UsageError("writers.subjects needs tls.client_ca, whose certificates have these names")
    found: list[Credential] = []
    if writers.tokens is not None:
        found.append(TokenFile(writers.tokens))
    if checked:
        found.append(CertificateSubjects(writers.subjects))
    return tuple(found)


def load_tls(settings: Settings) -> ReloadingContext | None:
    """Load the server's certificate and key; reading needs no client certificate.

    Raises:
        UsageError: They cannot be used.
    """
    if settings.tls is None:
        return None
    files = TlsFiles(settings.tls.certificate, settings.tls.key, settings.tls.client_ca)
    return ReloadingContext.load(files, ClientCertificates.OPTIONAL)


def build_rule(settings: Settings) -> ChainRule:
    """Build what the CT log demands of certificates.

    Raises:
        UsageError: An extended key usage that is not known.
    """
    chosen = settings.ct
    return ChainRule(Expired.REFUSED if chosen.refuse_expired else Expired.ACCEPTED, select_purposes(chosen.purposes))
