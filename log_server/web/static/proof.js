// Inclusion proofs and signed checkpoints, with nothing but what browsers have built in.
// RFC 9162 section 2.1.3.2 (the hashes are those of RFC 6962), C2SP signed-note, tlog-checkpoint and static-ct-api.

/** What was checked, and does not hold; `hash` is what was found instead, if that is a hash. */
export class Refuted extends Error {
  constructor(message, hash) {
    super(message);
    this.hash = hash;
  }
}

/** What this browser cannot check. */
export class Unsupported extends Error {}

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const equal = (one, other) => toHex(one) === toHex(other);

/** Decode base64; the browser's decoder forgives white space, which the text of a page has. */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Refuted("Something that should be base64 is not.");
  }
}

/** Take the DER out of a PEM file. */
export const fromPem = (text) => fromBase64(text.replace(/-----[A-Z ]+-----/g, ""));

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const hashLeaf = (entry) => sha256(join([0], entry));
const hashChildren = (left, right) => sha256(join([1], left, right));

/** Compute the root that a proof implies: the steps of RFC 9162 section 2.1.3.2, with its names. */
export async function impliedRoot(index, size, leafHash, path) {
  let fn = index;
  let sn = size - 1n;
  let r = leafHash;
  if (fn < 0n || fn > sn) throw new Refuted(`A tree of ${size} has no leaf ${index}.`);
  for (const p of path) {
    if (sn === 0n) throw new Refuted("The proof has more hashes than the tree has levels.");
    if (fn & 1n || fn === sn) {
      r = await hashChildren(p, r);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = await hashChildren(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw new Refuted("The proof has fewer hashes than the tree has levels.");
  return r;
}

/** Cut the certificate out of a MerkleTreeLeaf (RFC 6962 section 3.4); null where a precertificate was logged. */
export function certificateIn(leaf) {
  const [start, type] = [15, leaf[10] * 256 + leaf[11]];
  const length = (leaf[12] * 256 + leaf[13]) * 256 + leaf[14];
  if (leaf[0] !== 0 || leaf[1] !== 0 || type > 1) throw new Refuted("The leaf is not one of certificate transparency.");
  return type === 0 ? leaf.subarray(start, start + length) : null;
}

/** Read a checkpoint: what is signed, what it says, and who signed. */
export function parseCheckpoint(note) {
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  if (end < 0 || !/^(0|[1-9][0-9]*)$/.test(size ?? "") || !root) throw new Refuted("The checkpoint is not one.");
  const lines = note.slice(end + 2).split("\n").filter((line) => line);
  return { text, origin, size: BigInt(size), root: fromBase64(root), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const found = /^\u2014 (\S+) (\S+)$/.exec(line);
  if (!found) throw new Refuted("A line behind the checkpoint is not a signature.");
  const raw = fromBase64(found[2]);
  return { name: found[1], hint: toHex(raw.subarray(0, 4)), signature: raw.subarray(4) };
}

const ecdsa = (curve, hash, width) => ({
  key: { name: "ECDSA", namedCurve: curve },
  how: { name: "ECDSA", hash },
  convert: (signature) => fromDer(signature, width),
});
const rsa = { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, how: "RSASSA-PKCS1-v1_5", convert: (raw) => raw };

/** How each kind of key signs; the names are those that the server gives them. */
const ALGORITHMS = {
  "P-256": ecdsa("P-256", "SHA-256", 32),
  "P-384": ecdsa("P-384", "SHA-384", 48),
  "P-521": ecdsa("P-521", "SHA-512", 66),
  "RSA-2048": rsa,
  "RSA-3072": rsa,
  "RSA-4096": rsa,
  Ed25519: { key: "Ed25519", how: "Ed25519", convert: (raw) => raw },
};

/** Turn the DER of an ECDSA signature into two numbers of fixed width (RFC 3279 section 2.2.3 to IEEE P1363). */
function fromDer(der, width) {
  const wide = der[1] === 0x81 ? 1 : 0;
  let place = 2 + wide;
  if (der[0] !== 0x30 || der[1 + wide] !== der.length - place) throw new Refuted("The signature is not DER.");
  const numbers = [0, 1].map(() => {
    const content = place + 2;
    place = content + der[place + 1];
    if (der[content - 2] !== 2 || place > der.length) throw new Refuted("The signature is not DER.");
    const digits = toHex(der.subarray(content, place)).replace(/^(00)+/, "");
    if (digits.length > 2 * width) throw new Refuted("The signature is too long for the key.");
    return fromHex(digits.padStart(2 * width, "0"));
  });
  if (place !== der.length) throw new Refuted("The signature is not DER.");
  return join(...numbers);
}

/** Verify that the log's key signed a checkpoint; `log` has name, hint, form, algorithm and key (DER). */
export async function verifyCheckpoint(checkpoint, log) {
  const found = checkpoint.signatures.filter((one) => one.name === log.signer && one.hint === log.hint);
  if (!found.length) throw new Refuted(`The checkpoint bears no signature of ${log.signer} with key ${log.hint}.`);
  const { how, convert } = ALGORITHMS[log.algorithm] ?? unsupported(log.algorithm);
  const key = await importKey(log);
  for (const one of found) {
    const { message, signature } = FORMS[log.form](checkpoint, one.signature, log);
    if (!(await crypto.subtle.verify(how, key, convert(signature), message))) {
      throw new Refuted("The signature of the checkpoint was not made with the key of the log.");
    }
  }
}

async function importKey(log) {
  try {
    return await crypto.subtle.importKey("spki", log.key, ALGORITHMS[log.algorithm].key, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") unsupported(log.algorithm);
    throw new Refuted(`The key of the log is not the ${log.algorithm} key that the page says it is.`);
  }
}

function unsupported(algorithm) {
  throw new Unsupported(`This browser cannot verify signatures of ${algorithm} keys.`);
}

/** What is signed: the text of the note, or for certificate transparency the tree head it describes. */
const FORMS = {
  note: (checkpoint, signature) => ({ message: new TextEncoder().encode(checkpoint.text), signature }),
  "tree-head": (checkpoint, signature, log) => {
    const head = new DataView(new ArrayBuffer(18));
    head.setUint16(0, 1); // version 1 is 0, signature_type tree_hash is 1
    head.setBigUint64(10, checkpoint.size);
    const message = join(new Uint8Array(head.buffer), checkpoint.root);
    message.set(signature.subarray(0, 8), 2);
    return { message, signature: fromDigitallySigned(signature.subarray(8), log.algorithm) };
  },
};

/** Unwrap what TLS puts around a signature: SHA-256, kind of signature, length (RFC 5246 section 4.7). */
function fromDigitallySigned(raw, algorithm) {
  const signature = raw.subarray(4);
  const kind = algorithm.startsWith("RSA") ? 1 : 3;
  if (raw[0] !== 4 || raw[1] !== kind || raw[2] * 256 + raw[3] !== signature.length) {
    throw new Refuted("The signature of the tree head is not one with SHA-256 and the key of the log.");
  }
  return signature;
}
