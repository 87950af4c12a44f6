/** Which of a chat's files a model is told, how much of each, and what is read for it. */
import { describe, expect, it } from "vitest";
import { fail } from "../../../../src/base/result.ts";
import { MAX_READ_BYTES, MAX_TOLD_PICTURES } from "../../../../src/session/context/context-files.ts";
import { toAttachmentUrl } from "../../../../src/session/files/attachment-path.ts";
import { estimatePromptTokens } from "../../../../src/session/turn/turn-steps.ts";
import { NOW_MS, TURN } from "../answer-fixtures.ts";
import { askStep, openTalk, toModels } from "../step-world.ts";

const MEBIBYTE = 1_048_576;

function openChat() {
  const talk = openTalk();
  const attach = (id: string, mediaType: string, bytes: number) => {
    const row = { attachmentId: id, name: id, mediaType, bytes, createdAtMs: NOW_MS };
    talk.store.extras.appendAttachment(row);
    return { type: "file", mediaType, filename: id, url: toAttachmentUrl("chat_1", id) };
  };
  return { ...talk, attach };
}

const say = (text: string) => ({ type: "text", text });
const toBytes = (text: string) => new TextEncoder().encode(text);

describe("a text", () => {
  const LONG = toBytes("word ".repeat(MEBIBYTE));

  it("[SE130] of an older question is told as far as the budget has room, and no more of it is read", async () => {
    const { store, add, attach } = openChat();
    const log = attach("log.txt", "text/plain", LONG.length);
    add([log, say("What is this?")]);
    add("A log.");
    const { text, reads } = await askStep(store, add("Thanks. What is 2+2?"), { file: LONG });
    expect(text.length).toBeLessThan(24_000 * 4 + 2_000);
    expect(text.length).toBeGreaterThan(20_000 * 4);
    expect(text).toContain("The rest of the file log.txt is left out");
    expect(text).toContain("What is this?");
    expect(reads[0]?.maxBytes).toBeLessThan(100_000);
  });

  it("[SE130] costs no word of what was said its place, beyond a quarter of the budget", async () => {
    const { store, add, talk, attach } = openChat();
    add([attach("log.txt", "text/plain", LONG.length), say("What is this?")]);
    const { text } = await askStep(store, talk(100, 5_000, 3_000, 4_000, 4_500, 1_000), { file: LONG });
    expect(text).toContain("What is this?");
    expect(text).not.toContain("are left out");
    expect(text.length).toBeLessThan(24_000 * 4 + 2_000);
    // With words alone there is room for more of them, and none for the file.
    const full = await askStep(store, talk(2_000, 3_000, 2_000), { file: LONG });
    expect(full.text).toContain("are left out");
    expect(full.text.length).toBeLessThan(24_000 * 4 + 2_000);
  });

  it("[SE130] too large for what is left is named alone", async () => {
    const { store, add, talk, attach } = openChat();
    const other = attach("other.txt", "text/plain", 24_000 * 4 - 500);
    add([attach("log.txt", "text/plain", 40_000), say("What is this?")]);
    talk(10);
    add([other, say("And this?")]);
    const { text, reads } = await askStep(store, talk(10, 10), { file: LONG });
    expect(text).toContain("[The file log.txt is not shown here: there is no room for it.]");
    expect(reads.map(({ url }) => url)).toEqual([other.url]);
  });

  it("[SE131] of the question itself is told whole where a model takes it, and cut where none does", async () => {
    const { store, add, talk, attach } = openChat();
    talk(10, 10);
    const question = add([attach("log.txt", "text/plain", LONG.length), say("What is this?")]);
    const roomy = await askStep(store, question, { file: LONG, models: toModels(4_000_000) });
    expect(roomy.text.length).toBeGreaterThan(LONG.length);
    expect(roomy.reads).toMatchObject([{ maxBytes: null }]);
    // It takes no word of the chat its place.
    expect(roomy.text).toContain("<m0>");
    const small = await askStep(store, question, { file: LONG, models: toModels(50_000) });
    expect(small.text).toContain("The rest of the file log.txt is left out");
    expect(small.text.length).toBeLessThan(30_000 * 4 + 2_000);
    expect(small.text.length).toBeGreaterThan(29_000 * 4);
    expect(small.text).toContain("<m0>");
    const facts = { store, contextTokens: 24_000, resolveModels: () => fail("none"), ownTools: [] };
    const turn = { ...TURN, parentId: question };
    expect(estimatePromptTokens(facts, turn)).toBeGreaterThan(70_000);
  });

  it("[SE131] is cut between two signs, also where it stands in the message itself", async () => {
    const { store, add } = openChat();
    const url = `data:text/plain,${encodeURIComponent("é".repeat(12_000))}`;
    add([{ type: "file", mediaType: "text/plain", url }, say("x")]);
    const { text } = await askStep(store, "m0", { models: toModels(8_001) });
    expect(text).toContain("is left out: it is too long");
    expect(text).not.toContain("\uFFFD");
  });
});

