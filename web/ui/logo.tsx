/** The mark: a wave that meets a wall. */

/** The mark alone; the word beside it is the caller's. */
export function Logo({ size = 28 }: { readonly size?: number }) {
  return <img src="/favicon.svg" alt="" width={size} height={size} className="shrink-0" />;
}
