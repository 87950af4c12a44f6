import { describe, expect, it } from "vitest";
import { newApiKey, parsePresentedKey, toKeyStart } from "../../../src/auth/api-key.ts";
import { hashSecret } from "../../../src/auth/store/hash-secret.ts";
import { ExpiringCache } from "../../../src/auth/expiring-cache.ts";
import { isAllowedOrigin } from "../../../src/auth/origin.ts";

const source = { randomBytes: (length: number) => new Uint8Array(length).fill(255) };

describe("keys", () => {
  it("[AU11] are 256 random bits behind a prefix, and known by a hash alone", async () => {
    const key = newApiKey(source);
    expect(key).toBe(`bw_${"_".repeat(42)}8`);
    expect(toKeyStart(key)).toBe("bw______");
    const hash = hashSecret("abc");
    expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("[AU11] are read from both headers, and what cannot be one is refused without a question", () => {
    const key = newApiKey(source);
    const read = (headers: Record<string, string>) => parsePresentedKey(new Headers(headers));
    expect(read({})).toEqual({ ok: true, value: null });
    expect(read({ authorization: `Bearer ${key}` })).toEqual({ ok: true, value: key });
    expect(read({ authorization: `bearer  ${key}` })).toEqual({ ok: true, value: key });
    expect(read({ "x-api-key": key })).toEqual({ ok: true, value: key });
    for (const bad of [
      "",
      "Bearer",
      "Bearer sk-123",
      `Basic ${key}`,
      `Bearer ${key}x`,
      `Bearer ${key} ${key}`,
    ]) {
      expect(read({ authorization: bad })).toEqual({ ok: false, error: "malformed-key" });
    }
    expect(read({ "x-api-key": "' or 1=1 --" })).toEqual({ ok: false, error: "malformed-key" });
  });
});

describe("the cache", () => {
  it("[AU12] forgets after its time, on request, and what is oldest when it is full", () => {
    const cache = new ExpiringCache<string>(30_000, 2);
    cache.save("a", "one", 0);
    expect(cache.read("a", 29_999)).toBe("one");
    expect(cache.read("a", 30_000)).toBeUndefined();
    cache.save("a", "one", 0);
    cache.save("b", "two", 0);
    cache.save("a", "one again", 1);
    cache.save("c", "three", 1);
    expect([cache.read("a", 2), cache.read("b", 2), cache.read("c", 2)]).toEqual([
      "one again",
      undefined,
      "three",
    ]);
    cache.deleteWhere((value) => value === "three");
    expect(cache.read("c", 2)).toBeUndefined();
  });
});

describe("origins", () => {
  it("[AU18] count as ours only when they are exactly ours", () => {
    const policy = { publicUrl: "https://breakwater.example", allowedOrigins: ["https://embed.example"] };
    const url = "http://localhost:8787/api";
    for (const ours of ["http://localhost:8787", "https://breakwater.example", "https://embed.example"]) {
      expect(isAllowedOrigin(ours, url, policy)).toBe(true);
    }
    const others = [
      null,
      "null",
      "",
      "http://localhost",
      "https://embed.example:8443",
      "https://EMBED.example.evil",
    ];
    for (const other of others) expect(isAllowedOrigin(other, url, policy)).toBe(false);
  });
});
