// What this page is told about its environment: one JSON file beside it.
import { Problem } from "./problems.js";

/**
 * @typedef {object} Login an OpenID Connect client without a secret
 * @property {string} issuer
 * @property {string} clientId
 * @property {string} [scope]
 * @property {string} [audience]
 */

/**
 * @typedef {object} Config
 * @property {string} title
 * @property {"webrtc" | "websocket"} transport how voice travels; text always takes the WebSocket
 * @property {string} tokenPath
 * @property {string} signedUrlPath
 * @property {string | null} firstMessage
 * @property {string | null} livekitUrl where voice goes in data residency environments
 * @property {Login | null} login
 */

const TRANSPORTS = ["webrtc", "websocket"];

/** @returns {Promise<Config>} */
export async function loadConfig() {
  const given = await fetchJson("config.json");
  const config = {
    title: "Speech Engine",
    transport: "webrtc",
    tokenPath: "/api/token",
    signedUrlPath: "/api/signed-url",
    firstMessage: null,
    livekitUrl: null,
    login: null,
    ...given,
  };
  if (!TRANSPORTS.includes(config.transport)) {
    throw new Problem(
      `This page is set up for the transport “${config.transport}”: make it webrtc or websocket in config.json.`,
    );
  }
  return config;
}

async function fetchJson(path) {
  try {
    const answer = await fetch(path, { cache: "no-store" });
    if (answer.ok) {
      return await answer.json();
    }
  } catch {
    // told below: unreachable and unreadable have the same remedy
  }
  throw new Problem(
    "This page can't read its config.json: load the page again; if that doesn't help, deploy the site again.",
  );
}
