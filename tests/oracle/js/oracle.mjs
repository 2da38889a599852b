// Reads metadata and values with @polkadot/api, for comparison with ours.
//
// In (stdin, JSON): {metadata: path, samples: [{type, hex}], extrinsics: [hex]}, the last two as wanted
// Out (stdout, JSON): {values}, {extrinsics}, or {types, pallets, extrinsic} where neither was given.
//
// Values are tagged so that nothing is lost in JSON: {i} integer, {b} bytes in hex, {s} text, {l} list, {t} tuple,
// {d} pairs, true, false, null; {x, type} where @polkadot/api presents a type in its own way: its bytes, re-encoded.
import { readFileSync } from 'node:fs';
import { Metadata, TypeRegistry } from '@polkadot/types';
import { Compact, Enum, Option, Struct, Tuple } from '@polkadot/types-codec';
import { u8aToHex } from '@polkadot/util';

const { metadata: path, samples, extrinsics } = JSON.parse(readFileSync(0, 'utf8'));
const registry = new TypeRegistry();
const metadata = new Metadata(registry, u8aToHex(readFileSync(path)));
registry.setMetadata(metadata);
const { lookup } = registry;

class Special extends Error {}

const hex = (u8a) => Buffer.from(u8a).toString('hex');
const need = (condition) => { if (!condition) throw new Special(); };

function tagged (id, codec) {
  try {
    return structural(id, codec);
  } catch (error) {
    if (!(error instanceof Special)) throw error;
    return { x: hex(codec.toU8a()), type: id };
  }
}

function structural (id, codec) {
  const { def, path } = lookup.getSiType(id);
  if (def.isPrimitive) return primitive(def.asPrimitive.type, codec);
  if (def.isCompact) {
    need(codec instanceof Compact);
    return { i: codec.unwrap().toString() };
  }
  if (def.isComposite) return composite(def.asComposite.fields, path.map(String), codec);
  if (def.isTuple) return tuple([...def.asTuple].map((part) => part.toNumber()), codec);
  if (def.isSequence) return elements(def.asSequence.type.toNumber(), codec);
  if (def.isArray) return elements(def.asArray.type.toNumber(), codec);
  if (def.isVariant) return variant(def.asVariant.variants, path.map(String), codec);
  throw new Special();
}

function primitive (name, codec) {
  if (name === 'Bool') return codec.isTrue;
  if (name === 'Str') return { s: codec.toString() };
  need(/^[UI]\d/.test(name) && typeof codec.bitLength === 'function' && /^-?\d+$/.test(codec.toString()));
  return { i: codec.toString() };
}

function composite (fields, path, codec) {
  const types = fields.map((f) => f.type.toNumber());
  if (path.join() === 'primitive_types,U256') return { i: codec.toString() };
  if (path.join() === 'BTreeMap') return map(types[0], codec);
  if (path.join() === 'BTreeSet') return set(types[0], codec);
  if (fields.length && fields[0].name.isSome) return struct(fields, codec);
  if (types.length === 1) return structural(types[0], codec);
  return tuple(types, codec);
}

function struct (fields, codec) {
  need(codec instanceof Struct && codec.size === fields.length);
  const parts = [...codec.values()];
  return { d: fields.map((f, i) => [f.name.unwrap().toString(), tagged(f.type.toNumber(), parts[i])]) };
}

function tuple (types, codec) {
  if (types.length === 0) return { t: [] };
  need(codec instanceof Tuple && codec.length === types.length);
  return { t: types.map((type, i) => tagged(type, codec[i])) };
}

function elements (type, codec) {
  const { def } = lookup.getSiType(type);
  if (def.isPrimitive && def.asPrimitive.isU8) {
    need(codec instanceof Uint8Array);
    return { b: hex(codec) };
  }
  need(Array.isArray(codec));
  return { l: [...codec].map((part) => tagged(type, part)) };
}

