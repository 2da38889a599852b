// A second real client: discord.js, driven by JSON lines; it answers each, and tells gateway events as lines of their own.
import * as readline from "node:readline";
import { Client, Events, GatewayIntentBits } from "discord.js";

const [api, token] = process.argv.slice(2);
const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent];
const client = new Client({ intents, rest: { api, retries: 2, timeout: 20_000 } });

client.on(Events.ClientReady, () => tell({ event: "ready", user: client.user.username, guilds: client.guilds.cache.size }));
client.on(Events.MessageCreate, (message) => tell({ event: "message", content: message.content, id: message.id }));
client.on(Events.ShardReconnecting, () => tell({ event: "reconnecting" }));
client.on(Events.ShardResume, (_, replayed) => tell({ event: "resumed", replayed }));
client.on(Events.ShardDisconnect, (closed) => tell({ event: "disconnected", code: closed.code }));
client.on(Events.Error, (error) => tell({ event: "error", message: error.message }));
client.rest.on("rateLimited", (limit) => tell({ event: "limited", global: limit.global }));

const can = {
  login: async () => {
    await client.login(token);
    return {};
  },
  send: async ({ channel, options }) => {
    const message = await (await client.channels.fetch(channel)).send(options);
    return { id: message.id, embeds: message.embeds.length, files: message.attachments.size };
  },
  post: async ({ forum, options }) => {
    const thread = await (await client.channels.fetch(forum)).threads.create(options);
    return { id: thread.id, name: thread.name };
  },
  history: async ({ channel }) => {
    const messages = await (await client.channels.fetch(channel)).messages.fetch({ limit: 100 });
    return { contents: messages.map((message) => message.content) };
  },
  permissions: async ({ channel }) => {
    const found = await client.channels.fetch(channel, { force: true });
    return { names: found.permissionsFor(await found.guild.members.fetchMe()).toArray() };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, call, ...given } = JSON.parse(line);
  can[call](given).then(
    (answer) => tell({ id, answer }),
    (error) => tell({ id, error: { name: error.constructor.name, code: error.code ?? 0, status: error.status ?? 0 } }),
  );
}
await client.destroy();
process.exit(0);
