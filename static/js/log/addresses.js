// Addresses as the kernel writes them, and the doors on its host's edge that a socket's address stands at. Pure.

/**
 * "10.0.0.4:80", "[::1]:80", "*:80" → its two halves; the address without brackets.
 * @param {string} local
 */
export function endpoint(local) {
  const colon = local.lastIndexOf(":");
  const address = local.slice(0, colon).replace(/^\[|\]$/g, "");
  return { address: address.replace(/^::ffff:(?=\d+\.)/, ""), port: local.slice(colon + 1) };
}

/** @param {string} address */
export function wildcard(address) {
  return address === "*" || address === "0.0.0.0" || address === "::";
}

/** @param {string} address */
export function loopback(address) {
  return address.startsWith("127.") || address === "::1";
}

/**
 * The doors on its host's edge that a socket stands at. An unbound address has a door at every address;
 * a host with one address needs no more than the port to tell its doors apart.
 * @param {{addresses: string[]}} host addresses without the prefix length
 * @param {{protocol: string, local: string}} socket
 * @returns {string[]} such as "tcp/7", "lo/tcp/7", "tcp/7@10.0.0.4"
 */
export function doorsOf(host, socket) {
  if (socket.protocol !== "tcp" && socket.protocol !== "udp") return [];
  const { address, port } = endpoint(socket.local);
  if (port === "0" || port === "*" || port === "") return [];
  const door = `${socket.protocol}/${port}`;
  if (loopback(address)) return [`lo/${door}`];
  if (host.addresses.length < 2) return [door];
  if (wildcard(address)) return host.addresses.map((own) => `${door}@${own}`);
  return [`${door}@${address}`];
}
