"""Take each check out of the verifier and demand that a test notices: `python -m tests.mutants [MODULE ...]`.

A mutant is the code with one thing changed: a `raise` or a call made for its refusal deleted, a condition negated,
one side of an `and` or `or` dropped, a limit moved by one. Nothing on disk changes: every mutant runs in a process of
its own, forked after the expensive imports, that is handed the changed module when it imports it.
"""

import ast
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

import cryptography.hazmat.primitives.serialization  # noqa: F401  # once here, not in each of the processes
import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
TIME_LIMIT: Final = 120
"""Seconds for one mutant's tests; a mutant that never ends is noticed too."""
WORKERS: Final = 2
QUICKLY: Final = ("-x", "-q", *(f"-pno:{plugin}" for plugin in ("cacheprovider", "cov", "xdist", "hypothesispytest")))

UNIT: Final = "tests/unit"
TARGETS: Final[Mapping[str, Sequence[str]]] = {
    "cosignpy.core.verify.claims": (f"{UNIT}/core/verify",),
    "cosignpy.core.verify.signature": (f"{UNIT}/core/verify",),
    "cosignpy.core.verify.artifact": (f"{UNIT}/core/verify/test_artifact.py",),
    "cosignpy.core.verify.bundle": (
        f"{UNIT}/core/verify/test_bundle.py",
        f"{UNIT}/core/verify/test_beside.py",
        f"{UNIT}/core/verify/test_stamped_envelopes.py",
        f"{UNIT}/core/verify/test_legacy.py",
        f"{UNIT}/core/verify/test_trail.py",
    ),
    "cosignpy.core.verify.trail": (f"{UNIT}/core/verify/test_trail.py",),
    "cosignpy.core.verify.own_certificate": (f"{UNIT}/core/verify/test_own_certificate.py",),
    "cosignpy.core.verify.certificate": (f"{UNIT}/core/verify/test_certificate.py",),
    "cosignpy.core.verify.entry_claims": (f"{UNIT}/core/verify/test_entry_claims.py",),
    "cosignpy.core.verify.observed_time": (f"{UNIT}/core/verify/test_observed_time.py",),
    "cosignpy.core.verify.transparency": (f"{UNIT}/core/verify/test_transparency.py",),
    "cosignpy.core.verify.consistency": (f"{UNIT}/core/verify/test_consistency.py",),
    "cosignpy.core.verify.log": (f"{UNIT}/core/verify",),
    "cosignpy.core.verify.predicate": (f"{UNIT}/core/verify/test_predicate.py",),
    "cosignpy.core.predicates.faults": (f"{UNIT}/core/predicates/test_faults.py",),
    "cosignpy.core.policy.provenance": (f"{UNIT}/core/policy/test_provenance.py",),
    "cosignpy.core.policy.image": (f"{UNIT}/core/policy",),
    "cosignpy.core.policy.bundle": (f"{UNIT}/core/policy", f"{UNIT}/core/verify/test_bundle.py"),
    "cosignpy.core.policy.anchors": (f"{UNIT}/core/policy/test_identity.py",),
    "cosignpy.core.policy.deny": (f"{UNIT}/core/policy/test_deny.py",),
    "cosignpy.core.policy.deny_file": (f"{UNIT}/core/policy/test_deny.py",),
    "cosignpy.core.policy.identity": (f"{UNIT}/core/policy/test_identity.py",),
    "cosignpy.core.policy.key_window": (f"{UNIT}/core/policy/test_key_window.py",),
    "cosignpy.core.policy.threshold": (f"{UNIT}/core/policy/test_threshold.py",),
    "cosignpy.core.policy.transparency": (f"{UNIT}/core/policy",),
    "cosignpy.core.checksums": (f"{UNIT}/core/test_checksums.py",),
    "cosignpy.operations.check_files": (f"{UNIT}/operations/test_check_files.py",),
    "cosignpy.operations.find_entry": (f"{UNIT}/operations/test_find_entry.py",),
    "cosignpy.core.bundle.blob_files": (f"{UNIT}/core/bundle/test_blob_files.py",),
    "cosignpy.core.bundle.versions": (f"{UNIT}/core/bundle/test_versions.py",),
    "cosignpy.core.bundle.upgrade": (f"{UNIT}/core/bundle/test_upgrade.py",),
    "cosignpy.core.bundle.logged_signer": (f"{UNIT}/core/bundle/test_logged_signer.py",),
    "cosignpy.core.bundle.difference": (f"{UNIT}/core/bundle/test_difference.py",),
    "cosignpy.core.bundle.protojson": (f"{UNIT}/core/bundle/test_protojson.py",),
    "cosignpy.core.bundle.referrer": (f"{UNIT}/core/bundle/test_referrer.py",),
    "cosignpy.core.bundle.legacy": (f"{UNIT}/core/bundle/test_legacy.py",),
    "cosignpy.core.bundle.parts": (f"{UNIT}/core/bundle/test_parts.py",),
    "cosignpy.core.bundle.rekor_bundle": (f"{UNIT}/core/bundle/test_rekor_bundle.py",),
    "cosignpy.core.trust.own_pki": (f"{UNIT}/core/trust/test_own_pki.py",),
    "cosignpy.core.dsse": (f"{UNIT}/core/test_dsse.py",),
    "cosignpy.core.intoto": (f"{UNIT}/core/test_intoto.py",),
    "cosignpy.core.rekor.searches": (f"{UNIT}/core/rekor/test_searches.py",),
    "cosignpy.core.x509.names": (f"{UNIT}/core/x509/test_names.py",),
    "cosignpy.core.x509.certificate": (f"{UNIT}/core/x509/test_certificate.py",),
    "cosignpy.core.x509.certificate_signature": (f"{UNIT}/core/x509/test_certificate_signature.py",),
    "cosignpy.core.x509.extensions": (f"{UNIT}/core/x509/test_extensions.py",),
    "cosignpy.core.digest": (f"{UNIT}/core/test_digest.py",),
    "cosignpy.core.encoding": (f"{UNIT}/core/test_encoding_json.py", f"{UNIT}/core/test_encoding_b64_pem.py"),
    "cosignpy.core.keys.signatures": (f"{UNIT}/core/keys/test_signatures.py",),
    "cosignpy.core.merkle.compact_range": (f"{UNIT}/core/merkle/test_compact_range.py",),
    "cosignpy.core.merkle.hashing": (f"{UNIT}/core/merkle/test_hashing.py",),
    "cosignpy.core.merkle.proofs": (f"{UNIT}/core/merkle/test_proofs.py",),
    "cosignpy.core.merkle.tiles": (f"{UNIT}/core/merkle/test_tiles.py",),
    "cosignpy.core.note.checkpoint": (f"{UNIT}/core/note/test_checkpoint.py",),
    "cosignpy.core.note.cosignature": (f"{UNIT}/core/note/test_cosignature.py",),
    "cosignpy.core.note.key_id": (f"{UNIT}/core/note/test_key_id.py",),
    "cosignpy.core.note.signed_note": (f"{UNIT}/core/note/test_signed_note.py",),
    "cosignpy.core.note.tree_head": (f"{UNIT}/core/note/test_tree_head.py",),
    "cosignpy.core.note.verifier": (f"{UNIT}/core/note/test_key_id.py",),
    "cosignpy.core.oci.simple_signing": (f"{UNIT}/core/oci/test_simple_signing.py",),
    "cosignpy.core.oci.manifest": (f"{UNIT}/core/oci/test_manifest.py",),
    "cosignpy.core.oci.referrers": (f"{UNIT}/core/oci/test_referrers.py", f"{UNIT}/core/oci/test_referrers_limits.py"),
    "cosignpy.core.oci.attachment_tags": (f"{UNIT}/core/oci/test_attachment_tags.py",),
    "cosignpy.core.keys.public": (f"{UNIT}/core/keys/test_public.py",),
    "cosignpy.core.oci.reference": (f"{UNIT}/core/oci/test_reference.py",),
    "cosignpy.core.tls_vectors": (f"{UNIT}/core/test_tls_vectors.py",),
    "cosignpy.core.keys.digitally_signed": (f"{UNIT}/core/keys/test_digitally_signed.py",),
    "cosignpy.core.ct.sct": (f"{UNIT}/core/ct/test_sct.py",),
    "cosignpy.core.ct.entry": (f"{UNIT}/core/ct/test_entry.py",),
    "cosignpy.core.ct.tile_leaf": (f"{UNIT}/core/ct/test_tile_leaf.py",),
    "cosignpy.core.ct.precertificate": (f"{UNIT}/core/ct/test_precertificate.py",),
    "cosignpy.core.cms.signed_data": (f"{UNIT}/core/cms", f"{UNIT}/core/timestamp/test_verify.py"),
    "cosignpy.core.cms.signature": (f"{UNIT}/core/cms", f"{UNIT}/core/timestamp/test_verify.py"),
    "cosignpy.core.timestamp.extensions": (f"{UNIT}/core/timestamp/test_request.py",),
    "cosignpy.core.timestamp.imprint": (f"{UNIT}/core/timestamp/test_request.py",),
    "cosignpy.core.timestamp.info": (f"{UNIT}/core/timestamp/test_info.py",),
    "cosignpy.core.timestamp.request": (f"{UNIT}/core/timestamp/test_request.py",),
    "cosignpy.core.timestamp.response": (f"{UNIT}/core/timestamp/test_response.py",),
    "cosignpy.core.timestamp.signing_certificate": (f"{UNIT}/core/timestamp/test_verify.py",),
    "cosignpy.core.timestamp.verify": (f"{UNIT}/core/timestamp/test_verify.py",),
    "cosignpy.core.x509.path": (f"{UNIT}/core/x509/test_path.py",),
    "cosignpy.core.x509.der_fields": (f"{UNIT}/core/x509/test_der_fields.py",),
    "cosignpy.core.x509.der_values": (f"{UNIT}/core/x509/test_der_values.py",),
    "cosignpy.core.x509.der": (f"{UNIT}/core/x509/test_der.py",),
    "cosignpy.core.x509.tbs": (f"{UNIT}/core/x509/test_tbs.py",),
    "cosignpy.core.x509.chain": (f"{UNIT}/core/x509/test_chain.py",),
    "cosignpy.core.x509.subject_alt_name": (f"{UNIT}/core/x509/test_subject_alt_name.py",),
    "cosignpy.core.x509.fulcio_extensions": (f"{UNIT}/core/x509/test_fulcio_extensions.py",),
    "cosignpy.core.x509.spellings": (f"{UNIT}/core/x509/test_spellings.py",),
    "log_server.ct.entries": (f"{UNIT}/log_server/ct/test_entries.py",),
    "log_server.ct.roots": (f"{UNIT}/log_server/ct/test_roots.py",),
    "log_server.ct.issuer_paths": (f"{UNIT}/log_server/ct/test_issuer_paths.py",),
    "log_server.ct.accept_chain": (f"{UNIT}/log_server/ct/test_accept_chain.py",),
    "log_server.ct.sign_sct": (f"{UNIT}/log_server/ct/test_sign_sct.py",),
    "log_server.tlog.integrate": (f"{UNIT}/log_server/tlog/test_integrate.py",),
    "log_server.tlog.sequencer": (f"{UNIT}/log_server/tlog/test_sequencer.py",),
    "log_server.tlog.recover": (f"{UNIT}/log_server/tlog/test_recover.py",),
    "log_server.tlog.fsck": (f"{UNIT}/log_server/tlog/test_fsck.py",),
    "log_server.tlog.reader": (f"{UNIT}/log_server/tlog/test_reader.py",),
    "log_server.storage.journal": (f"{UNIT}/log_server/storage/test_journal.py",),
    "log_server.storage.segment": (f"{UNIT}/log_server/storage/test_journal.py",),
    "log_server.rekor.json_limits": (f"{UNIT}/log_server/rekor/test_json_limits.py",),
    "log_server.rekor.v2_request": (f"{UNIT}/log_server/rekor/test_v2_request.py",),
    "log_server.witness.judge": (f"{UNIT}/log_server/witness/test_witness.py",),
    "ca_server.tsa.clock": (f"{UNIT}/ca_server/tsa/test_clock.py",),
    "ca_server.tsa.json_request": (f"{UNIT}/ca_server/tsa/test_json_request.py",),
    "ca_server.tsa.policy": (f"{UNIT}/ca_server/tsa/test_policy.py",),
    "ca_server.tsa.respond": (f"{UNIT}/ca_server/tsa/test_respond.py",),
    "cosignpy.operations.verify_bundle": (f"{UNIT}/operations/test_verify_bundle.py",),
    "cosignpy.operations.verify_image": (
        f"{UNIT}/operations/test_verify_image.py",
        f"{UNIT}/operations/test_image_policies.py",
    ),
    "cosignpy.operations.candidates": (
        f"{UNIT}/operations/test_candidates.py",
        f"{UNIT}/operations/test_verify_image.py",
    ),
    "cosignpy.operations.expand": (f"{UNIT}/operations/test_expand.py",),
    "cosignpy.operations.sign_image": (f"{UNIT}/operations/test_sign_image.py",),
}
"""Modules that refuse things, and the tests that must notice when one stops to."""

