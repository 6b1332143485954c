// Clients to choose from, where not all find room on the stage.

import { html, join, set, text } from "../dom/svg.js";

/** @type {import("./panels.js").Panel} */
export const peers = {
  name: "peers",
  place: "[data-peers]",
  mount: (home, desk) => ({
    draw: ({ layout }) => {
      if (layout) draw(home, desk, layout);
    },
    forget: () => {
      desk.peer = "";
      home.hidden = true;
    },
  }),
};

/**
 * @param {HTMLElement} home
 * @param {import("./panels.js").Desk} desk
 * @param {import("../stage/layout.js").Layout} layout
 */
function draw(home, desk, layout) {
  const { places, state } = desk.log.head;
  home.hidden = layout.hidden.length === 0;
  const shown = new Set(layout.hosts.map((host) => host.host));
  join(
    home,
    home.hidden ? [] : places.order.slice(1),
    (name) => name,
    (name) => {
      const button = html("button", { type: "button", class: "chip" });
      button.addEventListener("click", () => {
        desk.peer = name;
        desk.clock.touch();
      });
      return button;
    },
    (button, name) => {
      const count = Object.values(state.sockets).filter((socket) => socket.host === name).length;
      text(button, `${name} ${count}`);
      set(button, { "aria-pressed": shown.has(name) ? "true" : "false" });
    },
  );
}
