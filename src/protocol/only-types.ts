/** The sentence about a `type` that is not among those that are taken. */
import { z } from "zod";

const Typed = z.object({ type: z.string() });

export const onlyTypes =
  (taken: string) =>
  ({ input }: { readonly input?: unknown }): string => {
    const given = Typed.safeParse(input).data?.type.slice(0, 100);
    return given === undefined ? `send ${taken}` : `${given} is not possible here; send ${taken}`;
  };
