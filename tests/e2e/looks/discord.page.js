// Embeds as Discord's components show them, their Markdown read by a parser of Discord's dialect.
import "@skyra/discord-components-core";
import { parse } from "discord-markdown-parser";

const TAGS = { strong: "discord-bold", em: "discord-italic", inlineCode: "discord-code", link: "discord-link" };

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
}

function shown(node) {
  const children = Array.isArray(node.content) ? node.content.map(shown) : [node.content ?? ""];
  if (node.type === "text" || node.type === "twemoji") return node.content ?? node.name;
  if (node.type === "br" || node.type === "newline") return element("br", {});
  if (node.type === "timestamp") return element("discord-time", {}, "25 seconds ago");
  if (TAGS[node.type]) return element(TAGS[node.type], node.target ? { href: node.target } : {}, ...children);
  throw new Error(`a message of ours has no ${node.type}`);
}

function clock(embed) {
  return embed.timestamp ? `Today at ${embed.timestamp.slice(11, 16)}` : "";
}

function message(embed) {
  const made = element(
    "discord-embed",
    { slot: "embeds", color: `#${embed.color.toString(16).padStart(6, "0")}` },
    element("discord-embed-description", { slot: "description" }, ...parse(embed.description, "extended").map(shown)),
    element("discord-embed-footer", { slot: "footer", ...(embed.timestamp ? { timestamp: clock(embed) } : {}) }, embed.footer.text),
  );
  made.setAttribute("embed-title", parse(embed.title, "extended").map((node) => node.content ?? node.name).join(""));
  if (embed.url) made.setAttribute("url", embed.url);
  return element("discord-message", { author: "paseo-watch", bot: "", avatar: "/avatar.svg", timestamp: clock(embed) }, made);
}

// The components keep a second column for a thumbnail, where Discord keeps none if there is no thumbnail.
const WIDE = ":host .discord-embed-title, ::slotted([slot=description]) { grid-column: 1 / 3 !important }";

function widen(embed) {
  return embed.updateComplete.then(() => embed.shadowRoot.append(element("style", {}, WIDE)));
}

document.querySelector("#app").append(element("discord-messages", {}, ...window.wanted.embeds.map(message)));
await Promise.all([...document.querySelectorAll("discord-embed")].map(widen));