describe("pictures", () => {
  it("[SE132] that are not told are not read, and what is read fits into an object's memory", async () => {
    const { store, add, talk, attach } = openChat();
    for (let round = 0; round < 29; round += 1) {
      const files = Array.from({ length: 5 }, (_, at) =>
        attach(`p${round}-${at}`, "image/png", 5 * MEBIBYTE),
      );
      add([...files, say("And these?")]);
      talk(10);
    }
    const { reads, pictures, text } = await askStep(store, talk(10));
    expect(reads).toHaveLength(MAX_READ_BYTES / (5 * MEBIBYTE));
    expect(pictures).toHaveLength(reads.length);
    // The newest are chosen, and the others have their names.
    expect(reads.every(({ url }) => url.includes("p28-"))).toBe(true);
    expect(text).toContain("[The file p28-4 is not shown here");
    expect(text).toContain("[The file p1-0 is not shown here");
  });

  it("[SE130] count a thousand tokens each, newest message first", async () => {
    const { store, add, talk, attach } = openChat();
    for (const name of ["old", "new"]) {
      add([...[0, 1, 2, 3].map((at) => attach(`${name}${at}`, "image/png", 100)), say("And these?")]);
      talk(10);
    }
    const { reads, text } = await askStep(store, talk(10), { models: toModels(11_000) });
    expect(reads.map(({ url }) => url.split("/").at(-1))).toEqual([
      "new0",
      "new1",
      "new2",
      "new3",
      "old0",
      "old1",
    ]);
    expect(text).toContain("[The file old3 is not shown here");
  });

  it("[SE244] are twenty at the most, the newest", async () => {
    const { store, add, attach } = openChat();
    for (let round = 0; round < 5; round += 1) {
      add([...[0, 1, 2, 3, 4].map((at) => attach(`p${round}-${at}`, "image/png", 100)), say("And these?")]);
      add("Pictures.");
    }
    const { pictures, text } = await askStep(store, add("What do they show?"), {
      models: toModels(1_000_000),
    });
    expect(pictures).toHaveLength(MAX_TOLD_PICTURES);
    expect(text).toContain("[The file p0-4 is not shown here");
    expect(text).not.toContain("[The file p1-0 is not shown here");
  });

  it("[SE132] under one address are read once", async () => {
    const { store, add, talk, attach } = openChat();
    const file = attach("p", "image/png", 100);
    add([file, say("What?")]);
    talk(10);
    const { reads, pictures } = await askStep(store, add([file, say("And now?")]));
    expect([reads, pictures.length]).toEqual([[{ url: file.url, maxBytes: null }], 2]);
  });

  it("[SE99] are counted without reading from disk", async () => {
    const { disk, store, add, attach } = openChat();
    const question = add([attach("p", "image/png", 100), say("What?")]);
    await askStep(store, question);
    const before = disk.statements;
    await askStep(store, question);
    expect(disk.statements - before).toBe(0);
  });
});
