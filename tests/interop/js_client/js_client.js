#!/usr/bin/env node
// Signs into a transparency log, and verifies bundles, with sigstore's own JavaScript packages. It prints one JSON text.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { bundleFromJSON, bundleToJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');

// The major versions of @sigstore/sign and of @sigstore/verify, by the names under which they are installed.
const SIGN = { 4: 'sign4', 5: 'sign5' };
const VERIFY = { 3: 'verify3', 4: 'verify4' };
const HINT = 'key';
const NO_RETRIES = 0;
const TIMEOUT_MS = 5000; // what sigstore-js really gives a log

// Signs once and remembers that in a file, if told to: a retry sends the same signature again.
function signOnce(data, privateKey, remembered) {
  if (remembered && fs.existsSync(remembered)) {
    return fs.readFileSync(remembered);
  }
  const signature = crypto.sign('sha256', data, privateKey);
  if (remembered) {
    fs.writeFileSync(remembered, signature);
  }
  return signature;
}

function keySigner(keyPath, certificatePath, remembered) {
  const privateKey = crypto.createPrivateKey(fs.readFileSync(keyPath));
  const key = certificatePath
    ? { $case: 'x509Certificate', certificate: fs.readFileSync(certificatePath, 'utf8') }
    : {
        $case: 'publicKey',
        publicKey: crypto.createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
        hint: HINT,
      };
  return {
    sign: async (data) => ({ signature: signOnce(data, privateKey, remembered), key }),
  };
}

// A key of its own, certified for whoever a token names.
function fulcioSigner(packaged, url, token) {
  return new packaged.FulcioSigner({
    fulcioBaseURL: url,
    identityProvider: { getToken: async () => token },
    retry: NO_RETRIES,
    timeout: TIMEOUT_MS,
  });
}

// settings: {package, url, version, entryType, fetchOnConflict, key, certificate, remembered,
// artifact, type, tsa}; in place of key and certificate there may be {fulcio, token}
async function sign(settings) {
  const packaged = require(SIGN[settings.package]);
  const witnesses = [
    new packaged.RekorWitness({
      rekorBaseURL: settings.url,
      majorApiVersion: settings.version,
      entryType: settings.entryType,
      fetchOnConflict: settings.fetchOnConflict,
      retry: NO_RETRIES,
      timeout: TIMEOUT_MS,
    }),
  ];
  if (settings.tsa) {
    witnesses.push(new packaged.TSAWitness({ tsaBaseURL: settings.tsa, retry: NO_RETRIES, timeout: TIMEOUT_MS }));
  }
  const signer = settings.fulcio
    ? fulcioSigner(packaged, settings.fulcio, fs.readFileSync(settings.token, 'utf8'))
    : keySigner(settings.key, settings.certificate, settings.remembered);
  const options = { signer, witnesses };
  const builder = settings.type
    ? new packaged.DSSEBundleBuilder({ ...options, certificateChain: false })
    : new packaged.MessageSignatureBundleBuilder(options);
  const data = fs.readFileSync(settings.artifact);
  return bundleToJSON(await builder.create({ data, type: settings.type }));
}

function readSpki(publicKeyPath) {
  return crypto.createPublicKey(fs.readFileSync(publicKeyPath)).export({ type: 'spki', format: 'der' });
}

// settings: {package, trustedRoot, bundle, artifact, publicKey, timestamps, scts}
async function verify(settings) {
  const packaged = require(VERIFY[settings.package]);
  const root = TrustedRoot.fromJSON(JSON.parse(fs.readFileSync(settings.trustedRoot, 'utf8')));
  const keys = settings.publicKey ? { [HINT]: { rawBytes: readSpki(settings.publicKey) } } : {};
  const verifier = new packaged.Verifier(packaged.toTrustMaterial(root, keys), {
    tlogThreshold: 1,
    ctlogThreshold: settings.scts,
    timestampThreshold: settings.timestamps,
  });
  const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(settings.bundle, 'utf8')));
  const artifact = settings.artifact ? fs.readFileSync(settings.artifact) : undefined;
  const signer = verifier.verify(packaged.toSignedEntity(bundle, artifact));
  return { verified: true, identity: signer.identity ?? null };
}

const COMMANDS = { sign, verify };

const [, program, command, settings] = process.argv;
if (!(command in COMMANDS)) {
  console.error(`usage: ${path.basename(program)} sign|verify JSON`);
  process.exit(2);
}
COMMANDS[command](JSON.parse(settings)).then(
  (result) => console.log(JSON.stringify(result)),
  (error) => {
    console.error(JSON.stringify({ code: error.code, message: error.message, cause: error.cause?.message }));
    process.exit(1);
  },
);
