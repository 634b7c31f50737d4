/**
 * An OpenID provider on the loopback, for sign-in tests.
 *
 * Usage: node oidc_server.mjs '{"port": 9001, "clients": [...], "accounts": {...}}'
 *
 * In, as one JSON argument:
 *   port         where to listen on 127.0.0.1; the issuer is http://127.0.0.1:<port>
 *   clients      [{client_id, client_secret?, redirect_uris, post_logout_redirect_uris?, ...}]; without a secret the
 *                client is public; other registration metadata is passed on as it is
 *   accounts     {sub: {name, preferred_username, ...}}; only these can sign in, with any password
 *   keyFile      optional: where the private signing keys are kept, so that a restarted server signs with the same key
 *   algorithm    "RS256" (default) or "ES256"
 *   watchStdin   true: exit when standard input ends, that is when the parent process is gone
 *
 * Out: the line `ready` on standard output once it listens; everything else goes to standard error.
 * Control: POST /_test/rotate, with an optional body {"keep_old": false}, signs with a new key from then on and
 * answers {"kid": <the new key>, "kids": [<all keys of the JWKS>]}.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const HOST = '127.0.0.1';
const SCOPES = ['openid', 'profile', 'email'];
const EMAIL_CLAIMS = ['email', 'email_verified'];
const BODY_LIMIT = 64 * 1024;

const { port, clients, accounts: accountList, keyFile, algorithm = 'RS256', watchStdin = false } = JSON.parse(
  process.argv[2],
);
const issuer = `http://${HOST}:${port}`;
const accounts = new Map(Object.entries(accountList));

// Keys ---------------------------------------------------------------------------------------------------------------

/** A new private signing key as a JWK with a kid that no other key has. */
function newKey() {
  const { privateKey } = algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid: randomBytes(8).toString('hex') };
}

/** The keys of an earlier run, or one new key; the first of them signs. */
function firstKeys() {
  return keyFile && existsSync(keyFile) ? JSON.parse(readFileSync(keyFile, 'utf8')).keys : [newKey()];
}

/** Write the private keys to keyFile, if there is one. */
function keepKeys(keys) {
  if (keyFile) {
    writeFileSync(keyFile, JSON.stringify({ keys }), { mode: 0o600 });
  }
}

// Storage ------------------------------------------------------------------------------------------------------------

const rows = new Map();

/** Sessions, grants and codes in memory, outside of the Provider, so that they outlive a change of keys. */
class SharedAdapter {
  constructor(model) {
    this.prefix = `${model}:`;
  }

  async upsert(id, payload, expiresIn) {
    rows.set(this.prefix + id, { payload, expires: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
  }

  async find(id) {
    const row = rows.get(this.prefix + id);
    return row && row.expires > Date.now() ? row.payload : undefined;
  }

  async findByUid(uid) {
    for (const [key, { payload, expires }] of rows) {
      if (key.startsWith(this.prefix) && payload.uid === uid && expires > Date.now()) {
        return payload;
      }
    }
    return undefined;
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    rows.get(this.prefix + id).payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    rows.delete(this.prefix + id);
  }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of rows) {
      if (key.startsWith(this.prefix) && payload.grantId === grantId) {
        rows.delete(key);
      }
    }
  }
}

