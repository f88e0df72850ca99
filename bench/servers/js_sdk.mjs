// The official JavaScript SDK's server in its stock configuration.
// The one thing added: it listens on loopback only, and prints the port that the kernel gave.
import { Server } from "node:net";

import { SpeechEngine } from "@elevenlabs/elevenlabs-js";

import { onTranscript } from "./agent.mjs";

const listenAnywhere = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(port) {
  return listenAnywhere.call(this, port, "127.0.0.1", () => {
    console.log("port", this.address().port);
  });
};

new SpeechEngine.Server({ port: 0, onTranscript }).start();
