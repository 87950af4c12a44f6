/** A body is read message by message, wherever its bytes are cut and whatever is in its strings. */
import { describe, expect, it } from "vitest";
import { MessageSplitter } from "../../../../src/session/questions/message-splitter.ts";
import { isObject } from "../../../../src/providers/is-object.ts";

/** As it reads with nothing left out, in pieces of so many bytes. */
function read(text: string, pieceBytes = 1_000_000, options = {}) {
  const splitter = new MessageSplitter({
    limitBytes: 1_000_000,
    maxMessages: 100,
    toEarlier: (message) => (isObject(message) ? { ...message } : { message }),
    ...options,
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (!splitter.push(bytes.subarray(at, at + pieceBytes))) return "too large";
  }
  const body = splitter.finish();
  return body.ok ? body.value : body.error;
}

const ODD = ['\\"', '"', "\\\\", "],[", "},{", "é", "👍", '","messages":[', "\\u0022", "\n"].map(
  (text, index) => ({
    id: text,
    parts: [[], {}, [text, { [text]: index }], null, true, -1.5e3],
  }),
);

describe("a body in pieces", () => {
  it("[HT280] is the same wherever it is cut", () => {
    for (const body of [
      { id: "x", messages: ODD, trigger: "messages", more: { messages: [1, [2]] } },
      { messages: ODD.slice(0, 1) },
      { messages: [] },
      { messages: "none", list: ["messages", ["messages"]] },
      { "messages\\": [{ a: 1 }, { a: 2 }], "": [{ a: 1 }], messages: { messages: [1, 2] } },
      ["messages", 1],
      "messages",
      null,
    ]) {
      for (const text of [JSON.stringify(body), ` ${JSON.stringify(body, null, 3)}\r\n`]) {
        for (const pieceBytes of [1, 2, 3, 7, 64, 100_000]) expect(read(text, pieceBytes)).toEqual(body);
      }
    }
  });

  it("[HT280] of a field that is there twice has the last one, as JSON has it", () => {
    const text = '{"messages":[{"a":1},{"a":2}],"id":1,"messages":[{"a":3},{"a":4}]}';
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it("[HT280] that is no JSON is none", () => {
    for (const text of [
      "",
      "{",
      '{"messages":[}',
      '{"messages":[,]}',
      '{"messages":[{},]}',
      '{"messages":[{} {}]}',
      '{"messages":[{}',
      '{"messages":[{"a":"]}',
      '{"messages":[tru]}',
      '{"messages"[{}]}',
      '{"messages":[{}]]}',
    ]) {
      expect([text, read(text, 3)]).toEqual([text, "not-json"]);
    }
  });

  it("[HT280] keeps of earlier messages what is asked for, and the newest whole", () => {
    const text = JSON.stringify({ messages: [{ a: 1 }, { a: 2 }, { a: 3 }] });
    expect(read(text, 5, { toEarlier: () => ({ less: 0 }) })).toEqual({
      messages: [{ less: 0 }, { less: 0 }, { a: 3 }],
    });
  });

  it("[HT280] may be of any length, as long as no message and not what is kept is too long", () => {
    const options = { limitBytes: 1_000, toEarlier: () => ({}) };
    const messages = Array.from({ length: 100 }, () => "x".repeat(400));
    expect(read(JSON.stringify({ messages }), 50, options)).toMatchObject({ messages: { length: 100 } });
    expect(read(JSON.stringify({ messages: ["x".repeat(1_100)] }), 50, options)).toBe("too large");
    expect(read(JSON.stringify({ id: "x".repeat(1_100) }), 50, options)).toBe("too large");
    const kept = { limitBytes: 1_000, toEarlier: () => ({ id: "x".repeat(90) }) };
    expect(read(JSON.stringify({ messages: messages.slice(0, 30) }), 50, kept)).toBe("too large");
  });

  it("[HT280] of more messages than there may be shows one more, and keeps nothing of the others", () => {
    const text = `{"messages":[${"0,".repeat(5_000)}0],"id":1}`;
    const body = read(text, 64, { limitBytes: 3_000 });
    expect(body).toMatchObject({ id: 1, messages: { length: 101 } });
  });
});
