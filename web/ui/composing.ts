/** Whether a key belongs to an input method that is composing a word, and not to the page. Pure. Rule WB93. */

/** What browsers give every key that an input method takes. */
const TAKEN_KEY_CODE = 229;

/** Safari ends the composing before it tells of the Enter that did so: only the code of that key says whose it was. */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  // oxlint-disable-next-line typescript/no-deprecated -- nothing else tells it in Safari
  return event.isComposing || event.keyCode === TAKEN_KEY_CODE;
}