function map (sequence, codec) {
  need(codec instanceof Map);
  const [key, value] = [...lookup.getSiType(lookup.getSiType(sequence).def.asSequence.type).def.asTuple].map((p) => p.toNumber());
  return { l: [...codec.entries()].map(([k, v]) => ({ t: [tagged(key, k), tagged(value, v)] })) };
}

function set (sequence, codec) {
  need(codec instanceof Set);
  const type = lookup.getSiType(sequence).def.asSequence.type.toNumber();
  return { l: [...codec].map((part) => tagged(type, part)) };
}

// Whether a value may be taken for an option's own null: options in options, and what takes no bytes.
function mayBeNull (type) {
  const { def, path } = lookup.getSiType(type);
  if (def.isComposite) {
    const { fields } = def.asComposite;
    if (fields.length === 1 && fields[0].name.isNone) return mayBeNull(fields[0].type);
    return fields.every((f) => isUnit(f.type));
  }
  return path.join() === 'Option' || isUnit(type);
}

function isUnit (type) {
  const { def } = lookup.getSiType(type);
  if (def.isComposite) return def.asComposite.fields.every((f) => isUnit(f.type));
  return def.isTuple && [...def.asTuple].every(isUnit);
}

function variant (variants, path, codec) {
  need(path.at(-1) !== 'Data'); // identity data: its own enum, with other indices
  if (path.join() === 'Option') return option(variants[1].fields[0].type.toNumber(), codec);
  need(codec instanceof Enum);
  const chosen = variants.find((v) => v.index.toNumber() === codec.index);
  const name = { s: chosen.name.toString() };
  const { fields } = chosen;
  if (fields.length === 0) return { t: [name, null] };
  if (fields.length === 1 && fields[0].name.isNone) return { t: [name, tagged(fields[0].type.toNumber(), codec.inner)] };
  const types = fields.map((f) => f.type.toNumber());
  return { t: [name, fields[0].name.isSome ? struct(fields, codec.inner) : tuple(types, codec.inner)] };
}

function option (inner, codec) {
  need(codec instanceof Option);
  if (codec.isNone) return null;
  const value = tagged(inner, codec.unwrap());
  return mayBeNull(inner) ? { t: [{ s: 'Some' }, value] } : value;
}

function described () {
  const latest = metadata.asLatest;
  const of = (part) => part.isSome ? part.unwrap().type.toNumber() : null;
  return {
    types: lookup.types.map(({ id, type }) => ({ id: id.toNumber(), type: { path: type.path.map(String), def: type.def.toJSON() } })),
    pallets: latest.pallets.map((p) => ({ name: p.name.toString(), index: p.index.toNumber(), events: of(p.events), calls: of(p.calls) })),
    extrinsic: {
      address: latest.extrinsic.addressType.toNumber(),
      call: latest.extrinsic.callType.toNumber(),
      signature: latest.extrinsic.signatureType.toNumber(),
      extensions: latest.extrinsic.transactionExtensions.map((e) => ({ name: e.identifier.toString(), type: e.type.toNumber() })),
    },
  };
}

function read ({ type, hex: text }) {
  const codec = registry.createTypeUnsafe(registry.createLookupType(type), [Buffer.from(text, 'hex')]);
  return { value: tagged(type, codec), again: hex(codec.toU8a()) };
}

function attempt (sample) {
  try {
    return read(sample);
  } catch (error) {
    return { error: String(error.message || error) };
  }
}

function extrinsic (text) {
  const read = registry.createTypeUnsafe('Extrinsic', [Buffer.from(text, 'hex')]);
  const { method } = read;
  const signed = read.isSigned || read.isGeneral?.();
  return {
    signer: read.isSigned ? hex(read.signer.toU8a().slice(-32)) : null,
    nonce: signed ? read.nonce.toNumber() : null,
    tip: signed ? read.tip.toNumber() : null,
    pallet: method.callIndex[0],
  };
}

const answer = samples ? { values: samples.map(attempt) } : extrinsics ? { extrinsics: extrinsics.map(extrinsic) } : described();
process.stdout.write(JSON.stringify(answer));
