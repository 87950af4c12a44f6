/**
 * Files that were added while their chat was being made: they go from the page of a new chat to the page of the chat,
 * which is another component. In memory alone, since bytes do not survive a reload either. Rule WB100.
 */
const handed = new Map<string, readonly File[]>();

/** For the chat's page to take. */
export function handFilesOn(sessionId: string, files: readonly File[]): void {
  if (files.length > 0) handed.set(sessionId, files);
}

/** What was handed on to that chat, once. */
export function takeHandedFiles(sessionId: string): readonly File[] {
  const files = handed.get(sessionId) ?? [];
  handed.delete(sessionId);
  return files;
}
