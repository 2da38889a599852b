// What real parsers find in our messages. Reads JSON lines {plain: [texts], discord: [Markdown texts]} from standard
// input and answers each with {links: [found by linkifyjs], discord: [[{type, …}, …] of each Markdown text]}.
//
// linkifyjs is what Element makes links with; Element adds the schemes below, and ids of users and rooms by a plug-in of
// its own: a sign, a local part, a colon and a server name, any server name.
import { createInterface } from "node:readline";
import { State, createTokenClass, find, registerCustomProtocol, registerPlugin } from "linkifyjs";
import markdown from "discord-markdown-parser";

const SCHEMES = `bitcoin element ftp geo im irc ircs magnet mailto matrix mms mxc news nntp openpgp4fpr sftp sip sms smsto
  ssh steam tel urn webcal wtai xmpp`;
SCHEMES.split(/\s+/).forEach((scheme) => registerCustomProtocol(scheme, true));

registerPlugin("matrix", ({ scanner: { tokens }, parser }) => {
  const { AT, COLON, DOT, EQUALS, HYPHEN, NUM, PLUS, POUND, SLASH, TLD, LOCALHOST, UNDERSCORE } = tokens;
  const words = [NUM, TLD, LOCALHOST];
  const Id = createTokenClass("matrix-id", { isLink: true });
  for (const sign of [AT, POUND]) {
    const [begin, local, colon, server] = [parser.start.tt(sign), new State(), new State(), new State(Id)];
    for (const state of [begin, local]) {
      state.ta(tokens.groups.domain, local);
      [...words, DOT, EQUALS, HYPHEN, PLUS, SLASH, UNDERSCORE].forEach((token) => state.tt(token, local));
    }
    local.tt(COLON, colon);
    colon.ta(tokens.groups.domain, server);
    words.forEach((token) => colon.tt(token, server));
  }
});

function flat(node) {
  const { content, ...rest } = node;
  return [{ ...rest, ...(typeof content === "string" ? { content } : {}) }, ...(Array.isArray(content) ? content.flatMap(flat) : [])];
}

for await (const line of createInterface({ input: process.stdin })) {
  const { plain, discord } = JSON.parse(line);
  const links = plain.flatMap((text) => find(text)).map(({ type, value }) => [type, value]);
  console.log(JSON.stringify({ links, discord: discord.map((text) => markdown.parse(text, "extended").flatMap(flat)) }));
}
