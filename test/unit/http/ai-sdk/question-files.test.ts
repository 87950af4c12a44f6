/** What files a question over `/api/chat` may have, over fakes. With a real object: test/workers/question-files.test.ts. */
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../src/http/app.ts";
import { Problem } from "../../../../src/protocol/problem.ts";
import { createFakeWorld, OWN_ORIGIN } from "../fake-services.ts";

function start() {
  const world = createFakeWorld();
  const app = createApp(world.services);
  const headers = { cookie: "who=alice", origin: OWN_ORIGIN, "content-type": "application/json" };
  const ask = async (body: object): Promise<Response> =>
    app.request(
      new Request(`${OWN_ORIGIN}/api/chat`, { method: "POST", body: JSON.stringify(body), headers }),
    );
  return { ...world, ask };
}

const QUESTION = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] };
const BODY = { id: "vK3xYw0Qm5RtBz8L", messages: [QUESTION], trigger: "submit-message" };

describe("a question", () => {
  it(
    "[HT330] may have files of sixteen megabytes as they are sent; what is larger is told apart",
    { timeout: 20_000 },
    async () => {
      const { ask, state, chats } = start();
      const toBody = (bytes: number, text = "Look") => {
        const url = `data:text/plain;base64,${Buffer.alloc(bytes, 97).toString("base64")}`;
        const file = { type: "file", mediaType: "text/plain", url };
        return { ...BODY, messages: [{ ...QUESTION, parts: [file, file, { type: "text", text }] }] };
      };
      expect((await ask(toBody(5_242_880))).status).toBe(200);
      expect(state.questions[0]?.messages[0]?.parts).toHaveLength(3);
      const [made] = [chats.size];
      const cases: [object, number, RegExp][] = [
        [toBody(7_000_000), 413, /with its files it may have 16777216 bytes.*attach them first/],
        [toBody(10, "x".repeat(1_048_576)), 413, /without its files it may have 1048576 bytes/],
        [{ ...toBody(5_242_881), id: "another" }, 400, /may have at most 5242880 bytes/],
      ];
      for (const [body, status, detail] of cases) {
        const answer = await ask(body);
        expect([answer.status, Problem.parse(await answer.json()).detail]).toEqual([
          status,
          expect.stringMatching(detail),
        ]);
      }
      expect(chats.size).toBe(made);
    },
  );

  it("[HT330] whose files cannot be stored now is 503", async () => {
    const { ask, state } = start();
    state.nextAnswer = { type: "unavailable", reason: "Send it again." };
    const answer = await ask(BODY);
    expect([answer.status, Problem.parse(await answer.json()).detail]).toEqual([503, "Send it again."]);
  });
});
