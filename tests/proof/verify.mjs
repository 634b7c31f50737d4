// What verifiers nobody here wrote say of credentials: `jose` of signatures, `jsonld` of words, and
// `vc-bitstring-status-list` of the list. Reads {did, tokens, list, context} as JSON from stdin and answers in JSON.

import { createRequire } from "node:module";
import { compactVerify, decodeProtectedHeader, importJWK } from "jose";
import jsonld from "jsonld";
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";

const require = createRequire(import.meta.url);
const known = require("@digitalbazaar/credentials-context").contexts;

let text = "";
for await (const part of process.stdin) text += part;
const { did, tokens, list, context } = JSON.parse(text);

async function verified(token) {
  const { kid } = decodeProtectedHeader(token);
  const method = did.verificationMethod.find((one) => one.id === kid);
  if (!method || !did.assertionMethod.includes(kid)) throw new Error("no such key");
  const key = await importJWK(method.publicKeyJwk);
  const { payload } = await compactVerify(token, key, { algorithms: ["ES256"] });
  return JSON.parse(new TextDecoder().decode(payload));
}

const OF_JWT = ["iss", "jti", "nbf", "exp", "sub"];
const credential = (payload) => Object.fromEntries(Object.entries(payload).filter(([name]) => !OF_JWT.includes(name)));

const contexts = new Map([...known, ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", context]]);

function documentLoader(url) {
  if (list && list.url === url) return { documentUrl: url, document: list.credential };
  if (contexts.has(url)) return { documentUrl: url, document: contexts.get(url) };
  throw new Error(`not at hand: ${url}`);
}

const answers = [];
for (const token of tokens) {
  try {
    const payload = await verified(token);
    // safe: a word that no context knows is an error
    const expanded = await jsonld.expand(credential(payload), { documentLoader, safe: true });
    const answer = { ok: true, id: payload.id, types: expanded[0]["@type"] };
    if (list) {
      list.credential = credential(await verified(list.token));
      const found = await checkStatus({
        credential: credential(payload),
        documentLoader,
        verifyBitstringStatusListCredential: false, // its signature was verified above; this library knows none of JWT
      });
      answer.status = { verified: found.verified, error: found.error?.message, results: found.results };
    }
    answers.push(answer);
  } catch (error) {
    answers.push({ ok: false, error: error.message, details: error.details });
  }
}
process.stdout.write(JSON.stringify(answers));
