// Goes through the engine resource with ElevenLabs' JavaScript client and prints what it saw.
import { ElevenLabsClient } from "@elevenlabs/elevenlabs-js";

const [baseUrl, apiKey] = process.argv.slice(2);
const client = new ElevenLabsClient({ baseUrl, apiKey, maxRetries: 0 });
const seen = {};

const engine = await client.speechEngine.create({
  name: "Support",
  speechEngine: { wsUrl: "wss://example.com/ws" },
  overrides: { firstMessage: true },
  cascadeTimeoutSeconds: 5,
});
const id = engine.engineId ?? engine.speechEngineId;
const updated = await client.speechEngine.update(id, { name: "Help", tts: { speed: 0.9 } });
const copy = await client.speechEngine.duplicate(id, { name: "Copy" });
const list = await client.speechEngine.list({ sortBy: "name", sortDirection: "asc" });
seen.names = list.speechEngines.map((item) => item.name);
seen.updated = (updated.config ?? updated).name;
seen.copied = (copy.config ?? copy).name;
seen.token = typeof (await client.conversationalAi.conversations.getWebrtcToken({ agentId: id }))
  .token;
seen.signedUrl = (
  await client.conversationalAi.conversations.getSignedUrl({ agentId: id })
).signedUrl.startsWith("ws://127.0.0.1:");
await client.speechEngine.delete(id);
seen.missing = await client.speechEngine.get(id).catch((error) => error.statusCode);
seen.invalid = await client.speechEngine
  .create({ speechEngine: { wsUrl: "nonsense" } })
  .catch((error) => error.statusCode);
console.log(JSON.stringify(seen));
