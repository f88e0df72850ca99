// Permission for one conversation, from this page's own endpoint: it has the key, the browser not.
import { Problem } from "./problems.js";

const LIMIT_MS = 15_000;

/**
 * @typedef {object} Access
 * @property {{signedUrl: string} | {conversationToken: string}} session what the client starts with
 * @property {string | null} userTicket who speaks, for the agent; signed by the endpoint
 */

/**
 * @param {import("./config.js").Config} config
 * @param {{voice: boolean, bearer: string | null}} wish
 * @returns {Promise<Access>}
 */
export async function requestAccess(config, { voice, bearer }) {
  const byToken = voice && config.transport === "webrtc";
  const answer = await request(byToken ? config.tokenPath : config.signedUrlPath, bearer);
  const value = byToken ? answer.token : answer.signedUrl;
  if (typeof value !== "string") {
    throw new Problem("The token service gave no token: tell whoever runs this page.");
  }
  return {
    session: byToken ? { conversationToken: value } : { signedUrl: value },
    userTicket: answer.userTicket ?? null,
  };
}

async function request(path, bearer) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: "no-store",
      headers: bearer ? { Authorization: `Bearer ${bearer}` } : {},
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch {
    throw new Problem("The token service can't be reached: check your network, then try again.");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) {
    return body;
  }
  throw refusal(answer.status, typeof body.detail === "string" ? body.detail : "");
}

function refusal(status, detail) {
  if (status === 401 || status === 403) {
    return new Problem("You are not signed in, or not allowed to talk: sign in, then try again.", {
      needsLogin: true,
    });
  }
  if (status === 429) {
    return new Problem("Too many conversations right now: wait a minute, then try again.");
  }
  return new Problem(
    detail || `The token service failed (${status}): try again in a moment.`,
  );
}
