/**
 * Anthropic's marks for what it should cache, carried to it by the options of the neutral prompt. Other providers cache
 * by themselves and do not see them. Pure. Rules HT84, HT342.
 */
import type { SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { AssistantBlock, CacheControl, MessagesRequest, UserBlock } from "../../protocol/anthropic.ts";

/** Anthropic takes no more, and its SDK would leave the fifth out without a word. */
const MAX_CACHE_MARKS = 4;

type Cached = Pick<MessagesRequest, "messages" | "system" | "tools" | "cache_control">;

/** The options of a message, part or tool; none without a mark. */
export function toCacheOptions(mark: CacheControl): { providerOptions?: SharedV4ProviderOptions } {
  if (mark == null) return {};
  const { type, ttl } = mark;
  return {
    providerOptions: { anthropic: { cacheControl: { type, ...(ttl === undefined ? {} : { ttl }) } } },
  };
}

export function hasTooManyCacheMarks(request: Cached): boolean {
  return listMarks(request).filter((mark) => mark != null).length > MAX_CACHE_MARKS;
}

function listMarks({ messages, system, tools, cache_control: ofLast }: Cached): CacheControl[] {
  const blocks = [
    ...(typeof system === "string" ? [] : (system ?? [])),
    ...(tools ?? []),
    ...messages.flatMap<UserBlock | AssistantBlock>(({ content }) =>
      typeof content === "string" ? [] : content,
    ),
  ];
  const marks = blocks.flatMap((block) => {
    const inner = "content" in block && Array.isArray(block.content) ? block.content : [];
    return [
      ...("cache_control" in block ? [block.cache_control] : []),
      ...inner.map(({ cache_control: mark }) => mark),
    ];
  });
  return [ofLast, ...marks];
}
