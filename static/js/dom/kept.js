// What this browser remembers for a person. A page may stand where nothing can be kept (in an iframe without an
// origin of its own, or with storage switched off): then every visit is the first one.

/** @param {string} name @returns {string | null} */
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Nothing can be kept here.
  }
}

/** For what the server must know before the first paint. @param {string} name @param {string} value */
export function keepForServer(name, value) {
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  } catch {
    // No cookies here.
  }
}
