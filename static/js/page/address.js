// The page's own address: which moment, which thing and which view it names, so that it can be sent to somebody
// or come back with a reload. Behind "?" where the address is ours; the stand-alone page, whose address is
// somebody else's, keeps to what stands behind "#".

/** @typedef {{seq: number | null, at: string, view: string}} Place seq null: now; at and view empty: nothing special */

const QUIET_MS = 300;
/** What a lab's page has behind "#": it stays. */
const PART = /^#(step-\d+|summary)$/;

export class Address {
  #timer = 0;

  /** @returns {Place} */
  read() {
    const asked = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`);
    const seq = Number.parseInt(asked.get("seq") ?? "", 10);
    return { seq: seq >= 0 ? seq : null, at: asked.get("at") ?? "", view: asked.get("view") ?? "" };
  }

  /** The address of a place on this page. @param {Place} place */
  of(place) {
    const words = new URLSearchParams();
    if (place.seq !== null) words.set("seq", String(place.seq));
    if (place.at) words.set("at", place.at);
    if (place.view) words.set("view", place.view);
    // Colons are allowed there, and "socket:4103" can be read.
    const text = words.toString().replaceAll("%3A", ":");
    const address = new URL(location.href);
    if ("standalone" in document.documentElement.dataset) {
      address.hash = text;
    } else {
      // What opens somebody's run to who watches it must come back with a reload.
      const key = address.searchParams.get("key");
      address.search = key ? `key=${encodeURIComponent(key)}${text && "&"}${text}` : text;
      if (!PART.test(address.hash)) address.hash = "";
    }
    return address.href;
  }

  /** Keeps the address up to date. Not at each step: browsers refuse too many changes in a short time. @param {Place} place */
  write(place) {
    if (!(served() || location.protocol === "file:")) return;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      const address = this.of(place);
      if (address !== location.href) history.replaceState(history.state, "", address);
    }, QUIET_MS);
  }
}

/** Whether other people's browsers can have this page's address too. */
export function served() {
  return /^https?:$/.test(location.protocol);
}
