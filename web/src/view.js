// The page's controls and what they show. Knows the document, and nothing of conversations.

/** @typedef {"idle" | "connecting" | "live"} Phase */

const STATES = { idle: "Not connected", connecting: "Connecting …", live: "Connected" };
const HINTS = { idle: "Talk, or write below.", connecting: "One moment …", live: "" };
const MODES = { listening: "Listening", speaking: "Speaking" };

const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Everything on the page but the transcript. */
export class View {
  /** @type {Phase} */
  #phase = "idle";
  #state = STATES.idle;
  #voice = false;
  #muted = false;
  /** @type {"listening" | "speaking"} */
  #mode = "listening";

  transcript = element("transcript");
  announcer = element("announcer");
  #message = /** @type {HTMLTextAreaElement} */ (element("message"));

  /** @param {string} title */
  setTitle(title) {
    document.title = title;
    element("title").textContent = title;
  }

  /**
   * @param {object} actions
   * @param {() => void} actions.talk
   * @param {() => void} actions.mute
   * @param {() => void} actions.end
   * @param {() => void} actions.signIn
   * @param {(text: string) => void} actions.write
   */
  listen({ talk, mute, end, signIn, write }) {
    element("talk").addEventListener("click", talk);
    element("mute").addEventListener("click", mute);
    element("end").addEventListener("click", end);
    element("sign-in").addEventListener("click", signIn);
    element("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(write);
    });
    this.#message.addEventListener("keydown", (event) => {
      // Enter that picks a suggestion of an input method is not meant for us.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#submit(write);
      }
    });
    this.#message.addEventListener("input", () => this.#fit());
    for (const id of ["talk", "send"]) {
      /** @type {HTMLButtonElement} */ (element(id)).disabled = false;
    }
  }

  /**
   * @param {Phase} phase
   * @param {{voice?: boolean, state?: string}} [more] kind of conversation, and words of its own
   */
  showPhase(phase, { voice = this.#voice, state = STATES[phase] } = {}) {
    this.#phase = phase;
    this.#state = state;
    this.#voice = voice;
    this.#muted = false;
    this.#mode = "listening";
    this.#render();
  }

  /** @param {"listening" | "speaking"} mode */
  showMode(mode) {
    this.#mode = mode;
    this.#render();
  }

  /** @param {boolean} muted */
  showMuted(muted) {
    this.#muted = muted;
    this.#render();
  }

  /** @param {string | null} line */
  showProblem(line) {
    const problem = element("problem");
    problem.textContent = line ?? "";
    problem.hidden = line === null;
  }

  /** @param {boolean} offered */
  offerSignIn(offered) {
    element("sign-in").hidden = !offered;
  }

  /**
   * Put text that could not be sent back where it was written, unless there is other text by now.
   * @param {string} text
   */
  giveBack(text) {
    this.#message.value ||= text;
    this.#fit();
  }

  focusMessage() {
    this.#message.focus();
  }

  #submit(write) {
    const text = this.#message.value.trim();
    if (text && this.#phase !== "connecting") {
      this.#message.value = "";
      this.#fit();
      write(text);
    }
  }

  /** As high as its text, up to the limit that the style sheet sets. */
  #fit() {
    this.#message.style.height = "auto";
    const borders = this.#message.offsetHeight - this.#message.clientHeight;
    this.#message.style.height = `${this.#message.scrollHeight + borders}px`;
  }

  #render() {
    const live = this.#phase === "live";
    const body = document.body.dataset;
    body.phase = this.#phase;
    body.kind = this.#voice ? "voice" : "text";
    body.mode = this.#muted && this.#mode === "listening" ? "muted" : this.#mode;
    element("state").textContent = this.#describe(live);
    element("talk").hidden = this.#phase !== "idle";
    element("end").hidden = this.#phase === "idle";
    element("end").textContent = live ? "End" : "Cancel";
    const mute = element("mute");
    mute.hidden = !(live && this.#voice);
    mute.setAttribute("aria-pressed", String(this.#muted));
    mute.textContent = this.#muted ? "Unmute" : "Mute";
    /** @type {HTMLButtonElement} */ (element("send")).disabled = this.#phase === "connecting";
    element("hint").textContent = HINTS[this.#phase];
  }

  #describe(live) {
    if (!live || !this.#voice) {
      return this.#state;
    }
    return this.#muted && this.#mode === "listening" ? "Muted" : MODES[this.#mode];
  }
}
