// Somebody in the room with Element Web's own crypto stack, who takes no message of a device that its owner has not
// signed: what is read here, Element shows. One JSON object a line: {id, method, params} in, {id, result | error} out.
import { createInterface } from "node:readline";
import { ClientEvent, createClient } from "matrix-js-sdk";
import { OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { logger } from "matrix-js-sdk/lib/logger.js";

console.log = console.info = console.debug = console.warn = console.error; // the protocol owns stdout
logger.disableAll?.();

const EVENTS = 100; // of a room in one sync
const clients = new Map();

// Not final: the key, or what the server knows of the device, may still be on its way.
const ON_ITS_WAY = new Set(["MEGOLM_UNKNOWN_INBOUND_SESSION_ID", "UNKNOWN_SENDER_DEVICE"]);

async function start({ name, url, user, token, device }) {
  const client = createClient({ baseUrl: url, userId: user, accessToken: token, deviceId: device });
  await client.initRustCrypto({ useIndexedDB: false });
  client.getCrypto().setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
  clients.set(name, client);
  await client.startClient({ initialSyncLimit: EVENTS });
  await new Promise((ready) => {
    client.on(ClientEvent.Sync, (state) => state === "PREPARED" && ready());
  });
}

async function stop({ name }) {
  clients.get(name).stopClient();
  clients.delete(name);
}

async function join({ name, room }) {
  await clients.get(name).joinRoom(room);
}

// The first `count` messages of others in the room, once each of them is read or known to be unreadable.
async function read({ name, room, count, seconds }) {
  const client = clients.get(name);
  const until = Date.now() + seconds * 1000;
  for (;;) {
    await completeBackwards(client, room);
    const events = messages(client, room);
    if ((events.length >= count && events.every(settled)) || Date.now() > until) {
      return Promise.all(events.map((event) => told(client, event)));
    }
    await new Promise((later) => setTimeout(later, 50));
  }
}

// A sync brings the latest events of a room only (Synapse: 100); what lies between it and the last one is asked for.
async function completeBackwards(client, room) {
  for (;;) {
    const oldest = timelines(client, room)[0];
    if (!oldest?.getPaginationToken("b")) return;
    await client.paginateEventTimeline(oldest, { backwards: true, limit: 100 });
  }
}

function timelines(client, room) {
  const found = [];
  let one = client.getRoom(room)?.getLiveTimeline();
  for (; one; one = one.getNeighbouringTimeline("b")) found.unshift(one);
  return found;
}

function messages(client, room) {
  const events = timelines(client, room).flatMap((one) => one.getEvents());
  const kinds = ["m.room.message", "m.room.encrypted"];
  return events.filter((event) => event.getSender() !== client.getUserId() && kinds.includes(event.getWireType()));
}

function settled(event) {
  if (event.isBeingDecrypted() || event.shouldAttemptDecryption()) return false;
  return !(event.isDecryptionFailure() && ON_ITS_WAY.has(event.decryptionFailureReason));
}

async function told(client, event) {
  const crypto = client.getCrypto();
  const wire = event.getWireContent();
  const status = wire.device_id && (await crypto.getDeviceVerificationStatus(event.getSender(), wire.device_id));
  const shield = await crypto.getEncryptionInfoForEvent(event);
  const failure = event.isDecryptionFailure() ? event.decryptionFailureReason : null;
  return {
    event: event.getId(),
    wire_type: event.getWireType(),
    session: wire.session_id ?? null,
    delivery: wire["org.paseo_watch.delivery"] ?? null,
    failure,
    content: failure ? null : event.getContent(),
    shield: shield ? shield.shieldColour : null, // 0: none, 1: grey, 2: red
    signed_by_owner: status ? status.signedByOwner : null,
  };
}

const methods = { start, stop, join, read };
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  let answer;
  try {
    answer = { id, result: (await methods[method](params)) ?? null };
  } catch (error) {
    answer = { id, error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0); // whoever started this is gone
