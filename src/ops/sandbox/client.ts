/** The console's way to the sandbox's own control (sandbox/server.ts): which provider is broken, and how. */
import { z } from "zod";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { SandboxState } from "../../protocol/sandbox-state.ts";

export interface SandboxControl {
  list(): Promise<SandboxState>;
  setFault(
    provider: string,
    fault: string,
  ): Promise<Result<SandboxState, "unknown-provider" | "unknown-fault">>;
}

/** What the sandbox answers to `GET /control`. */
const ControlAnswer = z.object({
  faults: z.array(z.string()),
  providers: z.record(z.string(), z.object({ fault: z.string(), requests: z.int().nonnegative() })),
});

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 2_000;
const NO_FAULT = "none";

/** Throws when the sandbox does not answer: it runs on the same machine, so that is a bug or a stopped process. */
export function createSandboxControl(sandboxUrl: string, fetchFunction: Fetch): SandboxControl {
  const list = async (): Promise<SandboxState> => {
    const answer = await fetchFunction(`${sandboxUrl}/control`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { faults, providers } = ControlAnswer.parse(await answer.json());
    return {
      faults,
      providers: Object.entries(providers).map(([provider, { fault, requests }]) => ({
        provider,
        fault: fault === NO_FAULT ? null : fault,
        requests,
      })),
    };
  };
  return {
    list,
    async setFault(provider, fault) {
      const state = await list();
      if (!state.providers.some((known) => known.provider === provider)) return fail("unknown-provider");
      if (!state.faults.includes(fault)) return fail("unknown-fault");
      const answer = await fetchFunction(`${sandboxUrl}/control/${provider}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ fault }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
      return succeed(await list());
    },
  };
}
