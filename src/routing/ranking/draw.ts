/**
 * Chance that can be had again: a number for a selection and a target, the same whenever it is asked for, so that a
 * decision by lot can be replayed. Not for anything secret. Pure. Rule RT58.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** From 0 up to but not including 1, evenly spread over selections and over targets (FNV-1a with a final mix). */
export function drawFor(selectionId: string, targetName: string): number {
  const text = `${selectionId} ${targetName}`;
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  // FNV's last characters hardly reach the upper bits: murmur3's finalizer spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
