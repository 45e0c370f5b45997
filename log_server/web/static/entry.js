// Checks the proof of the entry on this page, step by step, from what the page shows.

import {
  Refuted,
  Unsupported,
  certificateIn,
  equal,
  fromBase64,
  fromHex,
  fromPem,
  hashLeaf,
  impliedRoot,
  parseCheckpoint,
  sha256,
  toHex,
  verifyCheckpoint,
} from "./proof.js";

const proof = document.getElementById("proof");
const text = (selector) => document.querySelector(selector)?.textContent;

/** Read what the page shows; whatever was altered on the page is altered here as well. */
function collect() {
  const { index, size, origin, signer, hint, form, algorithm } = proof.dataset;
  return {
    body: text("#body"),
    certificate: text("#certificate"),
    leaf: fromBase64(text("#leaf")),
    index: BigInt(index),
    size: BigInt(size),
    path: Array.from(document.querySelectorAll("#path code"), (code) => fromHex(code.textContent)),
    origin,
    checkpoint: parseCheckpoint(text("#checkpoint")),
    fingerprint: text("#fingerprint"),
    log: { signer, hint, form, algorithm, key: fromPem(text("#key")) },
  };
}

/** The steps in order, none of which relies on another having been taken. Each says what it found. */
const STEPS = [
  async function entry({ body, certificate, leaf }) {
    const [shown, logged] =
      body === undefined ? [fromPem(certificate ?? ""), certificateIn(leaf)] : [new TextEncoder().encode(body), leaf];
    const what = body === undefined ? "certificate" : "body";
    if (logged === null) {
      return (
        `The leaf, ${leaf.length} bytes, is what was certified of a precertificate. ` +
        "It does not hold all that this page shows of it; the rest is the server's word."
      );
    }
    if (!equal(shown, logged)) throw new Refuted(`The ${what} on this page is not the one in the leaf.`);
    return `The ${what} on this page is the one in the leaf, byte for byte: ${logged.length} bytes.`;
  },
  async function leafHash({ leaf }) {
    return ["Hashed as a leaf, it is", toHex(await hashLeaf(leaf))];
  },
  async function root({ index, size, leaf, path, checkpoint }) {
    const found = await impliedRoot(index, size, await hashLeaf(leaf), path);
    if (!equal(found, checkpoint.root)) {
      throw new Refuted("The proof leads to another root than that in the checkpoint.", toHex(found));
    }
    const hashes = path.length === 1 ? "1 hash leads" : `${path.length} hashes lead`;
    return [`From leaf ${index}, ${hashes} to the root in the checkpoint,`, toHex(found)];
  },
  async function tree({ size, origin, checkpoint }) {
    if (checkpoint.size !== size) {
      throw new Refuted(`The proof is for a tree of ${size}, and the checkpoint for one of ${checkpoint.size}.`);
    }
    if (checkpoint.origin !== origin) throw new Refuted(`The checkpoint is that of another log, ${checkpoint.origin}.`);
    return `The checkpoint is that of ${origin}, and speaks of ${size} ${size === 1n ? "entry" : "entries"} as the proof does.`;
  },
  async function signature({ checkpoint, fingerprint, log }) {
    const found = `sha256:${toHex(await sha256(log.key))}`;
    if (found !== fingerprint) throw new Refuted("The key has another fingerprint than the page says.", found);
    await verifyCheckpoint(checkpoint, log);
    return [`The checkpoint is signed by ${log.signer} with the ${log.algorithm} key that has the fingerprint`, found];
  },
];

const GLYPHS = { verified: "\u2713", failed: "\u2717", open: "?" };
const WORDS = { verified: "Holds", failed: "Fails", open: "Not checked" };

/** Take a step; any error that is not about the proof is ours, and then nothing is claimed. */
async function take(step, facts) {
  try {
    return { state: "verified", said: [await step(facts)].flat() };
  } catch (error) {
    return { state: error instanceof Refuted ? "failed" : "open", said: [reason(error), error.hash] };
  }
}

const reason = (error) =>
  error instanceof Refuted || error instanceof Unsupported ? error.message : `The script failed: ${error}.`;

function show({ state, said: [sentence, hash] }) {
  const item = document.createElement("li");
  item.dataset.state = state;
  item.append(mark(GLYPHS[state], WORDS[state]), sentence);
  if (hash) {
    const code = document.createElement("code");
    code.textContent = hash;
    item.append(" ", code);
  }
  document.getElementById("steps").append(item);
}

function mark(glyph, word) {
  const sign = document.createElement("span");
  sign.className = "mark";
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", `${word}:`);
  sign.textContent = glyph;
  return sign;
}

function conclude(state, sentence) {
  const verdict = document.getElementById("verdict");
  verdict.dataset.state = state;
  verdict.textContent = sentence;
}

async function check() {
  const taken = [];
  const facts = collect();
  for (const step of STEPS) {
    taken.push(await take(step, facts));
    show(taken.at(-1));
  }
  const worst = ["failed", "open"].map((state) => taken.find((one) => one.state === state)).find((one) => one);
  if (!worst) return conclude("verified", "Verified in this browser: the entry is in the log that signed the checkpoint.");
  const opening = worst.state === "failed" ? "The proof does not hold." : "Not fully checked.";
  return conclude(worst.state, `${opening} ${worst.said[0]}`);
}

async function start() {
  if (!globalThis.crypto?.subtle) {
    return conclude(
      "open",
      "Not checked. Browsers lend their cryptography only to pages that come over https or from the same machine. " +
        "Over plain http, anyone on the way could also have changed this page and its script. " +
        "Open it over https, or have a program of your own verify the proof.",
    );
  }
  try {
    return await check();
  } catch (error) {
    return conclude(error instanceof Refuted ? "failed" : "open", `The proof cannot be read. ${reason(error)}`);
  }
}

await start();
proof.dataset.done = "true";
