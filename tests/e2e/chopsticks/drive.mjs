// Independent hands and eyes for the tests: @polkadot/api builds and signs what is sent to a chain, and reads
// from its storage what the tests expect. One JSON object a line: {id, method, params} in, {id, result | error} out.
// Integers travel as decimal strings, because JSON numbers of this side end at 2^53.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ApiPromise, HttpProvider, Keyring } from "@polkadot/api";
import { Metadata, TypeRegistry } from "@polkadot/types";
import { stringCamelCase, u8aConcat, u8aToHex } from "@polkadot/util";
import { cryptoWaitReady } from "@polkadot/util-crypto";

console.log = console.error; // the protocol owns stdout
await cryptoWaitReady();
const keyring = new Keyring({ type: "sr25519", ss58Format: 42 });
const pairs = new Map();
const apis = new Map();
const registries = new Map();

function pair(uri) {
  if (!pairs.has(uri)) pairs.set(uri, keyring.addFromUri(uri));
  return pairs.get(uri);
}

async function connected(url) {
  const api = await ApiPromise.create({ provider: new HttpProvider(url), noInitWarn: true, throwOnConnect: true });
  apis.set(url, api);
  return api;
}

// The client for a chain as it is now: built anew after a runtime upgrade, so that it signs for the new runtime.
async function client(url) {
  const api = apis.get(url) ?? (await connected(url));
  const now = await api.rpc.state.getRuntimeVersion();
  if (now.specVersion.eq(api.runtimeVersion.specVersion)) return api;
  await api.disconnect();
  return connected(url);
}

// An argument {"pallet", "call", "args"} is a nested call; everything else goes to @polkadot/api as it is.
function argument(api, value) {
  if (Array.isArray(value)) return value.map((item) => argument(api, item));
  if (value && typeof value === "object") {
    if ("pallet" in value && "call" in value) return submittable(api, value).method;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, argument(api, item)]));
  }
  return value;
}

function submittable(api, { pallet, call, args }) {
  const build = api.tx[stringCamelCase(pallet)]?.[stringCamelCase(call)];
  if (!build) throw new Error(`this runtime has no call ${pallet}.${call}`);
  return build(...args.map((value) => argument(api, value)));
}

async function at(url, block) {
  const api = await client(url);
  return block ? api.at(block) : api;
}

// Types of a runtime of which only the metadata is to be had, from a file that begins with `meta`.
function registry(file) {
  if (!registries.has(file)) {
    const made = new TypeRegistry();
    made.setMetadata(new Metadata(made, u8aToHex(readFileSync(file))));
    registries.set(file, made);
  }
  return registries.get(file);
}

function encoded(types, id, value) {
  return types.createType(types.createLookupType(id), value).toU8a();
}

// A call or an event: pallet index, variant index, fields.
function variant(types, kind, { pallet, name, fields }) {
  const section = types.metadata.pallets.find((one) => one.name.toString() === pallet);
  if (!section) throw new Error(`this metadata has no pallet ${pallet}`);
  const { variants } = types.lookup.getSiType(section[kind].unwrap().type).def.asVariant;
  const found = variants.find((one) => one.name.toString() === name);
  if (!found) throw new Error(`${pallet} has no ${name} among its ${kind}`);
  if (found.fields.length !== fields.length) {
    throw new Error(`${pallet}.${name} has ${found.fields.length} fields, not ${fields.length}`);
  }
  const values = found.fields.map((field, i) => encoded(types, field.type, fields[i]));
  return u8aConcat(new Uint8Array([section.index.toNumber(), found.index.toNumber()]), ...values);
}

function eventRecord(types, { phase, ...event }) {
  return u8aConcat(types.createType("Phase", phase).toU8a(), variant(types, "events", event), new Uint8Array([0]));
}

// Version 4, signed by nobody who could: the signature is zeros, the extensions hold their first possible values.
function signedExtrinsic(types, { signer, ...call }) {
  const { addressType, signatureType, transactionExtensions } = types.metadata.extrinsic;
  const extensions = transactionExtensions.map(({ type }) => types.createType(types.createLookupType(type)).toU8a());
  const head = [encoded(types, addressType, { Id: signer }), encoded(types, signatureType, { Sr25519: new Uint8Array(64) })];
  const body = u8aConcat(new Uint8Array([0x84]), ...head, ...extensions, variant(types, "calls", call));
  return u8aToHex(u8aConcat(types.createType("Compact<u32>", body.length).toU8a(), body));
}

