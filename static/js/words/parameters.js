// What differs from the kernel's own defaults on a host, and why, in words. Pure.

/**
 * The kernel parameters of a host that are not as its kernel began, by name.
 * @param {import("../log/state.js").Host} host
 * @returns {[string, string][] | null} null: the log does not say
 */
export function differences({ differs }) {
  if (!differs) return null;
  return Object.keys(differs)
    .sort()
    .map((name) => {
      const { value, default: normal, why } = differs[name];
      return [name, `${value}, by default ${normal}. ${sentence(why ?? "somebody has set it")}`];
    });
}

/** @param {string} words */
function sentence(words) {
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}
