// Preloaded into Chopsticks (node --import): the blocks that it builds by BABE have an author who is in the set.
//
// Chopsticks writes the authority index 514 into every block. BABE_AUTHORS names the indices to use instead, in turns by
// slot: "0,1,3" leaves out the third validator. Without it nothing changes.
import { registerHooks } from "node:module";

const BUILDER = "/chopsticks-core/dist/cjs/blockchain/block-builder.js";
const SET_SLOT = "const babePreDigestSetSlot = (digest, slotNumber)=>{";
const PICK = `
    const authors = (process.env.BABE_AUTHORS ?? "").split(",").filter(Boolean).map(Number);
    if (authors.length && digest.isSecondaryVRF) {
        const authorityIndex = authors[slotNumber % authors.length];
        return { secondaryVRF: { ...digest.asSecondaryVRF.toJSON(), slotNumber, authorityIndex } };
    }
`;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(BUILDER)) return loaded;
    const source = loaded.source.toString();
    if (!source.includes(SET_SLOT)) throw new Error(`this Chopsticks does not set slots as expected: ${url}`);
    return { ...loaded, source: source.replace(SET_SLOT, SET_SLOT + PICK) };
  },
});
