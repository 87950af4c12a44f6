/** Finds Ollama on this machine by itself, with the models it offers. */
import { z } from "zod";

export const OLLAMA_URL = "http://127.0.0.1:11434";

/** Long enough for a server on this machine, short enough that nobody waits for one that is not there. */
const TIMEOUT_MS = 300;

const TagList = z.object({ models: z.array(z.object({ name: z.string().min(1) })) });

export interface Ollama {
  readonly url: string;
  readonly models: readonly string[];
}

/** Null when nothing answers, when it is not Ollama, or when it has no models. */
export async function findOllama(fetchUrl: typeof fetch, url = OLLAMA_URL): Promise<Ollama | null> {
  try {
    const response = await fetchUrl(`${url}/api/tags`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const tags = TagList.safeParse(await response.json());
    const models = tags.success ? tags.data.models.map((model) => model.name) : [];
    return models.length > 0 ? { url, models } : null;
  } catch {
    // Refused, timed out or not JSON: there is no Ollama here, which is the usual case.
    return null;
  }
}
