// One conversation of ElevenLabs' JavaScript client under Node, driven by a list of steps.
//
// Steps: {say}, {context}, {activity}, {like}, {upload}, {waitFor: <event>, count}, {waitText: n},
// {end}. The last line printed is a JSON object of everything the callbacks were given.
import { Conversation, postOverallFeedback } from "@elevenlabs/client";
import { WebSocket } from "ws";

globalThis.WebSocket = WebSocket; // Node 20 has none of its own

const { options, steps, limitMs } = JSON.parse(process.argv[2]);
const seen = {
  connect: [],
  message: [],
  part: [],
  interruption: [],
  tool: [],
  error: [],
  disconnect: [],
  status: [],
  event: [],
  ping: [],
};
let wake = () => {};
const note = (kind, value) => {
  seen[kind].push(value);
  wake();
};

const until = async (condition) => {
  while (!condition()) {
    await new Promise((resolve) => {
      wake = resolve;
    });
  }
};

const start = () =>
  Conversation.startSession({
    textOnly: true,
    ...options,
    onConnect: ({ conversationId }) => note("connect", conversationId),
    onMessage: ({ role, message }) => note("message", [role, message]),
    onAgentChatResponsePart: ({ type, text }) => note("part", [type, text]),
    onInterruption: (event) => note("interruption", event),
    onIncomingEvent: ({ type }) => note("event", type),
    onPing: (event) => note("ping", event),
    onError: (message) => note("error", String(message)),
    onDisconnect: ({ reason, closeCode, closeReason }) =>
      note("disconnect", { reason, closeCode, closeReason }),
    onStatusChange: ({ status }) => note("status", status),
    clientTools: {
      show_map: ({ city }) => {
        note("tool", city);
        return `map of ${city}`;
      },
      fail: () => {
        throw new Error("no such tool today");
      },
    },
  });

const actions = {
  say: (conversation, step) => conversation.sendUserMessage(step.say),
  context: (conversation, step) => conversation.sendContextualUpdate(step.context),
  activity: (conversation) => conversation.sendUserActivity(),
  like: (conversation, step) => conversation.sendFeedback(step.like),
  upload: async (conversation, step) => {
    const { fileId } = await conversation.uploadFile(new Blob([step.upload]));
    conversation.sendMultimodalMessage({ text: "see the file", fileIds: [fileId] });
  },
  waitFor: (_, step) => until(() => seen[step.waitFor].length >= (step.count ?? 1)),
  rate: (conversation, step) =>
    postOverallFeedback(conversation.getId(), step.rate, step.origin),
  end: (conversation) => conversation.endSession(),
};

const talk = async () => {
  let conversation;
  try {
    conversation = await start();
  } catch (error) {
    seen.refused = { closeCode: error.closeCode, closeReason: error.closeReason };
    return;
  }
  for (const step of steps) {
    await actions[Object.keys(step)[0]](conversation, step);
  }
};

const limit = setTimeout(() => {
  console.error(`no end within ${limitMs} ms: ${JSON.stringify(seen)}`);
  process.exit(1);
}, limitMs);
await talk();
clearTimeout(limit);
// Node ends by itself once the closing handshake is over: an exit now could lose the last frames.
console.log(JSON.stringify(seen));
