// From anything that can go wrong to one line for people: what is wrong, and what to do.

/** A failure whose message is meant for people as it is. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {{needsLogin?: boolean}} [more]
   */
  constructor(message, { needsLogin = false } = {}) {
    super(message);
    this.needsLogin = needsLogin;
  }
}

// https://developer.mozilla.org/en-US/docs/Web/API/MediaDevices/getUserMedia#exceptions
const MICROPHONE = {
  NotAllowedError:
    "The microphone is blocked: allow it in the browser's address bar, or write instead.",
  NotFoundError: "There is no microphone: connect one, or write instead.",
  NotReadableError: "Another program holds the microphone: close that program, or write instead.",
};

// What a person can do about the endings that say nothing by themselves.
const CLOSE_CODES = {
  1006: "The connection was lost: check your network, then start again.",
  1011: "The agent could not answer: start again in a moment.",
};

/**
 * @param {unknown} error
 * @returns {string}
 */
export function describeError(error) {
  if (error instanceof Problem) {
    return error.message;
  }
  if (error instanceof DOMException && error.name in MICROPHONE) {
    return MICROPHONE[error.name];
  }
  const { closeCode, closeReason } = /** @type {any} */ (error);
  return describeEnd(closeCode, closeReason || asLine(error));
}

/**
 * The reason of an end that nobody on this side asked for.
 * @param {number | undefined} closeCode
 * @param {string | undefined} reason
 */
export function describeEnd(closeCode, reason) {
  if (closeCode !== undefined && closeCode in CLOSE_CODES) {
    const own = closeCode === 1006 ? "" : asLine(reason ?? "");
    return own ? `${own} ${CLOSE_CODES[closeCode]}` : CLOSE_CODES[closeCode];
  }
  return `${asLine(reason ?? "") || "The conversation ended unexpectedly."} Start again; if it stays, tell whoever runs this page.`;
}

/** Why voice can't work on this page at all, or nothing. */
export function describeMissingVoice() {
  if (!window.isSecureContext) {
    return "Voice needs an address that begins with https: open the page there, or write instead.";
  }
  if (!navigator.mediaDevices || !window.AudioWorkletNode) {
    return "This browser has no voice: use a newer one, or write instead.";
  }
  return null;
}

/** @param {unknown} value */
function asLine(value) {
  const text = value instanceof Error ? value.message : String(value ?? "");
  const line = text.replace(/\s+/g, " ").trim().slice(0, 200);
  return !line || /[.!?]$/.test(line) ? line : `${line}.`;
}