EQUIVALENT: Final[Mapping[str, str]] = {
    "cosignpy.core.keys.signatures: _verify_ed25519ph: delete `raise InvalidSignature`": (
        "libsodium's binding refuses a signature of the wrong length with an error that is translated to the same"
    ),
    "cosignpy.core.keys.public: parse_der: delete `raise MalformedError(what, f'not a {key} public key') from error`": (
        "no other prefix fits either, and it is refused as not of a known kind: the same class, in other words"
    ),
    "cosignpy.core.merkle.proofs: _path: move the limit of `sibling.index + 1 << sibling.level <= size` at 0": (
        "the run of subtrees that covers a complete subtree is that subtree: the short way and the long are the same"
    ),
    (
        "log_server.rekor.v2_request: parse_request: drop `_parse_fast(raw)` "
        "from `_parse_fast(raw) or _parse_strictly(raw)`"
    ): "the strict reader reads all that the fast one does, more slowly",
    (
        "log_server.rekor.v2_request: _parse_fast: drop `verifier.public_key` "
        "from `verifier.public_key or verifier.x509_certificate`"
    ): "what the fast reader leaves, the strict one reads",
    (
        "log_server.rekor.v2_request: _parse_fast: drop `verifier.x509_certificate` "
        "from `verifier.public_key or verifier.x509_certificate`"
    ): "what the fast reader leaves, the strict one reads",
    (
        "log_server.storage.segment: _read_record: drop `len(content) == length` "
        "from `len(content) == length and _digest(salt, numbers, content) == wanted`"
    ): "the digest is over the length as well, so no shorter content has it",
    "log_server.storage.segment: _read_record: move the limit of `length <= MAX_CONTENT` at 0": (
        "a record of exactly a quarter gigabyte; one octet more is refused when it is appended"
    ),
    "log_server.storage.journal: append: move the limit of `len(batch.content) > MAX_CONTENT` at 0": (
        "a record of exactly a quarter gigabyte, which is more than a test should write"
    ),
    "log_server.storage.segment: _check_nothing_follows: move the limit of `place >= 0` at 0": (
        "the search begins at 1, so it never finds anything at 0"
    ),
    "log_server.storage.journal: _open_for_writing: move the limit of `os.fstat(handle).st_size > length` at 0": (
        "a file that ends where its last record does is cut there"
    ),
    "log_server.storage.journal: _write: move the limit of `written < len(frame) + len(batch.content)` at 0": (
        "there is no rest to write"
    ),
    "log_server.tlog.integrate: _build_tiles: move the limit of `begin < end` at 0": (
        "a tile to which nothing was added is then stored once more, as it was"
    ),
    "log_server.tlog.reader: _require: move the limit of `0 <= index < size` at 0": (
        "the first entry is then looked for in the newest checkpoint, as one that was not known yet"
    ),
    (
        "log_server.tlog.reader: _require: drop `not 0 <= index < size` "
        "from `not 0 <= index < size and (not 0 <= index < (size := self.tree().size))`"
    ): "the checkpoint is then read for each entry: the same answer, more slowly",
    "log_server.tlog.recover: _recover: drop `record.start` from `len(roots) == 1 and record.start`": (
        "computed from the tiles of an empty log, its end is that of an empty log"
    ),
    (
        "log_server.tlog.recover: _check_published: delete `raise LogDamaged('checkpoint', "
        "f'it covers {published.size} entries, and the journal ends `"
    ): "no root is known for that size, so the next check refuses it: the same class and file, in other words",
    "log_server.tlog.fsck: rebuild_tiles: move the limit of `tile.width < TILE_WIDTH` at 0": (
        "full tiles are then stored with the partial ones, at the end: the same files, and more memory"
    ),
    "cosignpy.core.keys.public: parse_der: delete `raise MalformedError(what, 'not a public key of a known kind')`": (
        "it is refused as not an RSA public key: the same class, in other words"
    ),
}
"""Mutants that no test can tell from the original, each with the reason."""

