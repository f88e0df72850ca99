// Signing in with OpenID Connect: authorization code with PKCE, for a client without a secret.
// https://datatracker.ietf.org/doc/html/rfc7636
import { Problem } from "./problems.js";

const STORED = "login under way";
const FAILED = "Signing in did not work: try again; if it stays, tell whoever runs this page.";

/**
 * Leave for the issuer's page; it comes back to this one.
 * @param {import("./config.js").Login} login
 */
export async function startLogin(login) {
  const { authorization_endpoint: endpoint } = await discover(login);
  const [state, verifier] = [randomText(), randomText()];
  sessionStorage.setItem(STORED, JSON.stringify({ state, verifier }));
  const address = new URL(endpoint);
  const query = {
    response_type: "code",
    client_id: login.clientId,
    redirect_uri: ownAddress(),
    scope: login.scope ?? "openid",
    state,
    code_challenge: await hash(verifier),
    code_challenge_method: "S256",
    ...(login.audience && { audience: login.audience }),
  };
  Object.entries(query).forEach(([name, value]) => address.searchParams.set(name, value));
  location.assign(address);
}

/**
 * Turn what the issuer sent along into an access token; nothing if nobody just came back.
 * It is kept in memory alone.
 * @param {import("./config.js").Login} login
 * @returns {Promise<string | null>}
 */
export async function finishLogin(login) {
  const sent = new URLSearchParams(location.search);
  const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  if (stored === null || !(sent.has("code") || sent.has("error"))) {
    return null;
  }
  sessionStorage.removeItem(STORED);
  history.replaceState(null, "", ownAddress());
  if (sent.get("state") !== stored.state || !sent.has("code")) {
    throw new Problem(FAILED, { needsLogin: true });
  }
  return exchange(login, sent.get("code"), stored.verifier);
}

async function exchange(login, code, verifier) {
  const { token_endpoint: endpoint } = await discover(login);
  const answer = await fetchJson(endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: login.clientId,
      redirect_uri: ownAddress(),
      code,
      code_verifier: verifier,
    }),
  });
  return answer.access_token;
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html */
function discover(login) {
  return fetchJson(`${login.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
}

async function fetchJson(address, options = {}) {
  const answer = await fetch(address, options).catch(() => null);
  if (!answer?.ok) {
    throw new Problem(FAILED, { needsLogin: true });
  }
  return answer.json();
}

function ownAddress() {
  return location.origin + location.pathname;
}

function randomText() {
  return encode(crypto.getRandomValues(new Uint8Array(32)));
}

async function hash(text) {
  return encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** @param {Uint8Array} bytes */
function encode(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
