// How many sockets a server has at its port: the sentence that the first page ends with. Pure.

/** @typedef {import("../log/state.js").State} State */

/** A request for a connection is none yet, though the socket table lists it. */
const REQUEST = "SYN-RECEIVED";

/**
 * What is at the port of the first socket that listens; empty while none does.
 * @param {State} state
 * @param {boolean} over whether nothing more comes: then the clients are counted too
 */
export function countAtPort(state, over) {
  const sockets = Object.values(state.sockets);
  const listens = sockets.find((row) => row.protocol === "tcp" && row.state === "LISTEN");
  if (!listens) return "";
  const port = portOf(listens.local);
  const clients = sockets.filter(
    (row) =>
      row.host === listens.host &&
      row.protocol === "tcp" &&
      row.state !== "LISTEN" &&
      row.state !== REQUEST &&
      portOf(row.local) === port,
  ).length;
  const where = `port ${port} of ${listens.host}`;
  if (clients === 0) return `At ${where}: 1 socket. It listens.`;
  const each = `1 listens, ${clients === 1 ? "1 is" : `${clients} are`} connected`;
  if (!over) return `At ${where}: ${clients + 1} sockets. ${each}.`;
  const asked = clients === 1 ? "1 client" : `${clients} clients`;
  return `${asked}, ${clients + 1} sockets at ${where}: ${each}, one for each client.`;
}

/** @param {string} endpoint */
function portOf(endpoint) {
  return endpoint.slice(endpoint.lastIndexOf(":") + 1);
}