BOUNDARIES: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


@dataclass(frozen=True)
class Mutant:
    """One changed module: what was changed, readable and independent of line numbers, and its tree."""

    module: str
    change: str
    line: int
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.module}: {self.change}"


class Mutator(ast.NodeTransformer):
    """Walks the tree and applies the change with one number; counting without applying lists them all."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.count = 0
        self.change = ""
        self.line = 0
        self.function = "module"

    def _chosen(self, node: ast.expr | ast.stmt, change: str) -> bool:
        chosen = self.count == self.wanted
        self.count += 1
        if chosen:
            self.change, self.line = f"{self.function}: {change}", node.lineno
        return chosen

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer, self.function = self.function, node.name
        changed = self.generic_visit(node)
        self.function = outer
        return changed

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if self._chosen(node, f"delete `{first_line(node)}`"):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Call) and self._chosen(node, f"delete `{first_line(node)}`"):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            return node
        node.test = self._negated(node.test)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._negated(node.test)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.ifs = [self._negated(test) for test in node.ifs]
        return self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if isinstance(node.value, ast.BoolOp | ast.Compare):
            node.value = self._negated(node.value)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        for dropped in list(node.values):
            if self._chosen(dropped, f"drop `{first_line(dropped)}` from `{first_line(node)}`"):
                node.values = [value for value in node.values if value is not dropped]
                return self.generic_visit(node.values[0] if len(node.values) == 1 else node)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        for place, operator in enumerate(node.ops):
            other = BOUNDARIES.get(type(operator))
            if other is not None and self._chosen(node, f"move the limit of `{first_line(node)}` at {place}"):
                node.ops[place] = other()
        return self.generic_visit(node)

    def _negated(self, test: ast.expr) -> ast.expr:
        if self._chosen(test, f"negate `{first_line(test)}`"):
            return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
        return test


def first_line(node: ast.AST) -> str:
    """Return a node as code, shortened for people."""
    return ast.unparse(node).partition("\n")[0][:90]


def source_of(module: str) -> Path:
    """Return the file of a module without importing it."""
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


def mutants_of(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    source = source_of(module).read_text(encoding="utf-8")
    counter = Mutator()
    counter.visit(ast.parse(source))
    for number in range(counter.count):
        mutator = Mutator(number)
        tree = ast.fix_missing_locations(mutator.visit(ast.parse(source)))
        yield Mutant(module, mutator.change, mutator.line, tree)


class MutantLoader(Loader):
    """Executes the changed module in place of the one on disk."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def exec_module(self, module: ModuleType) -> None:
        code = compile(self.mutant.tree, str(source_of(self.mutant.module)), "exec")
        exec(code, module.__dict__)  # our own source with one node changed


