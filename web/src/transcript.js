// The running transcript: who said what, as it comes, and what was cut short.

const NAMES = { user: "You", agent: "Agent" };

/** What was said, on the screen and for screen readers. */
export class Transcript {
  #list;
  #announcer;
  /** @type {Map<string, HTMLElement>} */
  #bubbles = new Map();
  /** @type {string[]} typed here and not yet told back by the platform */
  #typed = [];
  /** Who scrolled up to read is left alone. */
  #atEnd = true;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} announcer a live region that is told whole sentences only
   */
  constructor(list, announcer) {
    this.#list = list;
    this.#announcer = announcer;
    list.addEventListener("scroll", () => {
      this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    });
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  clear() {
    this.#list.replaceChildren();
    this.#bubbles.clear();
    this.#typed = [];
    this.#atEnd = true;
  }

  /** @param {string} text */
  addTyped(text) {
    this.#typed.push(text);
    this.#append("user", text);
  }

  /**
   * What the platform understood; it may tell typed text back too.
   * @param {string} text
   */
  addHeard(text) {
    const known = this.#typed.indexOf(text);
    if (known >= 0) {
      this.#typed.splice(known, 1);
      return;
    }
    this.#append("user", text);
  }

  /**
   * @param {string} text
   * @param {number} eventId
   */
  addPart(text, eventId) {
    const bubble = this.#agentBubble(eventId);
    bubble.dataset.open = "";
    this.#write(bubble, bubble.textContent + text);
  }

  /**
   * @param {string} text
   * @param {number | undefined} eventId
   */
  addAnswer(text, eventId) {
    const bubble = this.#agentBubble(eventId);
    delete bubble.dataset.open;
    this.#write(bubble, text);
    this.#announcer.textContent = `${NAMES.agent}: ${text}`;
  }

  /**
   * @param {string} text
   * @param {number} eventId
   */
  correct(text, eventId) {
    const bubble = this.#bubbles.get(`agent ${eventId}`);
    if (bubble) {
      this.#write(bubble, text);
      this.#markCut(bubble);
    }
  }

  /** The user spoke or wrote while the agent still did. */
  interrupt() {
    const answers = this.#list.querySelectorAll('[data-role="agent"] > .words');
    const last = /** @type {HTMLElement | undefined} */ ([...answers].at(-1));
    if (last) {
      delete last.dataset.open;
      this.#markCut(last);
    }
  }

  /** @param {number | undefined} eventId */
  #agentBubble(eventId) {
    const key = `agent ${eventId}`;
    const known = eventId === undefined ? undefined : this.#bubbles.get(key);
    if (known) {
      return known;
    }
    const bubble = this.#append("agent", "");
    this.#bubbles.set(key, bubble);
    return bubble;
  }

  /** @param {HTMLElement} bubble */
  #markCut(bubble) {
    const item = /** @type {HTMLElement} */ (bubble.parentElement);
    if (!item.querySelector(".cut")) {
      const mark = document.createElement("span");
      mark.className = "cut";
      mark.textContent = "interrupted";
      item.append(mark);
      this.#follow();
    }
  }

  /**
   * @param {"user" | "agent"} role
   * @param {string} text
   */
  #append(role, text) {
    const item = document.createElement("li");
    item.dataset.role = role;
    const name = document.createElement("span");
    name.className = "hidden";
    name.textContent = `${NAMES[role]}: `;
    const words = document.createElement("p");
    words.className = "words";
    item.append(name, words);
    this.#list.append(item);
    this.#atEnd ||= role === "user";
    this.#write(words, text);
    return words;
  }

  /**
   * @param {HTMLElement} bubble
   * @param {string} text
   */
  #write(bubble, text) {
    bubble.textContent = text;
    this.#follow();
  }

  #follow() {
    if (this.#atEnd) {
      this.#list.scrollTop = this.#list.scrollHeight;
    }
  }
}
