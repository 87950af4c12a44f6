/** Whether what a request wants to be called can be: both of OpenAI's wires say it in the same words. Pure. Rule HT323. */

/** The complaint, or null. Without tools every provider but OpenAI itself would leave the choice out in silence. */
export function findChoiceComplaint(
  offered: readonly string[],
  choice: "auto" | "none" | "required" | { readonly name: string } | undefined,
): string | null {
  if (choice === undefined || choice === "auto" || choice === "none") return null;
  if (offered.length === 0) return "there are no tools to choose from";
  if (choice === "required" || offered.includes(choice.name)) return null;
  return `there is no tool ${choice.name}`;
}