@dataclass
class MutantFinder(MetaPathFinder):
    """Finds one module: the changed one."""

    mutant: Mutant

    def find_spec(self, fullname: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self.mutant.module:
            return None
        return spec_from_file_location(fullname, source_of(fullname), loader=MutantLoader(self.mutant))


def run_tests(mutant: Mutant | None, tests: Sequence[str]) -> int:
    """Run tests in a fresh process, with the mutant in place where there is one; return the child's process id."""
    child = os.fork()
    if child:
        return child
    signal.alarm(TIME_LIMIT)
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    if mutant is not None:
        sys.meta_path.insert(0, MutantFinder(mutant))
    os._exit(int(pytest.main([*QUICKLY, *tests])))


def survivors(mutants: Sequence[Mutant]) -> Iterator[Mutant]:
    """Run the tests of all mutants, a few at once, and yield those that none of them noticed."""
    waiting, running = list(mutants), dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < WORKERS:
            mutant = waiting.pop()
            running[run_tests(mutant, TARGETS[mutant.module])] = mutant
        child, status = os.wait()
        mutant = running.pop(child)
        if status == 0:
            yield mutant


def main(names: Sequence[str]) -> int:
    """Run all mutants of the modules whose names end so; without names, of all."""
    chosen = [module for module in TARGETS if not names or module.endswith(tuple(names))]
    if not chosen:
        sys.stderr.write(f"no module is called that; known are {', '.join(TARGETS)}\n")
        return 2
    for tests in {TARGETS[module] for module in chosen}:
        _, status = os.waitpid(run_tests(None, tests), 0)
        if status != 0:
            sys.stderr.write(f"the tests fail without any mutant: {' '.join(tests)}\n")
            return 1
    mutants = [mutant for module in chosen for mutant in mutants_of(module)]
    alive = 0
    for mutant in survivors([mutant for mutant in mutants if str(mutant) not in EQUIVALENT]):
        alive += 1
        where = source_of(mutant.module).relative_to(ROOT)
        sys.stdout.write(f"survived: {where}:{mutant.line}: {mutant}\n")
        sys.stdout.flush()
    unknown = [change for change in EQUIVALENT if not names and change not in set(map(str, mutants))]
    for change in unknown:
        sys.stdout.write(f"listed as equivalent, but there is no such mutant: {change}\n")
    sys.stdout.write(f"{len(mutants)} mutants, {len(EQUIVALENT)} equivalent, {alive} survived\n")
    return 1 if alive or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
