/**
 * A yardstick for machines: a Worker whose start is the same work everywhere and as dull as ours, source read once and
 * run once. Where it takes longer than it did on the machine the limit was set on, so does everything. Rule CM41.
 */

/** So many that a start takes what ours does, and the profiler's samples, a millisecond apart, say something. */
const SHAPES = 4_000;

/** A change of the text makes REFERENCE_MS in startup-limit.ts worthless: measure it anew on the same machine. */
export function toReferenceWorker(): string {
  const shapes = Array.from(
    { length: SHAPES },
    (_, index) => `
shapes.set("shape${index}", build("shape${index}", {
  name: "shape${index}",
  limits: { least: ${index}, most: ${index * 7 + 13}, pattern: /^[a-z]{1,${(index % 60) + 1}}$/u },
  parse(value) { return typeof value === "string" && this.limits.pattern.test(value) ? value.length + ${index} : ${index}; },
  describe: (value) => "shape${index} of " + value,
}));`,
  );
  return `const shapes = new Map();
const build = (name, shape) => {
  const made = Object.create({ kind: name });
  for (const [key, value] of Object.entries(shape)) Object.defineProperty(made, key, { value, enumerable: true });
  return { ...made, text: made.describe(made.parse(name)) };
};
${shapes.join("")}
export default { fetch: () => new Response(String(shapes.size)) };
`;
}
