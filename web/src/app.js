// The page's root: puts configuration, access, conversation, transcript and controls together.
import { requestAccess } from "./access.js";
import { loadConfig } from "./config.js";
import { finishLogin, startLogin } from "./login.js";
import { describeEnd, describeError, describeMissingVoice, Problem } from "./problems.js";
import { startSession } from "./session.js";
import { Transcript } from "./transcript.js";
import { View } from "./view.js";

const view = new View();
const transcript = new Transcript(view.transcript, view.announcer);

/**
 * What has to be known before a conversation; asked for again after a failure.
 * @typedef {{config: import("./config.js").Config, bearer: string | null}} Prepared
 * @type {Promise<Prepared> | null}
 */
let prepared = null;
/** @type {import("./config.js").Login | null} */
let login = null;
/** @type {import("@elevenlabs/client").Conversation | null} */
let conversation = null;
/** What counts is the newest attempt: events of one that was given up are for nobody. */
let attempt = 0;
let muted = false;

/** @param {unknown} error */
function showError(error) {
  view.showProblem(describeError(error));
  view.offerSignIn(error instanceof Problem && error.needsLogin && login !== null);
}

/** @returns {Promise<Prepared>} */
function prepareOnce() {
  prepared ??= prepare().catch((error) => {
    prepared = null;
    throw error;
  });
  return prepared;
}

async function prepare() {
  const config = await loadConfig();
  view.setTitle(config.title);
  login = config.login;
  const bearer = login && (await finishLogin(login));
  view.offerSignIn(login !== null && bearer === null);
  return { config, bearer };
}

/** @param {number} own */
function makeListener(own) {
  const listener = {
    onUserText: (text) => transcript.addHeard(text),
    onAgentText: (text, eventId) => transcript.addAnswer(text, eventId),
    onAgentPart: (text, eventId) => transcript.addPart(text, eventId),
    onAgentCorrection: (text, eventId) => transcript.correct(text, eventId),
    onInterruption: () => transcript.interrupt(),
    onMode: (mode) => view.showMode(mode),
    onTrouble: (message) => view.showProblem(describeEnd(undefined, message)),
    onEnd: finish,
  };
  const onlyNewest = ([name, act]) => [name, (...values) => own === attempt && act(...values)];
  return Object.fromEntries(Object.entries(listener).map(onlyNewest));
}

/**
 * @param {boolean} voice
 * @returns {Promise<boolean>} whether a conversation is on
 */
async function start(voice) {
  const own = ++attempt;
  const missing = voice ? describeMissingVoice() : null;
  if (missing) {
    view.showProblem(missing);
    return false;
  }
  view.showProblem(null);
  view.showPhase("connecting", { voice });
  try {
    const { config, bearer } = await prepareOnce();
    const access = await requestAccess(config, { voice, bearer });
    if (own !== attempt) {
      return false;
    }
    const started = await startSession(config, access, { voice, listener: makeListener(own) });
    if (own !== attempt) {
      await started.endSession();
      return false;
    }
    if (!started.isOpen()) {
      return false; // it ended in the meantime, and finish() has told so
    }
    conversation = started;
    muted = false;
    view.showPhase("live", { voice });
    return true;
  } catch (error) {
    if (own === attempt) {
      view.showPhase("idle");
      showError(error);
    }
    return false;
  }
}

/** @param {import("@elevenlabs/client").DisconnectionDetails} details */
function finish(details) {
  conversation = null;
  view.showPhase("idle", { state: details.reason === "agent" ? "Ended by the agent" : undefined });
  if (details.reason === "error") {
    view.showProblem(describeEnd(details.closeCode, details.closeReason ?? details.message));
  }
}

async function end() {
  const ending = conversation;
  attempt += 1;
  conversation = null;
  view.showPhase("idle");
  await ending?.endSession();
}

async function talk() {
  transcript.clear();
  await start(true);
}

/** @param {string} text */
async function write(text) {
  if (conversation === null) {
    transcript.clear();
    transcript.addTyped(text);
    if (!(await start(false))) {
      transcript.clear();
      view.giveBack(text);
      return;
    }
  } else {
    transcript.addTyped(text);
  }
  conversation?.sendUserMessage(text);
  view.focusMessage();
}

function mute() {
  muted = !muted;
  conversation?.setMicMuted(muted);
  view.showMuted(muted);
}

async function signIn() {
  try {
    if (login) {
      await startLogin(login);
    }
  } catch (error) {
    showError(error);
  }
}

view.listen({ talk, mute, end, signIn, write });
prepareOnce().catch(showError);
