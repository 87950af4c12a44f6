/** How many records the queue is handed at once: the platform takes a hundred messages or 256 KB in one call. Pure. Rule SE43. */

/** Of one call; a record has two to four KB. */
export const MAX_BATCH_RECORDS = 50;
/** Counted in characters, which is cheaper: none of them has more than three bytes. */
const MAX_BATCH_CHARACTERS = 80_000;

/** As many of the first as fit into one call, one at the least. */
export function takeBatch<Row extends { readonly message: unknown }>(rows: readonly Row[]): readonly Row[] {
  let characters = 0;
  const count = rows.slice(0, MAX_BATCH_RECORDS).findIndex(({ message }) => {
    characters += JSON.stringify(message).length;
    return characters > MAX_BATCH_CHARACTERS;
  });
  return count === -1 ? rows.slice(0, MAX_BATCH_RECORDS) : rows.slice(0, Math.max(1, count));
}
