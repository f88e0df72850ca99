// One conversation of ElevenLabs' own client, told as events of this page.
// https://elevenlabs.io/docs/eleven-agents/libraries/java-script
import { Conversation } from "@elevenlabs/client";

// Served beside this page, so that its policy needs neither blob: nor data: for scripts.
const WORKLETS = {
  rawAudioProcessor: "worklets/rawAudioProcessor.js",
  audioConcatProcessor: "worklets/audioConcatProcessor.js",
};

/**
 * @typedef {object} Listener
 * @property {(text: string, eventId: number | undefined) => void} onUserText
 * @property {(text: string, eventId: number | undefined) => void} onAgentText the whole answer
 * @property {(text: string, eventId: number) => void} onAgentPart one piece of it
 * @property {(text: string, eventId: number) => void} onAgentCorrection what was really heard
 * @property {() => void} onInterruption
 * @property {(mode: "listening" | "speaking") => void} onMode
 * @property {(message: string) => void} onTrouble
 * @property {(details: import("@elevenlabs/client").DisconnectionDetails) => void} onEnd
 */

/**
 * @param {import("./config.js").Config} config
 * @param {import("./access.js").Access} access
 * @param {{voice: boolean, listener: Listener}} wish
 */
export function startSession(config, access, { voice, listener }) {
  return Conversation.startSession({
    ...access.session,
    ...(config.livekitUrl && { livekitUrl: config.livekitUrl }),
    ...(access.userTicket && { dynamicVariables: { user_ticket: access.userTicket } }),
    ...(config.firstMessage && { overrides: { agent: { firstMessage: config.firstMessage } } }),
    textOnly: !voice,
    workletPaths: WORKLETS,
    onMessage: ({ role, message, event_id }) =>
      role === "user"
        ? listener.onUserText(message, event_id)
        : listener.onAgentText(message, event_id),
    onAgentChatResponsePart: ({ text, event_id }) => listener.onAgentPart(text, event_id),
    onAgentResponseCorrection: ({ corrected_agent_response, event_id }) =>
      listener.onAgentCorrection(corrected_agent_response, event_id),
    onInterruption: () => listener.onInterruption(),
    onModeChange: ({ mode }) => listener.onMode(mode),
    onError: (message) => listener.onTrouble(message),
    onDisconnect: (details) => listener.onEnd(details),
  });
}