const methods = {
  // Storage of a runtime of which only the metadata is to be had: an item's key, its value as bytes and as JSON.
  async storage_key({ metadata, pallet, item, args }) {
    const { expandMetadata } = await import("@polkadot/types");
    const types = registry(metadata);
    types.expanded ??= expandMetadata(types, new Metadata(types, u8aToHex(readFileSync(metadata))));
    const entry = types.expanded.query[stringCamelCase(pallet)]?.[stringCamelCase(item)];
    if (!entry) throw new Error(`this metadata has no storage ${pallet}.${item}`);
    return types.createType("StorageKey", args?.length ? [entry, args] : entry).toHex();
  },
  storage_type({ metadata, pallet, item }) {
    const section = registry(metadata).metadata.pallets.find((one) => one.name.toString() === pallet);
    const { type } = section.storage.unwrap().items.find((one) => one.name.toString() === item);
    return registry(metadata).createLookupType(type.isPlain ? type.asPlain : type.asMap.value);
  },
  encode_storage: ({ metadata, value, ...entry }) =>
    u8aToHex(registry(metadata).createType(methods.storage_type({ metadata, ...entry }), value).toU8a()),
  // Fails where bytes are left over.
  decode_storage({ metadata, value, ...entry }) {
    const type = methods.storage_type({ metadata, ...entry });
    const decoded = registry(metadata).createType(type, Buffer.from(value.slice(2), "hex"));
    if (u8aToHex(decoded.toU8a()) !== value) throw new Error(`${entry.pallet}.${entry.item}: this is not all of it`);
    return decoded.toJSON();
  },
  decode_events({ metadata, events }) {
    const types = registry(metadata);
    const type = methods.storage_type({ metadata, pallet: "System", item: "Events" });
    const records = types.createType(type, Buffer.from(events.slice(2), "hex"));
    if (u8aToHex(records.toU8a()) !== events) throw new Error("these events are not all of it");
    return records.map(({ phase, event }) => {
      const pallet = types.metadata.pallets.find((one) => one.index.toNumber() === event.index[0]).name;
      return { phase: phase.toJSON(), pallet: pallet.toString(), name: event.method, fields: event.data.toJSON() };
    });
  },
  decode_header: ({ metadata, header }) => {
    const { digest } = registry(metadata).createType("Header", header);
    return digest.logs.map((log) => {
      const [engine, data] = log.value;
      const pre = log.isPreRuntime ? registry(metadata).createType("RawBabePreDigest", data.toU8a(true)).toJSON() : null;
      return { kind: log.type, engine: engine.toString(), data: data.toHex(), pre };
    });
  },
  encode_call: ({ metadata, ...call }) => u8aToHex(variant(registry(metadata), "calls", call)),
  address: ({ uri }) => pair(uri).address,
  public_key: ({ uri }) => u8aToHex(pair(uri).publicKey),
  // Immortal, so that storage written between signing and inclusion does not disturb the signature.
  async sign({ url, signer, nonce, ...call }) {
    const api = await client(url);
    const { genesisHash, runtimeVersion } = api;
    const options = { blockHash: genesisHash, genesisHash, runtimeVersion, nonce, era: 0 };
    return submittable(api, call).sign(pair(signer), options).toHex();
  },
  async account({ url, address, block }) {
    const { nonce, data } = await (await at(url, block)).query.system.account(address);
    const amounts = { free: data.free, reserved: data.reserved, frozen: data.frozen ?? data.miscFrozen };
    return Object.fromEntries(Object.entries({ nonce, ...amounts }).map(([name, value]) => [name, value.toString()]));
  },
  async constant({ url, pallet, name }) {
    return (await client(url)).consts[stringCamelCase(pallet)][stringCamelCase(name)].toString();
  },
  async query({ url, pallet, item, args, block }) {
    const entry = (await at(url, block)).query[stringCamelCase(pallet)]?.[stringCamelCase(item)];
    if (!entry) throw new Error(`this runtime has no storage ${pallet}.${item}`);
    return (await entry(...args)).toPrimitive();
  },
  async events({ url, block }) {
    const records = await (await at(url, block)).query.system.events();
    return records.map(({ phase, event }) => {
      const extrinsic = phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : phase.type;
      return { phase: extrinsic, pallet: event.section, name: event.method };
    });
  },
  encode_events({ metadata, events }) {
    const types = registry(metadata);
    const records = events.map((event) => eventRecord(types, event));
    return u8aToHex(u8aConcat(types.createType("Compact<u32>", events.length).toU8a(), ...records));
  },
  encode_signed: ({ metadata, ...extrinsic }) => signedExtrinsic(registry(metadata), extrinsic),
  // Events with what they carry, and the name of the dispatch error that one of their fields is or holds.
  async events_full({ url, block }) {
    const api = await at(url, block);
    const pallets = (await client(url)).runtimeMetadata.asLatest.pallets;
    const named = (error) => {
      if (!error.isModule) return [error.type, error.inner?.type].filter(Boolean).join(".");
      const { index } = error.asModule;
      return `${pallets.find((one) => one.index.eq(index)).name}.${api.registry.findMetaError(error.asModule).name}`;
    };
    return (await api.query.system.events()).map(({ phase, event }) => {
      const fields = [...event.data];
      const isError = (_, i) => event.typeDef[i].lookupName === "SpRuntimeDispatchError";
      const error = fields.find((field) => field.isErr)?.asErr ?? fields.find(isError);
      const data = Object.fromEntries(fields.map((field, i) => [event.data.names?.[i] ?? i, field.toPrimitive()]));
      const extrinsic = phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : phase.type;
      return { phase: extrinsic, section: event.section, method: event.method, data, error: error ? named(error) : null };
    });
  },
  async call_data({ url, ...call }) {
    return submittable(await client(url), call).method.toHex();
  },
  public_keys: ({ addresses }) => addresses.map((address) => u8aToHex(keyring.decodeAddress(address))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  let answer;
  try {
    if (!methods[method]) throw new Error(`no such method: ${method}`);
    answer = { id, result: (await methods[method](params)) ?? null };
  } catch (error) {
    answer = { id, error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
