"""Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature."""

import re
from typing import Final, Protocol

from cosignpy.core.encoding import decode_b64, encode_b64
from cosignpy.core.keys.signatures import Signer
from cosignpy.errors import LimitExceeded, MalformedError, SignatureMismatch
from cosignpy.values import value

MAX_NOTE_SIZE: Final = 1_000_000
"""Bytes of a whole note, as Go's reader has it; a checkpoint has some hundred."""
MAX_SIGNATURES: Final = 100
"""As Go's reader has it; the specification asks for 16 at least."""
HINT_SIZE: Final = 4

_DASH: Final = "\N{EM DASH} "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


@value
class NoteSignature:
    """One signature line: who says to have signed, the hint at the key, and the signature."""

    name: str
    hint: bytes
    signature: bytes

    def __post_init__(self) -> None:
        """Refuse what has no line.

        Raises:
            MalformedError: The name is none, the hint is not 4 bytes long, or there is no signature.
        """
        refuse_wrong_name(self.name)
        if len(self.hint) != HINT_SIZE or not self.signature:
            raise MalformedError("note signature", f"not {HINT_SIZE} bytes of hint and a signature")

    def encode(self) -> str:
        """Return the signature line, with its newline."""
        return f"{_DASH}{self.name} {encode_b64(self.hint + self.signature)}\n"


@value
class Note:
    """A text, which ends in a newline, and its signatures, none of them verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        """Refuse what would be read as another note.

        Raises:
            MalformedError: The text does not end in a newline or holds control characters, or nobody signed.
            LimitExceeded: Too many signatures.
        """
        if not self.text.endswith("\n"):
            raise MalformedError("note", "the text does not end in a newline")
        if _CONTROL.search(self.text):
            raise MalformedError("note", "it contains a control character")
        if not self.signatures:
            raise MalformedError("note", "nobody signed it")
        if len(self.signatures) > MAX_SIGNATURES:
            raise LimitExceeded("note", f"{len(self.signatures)} signatures, at most {MAX_SIGNATURES} are accepted")


class NoteVerifier(Protocol):
    """Whatever knows if a signature on a note is genuine; a name and a hint say which signatures it is asked about."""

    @property
    def name(self) -> str:
        """The name in the signature line."""
        ...

    @property
    def hint(self) -> bytes:
        """The first 4 bytes of the key id."""
        ...

    def verify(self, text: str, signature: bytes) -> None:
        """Show that the signature was made over the text.

        Raises:
            SignatureMismatch: It was not.
            MalformedError: It is not a signature of this type.
        """
        ...


def parse_note(raw: bytes) -> Note:
    """Parse a signed note. The last empty line ends the text; what follows are signatures, and nothing else.

    Raises:
        MalformedError: Not UTF-8, control characters, no empty line, or a line that is not a signature.
        LimitExceeded: Larger than a note may be, or with too many signatures.
    """
    if len(raw) > MAX_NOTE_SIZE:
        raise LimitExceeded("note", f"more than {MAX_NOTE_SIZE} bytes")
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("note", "not UTF-8") from error
    text, separator, lines = content.rpartition("\n\n")
    if not separator:
        raise MalformedError("note", "no empty line between text and signatures")
    if not lines.endswith("\n"):
        raise MalformedError("note", "the last line does not end in a newline")
    return Note(f"{text}\n", tuple(_parse_signature(line) for line in lines[:-1].split("\n")))


def encode_note(note: Note) -> bytes:
    """Encode a signed note."""
    return "\n".join([note.text, "".join(entry.encode() for entry in note.signatures)]).encode("utf-8")


def sign_note(text: str, name: str, hint: bytes, signer: Signer) -> NoteSignature:
    """Sign a text with the registered algorithm of the key; `log_key_id` tells the hint.

    Raises:
        MalformedError: The name is none.
    """
    return NoteSignature(name, hint, signer.sign(text.encode("utf-8")))


def verify_note(note: Note, verifier: NoteVerifier) -> None:
    """Show that the verifier's key signed the note; what other keys signed is not looked at.

    Raises:
        SignatureMismatch: There is no signature by this key, or one that is not genuine.
        MalformedError: A signature by this key is not of its type.
    """
    for found in dict.fromkeys(signatures_by(note, verifier)):  # the same line a hundred times is one to verify
        verifier.verify(note.text, found.signature)


def signatures_by(note: Note, verifier: NoteVerifier) -> tuple[NoteSignature, ...]:
    """Return the signatures that claim to be by a verifier's key, at least one; name and hint both have to agree.

    Raises:
        SignatureMismatch: There is none.
    """
    found = tuple(entry for entry in note.signatures if (entry.name, entry.hint) == (verifier.name, verifier.hint))
    if not found:
        raise SignatureMismatch(f"the note is not signed by {verifier.name} with key {verifier.hint.hex()}")
    return found


def refuse_wrong_name(name: str) -> None:
    """Refuse what cannot be the name of a key.

    Raises:
        MalformedError: Empty, or with white space, a plus sign or a control character.
    """
    if not name or "+" in name or _CONTROL.search(name) or any(character.isspace() for character in name):
        raise MalformedError("key name", f"{name!r} is empty or contains white space, '+' or a control character")


def _parse_signature(line: str) -> NoteSignature:
    dash, _, rest = line.partition(_DASH)
    name, separator, text = rest.partition(" ")
    if dash or not separator:
        raise MalformedError("note", "a line behind the text is not a signature")
    raw = decode_b64(text, what="note signature")
    return NoteSignature(name, raw[:HINT_SIZE], raw[HINT_SIZE:])
