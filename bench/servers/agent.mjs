// The agent of agent.py in JavaScript. It watches the abort signal, as a provider's stream would.
import { setTimeout as sleep } from "node:timers/promises";

const CHUNKS = Array.from(
  { length: Number(process.env.BENCH_CHUNKS ?? 30) },
  (_, number) => `word${number} `,
);
const DELAY_MS = Number(process.env.BENCH_DELAY_MS ?? 0);

async function* answer(signal) {
  for (const [number, chunk] of CHUNKS.entries()) {
    if (DELAY_MS && number) {
      await sleep(DELAY_MS);
      signal.throwIfAborted();
    }
    yield chunk;
  }
}

export async function onTranscript(_transcript, signal, session) {
  await session.sendResponse(answer(signal));
}