// Pages --------------------------------------------------------------------------------------------------------------

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (value) => String(value).replace(/[&<>"']/g, (char) => ENTITIES[char]);

/** A whole HTML page that loads nothing else. */
function page(title, body) {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title><link rel="icon" href="data:,"></head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;
}

/** The sign-in form for one interaction; `problem` tells why the last try failed. */
function loginPage(uid, clientId, username, problem) {
  return page('Sign in', `${problem ? `<p id="problem" role="alert">${escapeHtml(problem)}</p>` : ''}
<form id="login-form" method="post" action="/interaction/${escapeHtml(uid)}" autocomplete="off">
<p>for ${escapeHtml(clientId)}</p>
<p><label>Account <input id="username" name="username" value="${escapeHtml(username)}" required autofocus></label></p>
<p><label>Password <input id="password" name="password" type="password" required></label></p>
<p><button id="submit" type="submit" name="action" value="login">Sign in</button>
<button id="cancel" type="submit" name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>`);
}

function logoutSource(ctx, form) {
  ctx.body = page('Sign out?', `${form}
<button id="logout-yes" type="submit" form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>
<button id="logout-no" type="submit" form="op.logoutForm">No, stay signed in</button>`);
}

function postLogoutSuccessSource(ctx) {
  ctx.body = page('Signed out', '<p id="signed-out">You are signed out.</p>');
}

function renderError(ctx, out) {
  ctx.type = 'html';
  ctx.body = page('Error', Object.entries(out)
    .map(([key, value]) => `<p id="${escapeHtml(key)}">${escapeHtml(key)}: ${escapeHtml(value)}</p>`).join('\n'));
}

// Provider -----------------------------------------------------------------------------------------------------------

/** A client as the tests give it, as registration metadata. */
function registration({ client_id: id, client_secret: secret, ...rest }) {
  return {
    client_id: id,
    ...(secret
      ? { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }
      : { token_endpoint_auth_method: 'none' }),
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: algorithm,
    ...rest,
  };
}

function findAccount(_ctx, sub) {
  const claims = accounts.get(sub);
  return claims && { accountId: sub, claims: () => ({ ...claims, sub }) };
}

/** Save a grant of every scope to one client and return it: nobody is asked for consent. */
async function grantAll(provider, accountId, clientId) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(SCOPES.join(' '));
  await grant.save();
  return grant;
}

async function loadExistingGrant({ oidc: { provider, session, client, account, result } }) {
  const id = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const grant = id && await provider.Grant.find(id);
  return grant || grantAll(provider, account.accountId, client.clientId);
}

const profileClaims = new Set(['name', 'preferred_username']);
for (const claims of accounts.values()) {
  Object.keys(claims).filter((claim) => !EMAIL_CLAIMS.includes(claim)).forEach((claim) => profileClaims.add(claim));
}

// A browser sends cookies to every port of a host: two providers side by side need names of their own.
const cookies = {
  keys: [randomBytes(16).toString('hex')],
  names: { session: `op${port}_session`, interaction: `op${port}_interaction`, resume: `op${port}_resume` },
};

/** A Provider that signs with the first of the keys and publishes all of them. */
function build(keys) {
  const provider = new Provider(issuer, {
    adapter: SharedAdapter,
    claims: { openid: ['sub'], profile: [...profileClaims], email: EMAIL_CLAIMS },
    clientBasedCORS: () => false,
    clients: clients.map(registration),
    conformIdTokenClaims: false,
    cookies,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    findAccount,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    jwks: { keys },
    loadExistingGrant,
    pkce: { required: () => true },
    renderError,
    responseTypes: ['code'],
    scopes: SCOPES,
    ttl: { AccessToken: 3600, Grant: 86400, IdToken: 3600, Interaction: 3600, Session: 86400 },
  });
  for (const event of ['server_error', 'authorization.error', 'grant.error', 'userinfo.error', 'end_session.error']) {
    provider.on(event, (_ctx, error) => console.error(event, error));
  }
  return { provider, handle: provider.callback() };
}

let keys = firstKeys();
let current = build(keys);
keepKeys(keys);

// HTTP ---------------------------------------------------------------------------------------------------------------

async function readBody(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > BODY_LIMIT) {
      throw new Error('the body is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(res, status, type, body) {
  res.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
}

/** Show the sign-in form, or take what was filled in. */
async function interact(req, res) {
  const { provider } = current;
  const { uid, prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'consent') { // asked for with prompt=consent: given at once
    const { jti: grantId } = await grantAll(provider, session.accountId, params.client_id);
    await provider.interactionFinished(req, res, { consent: { grantId } });
    return;
  }
  if (req.method !== 'POST') {
    send(res, 200, 'text/html', loginPage(uid, params.client_id, params.login_hint ?? ''));
    return;
  }
  const form = new URLSearchParams(await readBody(req));
  const username = form.get('username') ?? '';
  if (form.get('action') === 'cancel') {
    const result = { error: 'access_denied', error_description: 'the sign-in was cancelled' };
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  } else if (accounts.has(username) && form.get('password')) {
    const result = { login: { accountId: username } };
    await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  } else {
    send(res, 200, 'text/html', loginPage(uid, params.client_id, username, 'Unknown account or no password.'));
  }
}

/** Put a new key in front of the old ones, or in their place. */
async function rotate(req, res) {
  const body = await readBody(req);
  const { keep_old: keepOld = true } = body ? JSON.parse(body) : {};
  keys = [newKey(), ...(keepOld ? keys : [])];
  current = build(keys); // oidc-provider takes its keys once
  keepKeys(keys);
  send(res, 200, 'application/json', JSON.stringify({ kid: keys[0].kid, kids: keys.map(({ kid }) => kid) }));
}

async function route(req, res) {
  const { pathname } = new URL(req.url, issuer);
  if (pathname === '/_test/rotate' && req.method === 'POST') {
    await rotate(req, res);
  } else if (pathname.startsWith('/interaction/')) {
    await interact(req, res);
  } else {
    await current.handle(req, res);
  }
}

const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
  route(req, res).catch((error) => {
    console.error(req.method, req.url, error);
    if (res.headersSent) {
      res.destroy();
    } else {
      send(res, error.status ?? 500, 'text/html', page('Error', `<p id="error">${escapeHtml(error.message)}</p>`));
    }
  });
});

if (watchStdin) {
  process.stdin.resume().on('end', () => process.exit(0));
}
server.listen(port, HOST, () => process.stdout.write('ready\n'));
