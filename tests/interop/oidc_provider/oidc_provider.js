#!/usr/bin/env node
// Serves npm's oidc-provider on this machine: `oidc_provider PORT KEYS SECRET`.
//
// KEYS is a file with a private JWK set, whose first key signs. SECRET is the one of the service account `ci`. It prints
// a line when it is ready.
'use strict';

const fs = require('node:fs');

const AUDIENCE = 'sigstore';
const RESOURCE = 'urn:sigstore'; // what tokens of service accounts are for; the audience follows from it
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const CLIENTS = (secret) => [
  {
    client_id: AUDIENCE,
    application_type: 'native', // any port of this machine
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', DEVICE],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/auth/callback', 'http://localhost/auth/callback'],
  },
  {
    client_id: 'ci',
    client_secret: secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  },
];

// Whoever signs in is the address that was typed in.
const findAccount = async (_, id) => ({
  accountId: id,
  claims: async () => ({ sub: id, email: id, email_verified: true }),
});

function configure(jwks, secret) {
  const resourceIndicators = {
    enabled: true,
    defaultResource: async (ctx, client) => (client.clientId === 'ci' ? RESOURCE : undefined),
    useGrantedResource: async () => true,
    getResourceServerInfo: async () => ({
      scope: '',
      audience: AUDIENCE,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  };
  return {
    jwks,
    clients: CLIENTS(secret),
    findAccount,
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false, // the address belongs into the ID token, as with Dex
    pkce: { required: () => true },
    cookies: { keys: ['of no consequence'] },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators,
    },
  };
}

async function main([port, keys, secret]) {
  const { Provider } = await import('oidc-provider');
  const provider = new Provider(`http://127.0.0.1:${port}`, configure(JSON.parse(fs.readFileSync(keys, 'utf8')), secret));
  provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
}

main(process.argv.slice(2));
