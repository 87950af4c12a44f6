/** What a benchmark is to bench/run.ts: a name, and a run that gives figures. */

/** By the contract's names; null where a peer could not run. Units are in the names. */
export type BenchFigures = Readonly<Record<string, number | null>>;

export interface BenchReport {
  readonly figures: BenchFigures;
  /** What a person reads: rows of cells under a heading of the same length. */
  readonly table: readonly (readonly string[])[];
  /** How it was measured and what that leaves out, a sentence each. */
  readonly notes: readonly string[];
}

export interface BenchContext {
  /** The repository's folder. */
  readonly root: string;
  /** Tells a person what is being waited for. */
  readonly tell: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<BenchReport>;
}
