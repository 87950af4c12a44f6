/** An image as OpenAI's wires give it, an address or a data URL, as a part of the neutral prompt. Pure. Rules HT44, HT102, HT350. */
import type { LanguageModelV4FilePart } from "@ai-sdk/provider";

const IMAGE_DATA_URL = /^data:(image\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+=*)$/u;

export const IMAGE_COMPLAINT = "an image must be an https URL or a data URL of an image in base64";

/** How closely it is to be looked at; nobody else has such a word. */
type Detail = "auto" | "low" | "high" | "original" | null | undefined;

/** A common slip, which OpenAI takes and others refuse. */
const toMediaType = (type: string): string => (type === "image/jpg" ? "image/jpeg" : type);

/** Null for anything that is neither. */
export function toImagePart(url: string, detail: Detail): LanguageModelV4FilePart | null {
  const detailed = detail == null ? {} : { providerOptions: { openai: { imageDetail: detail } } };
  const data = IMAGE_DATA_URL.exec(url);
  if (data?.[1] !== undefined && data[2] !== undefined) {
    return {
      type: "file",
      mediaType: toMediaType(data[1]),
      data: { type: "data", data: data[2] },
      ...detailed,
    };
  }
  if (!url.startsWith("https://") || !URL.canParse(url)) return null;
  return { type: "file", mediaType: "image/*", data: { type: "url", url: new URL(url) }, ...detailed };
}
