/** A minute's questions over `/api/chat`. Over a socket the chat's object counts them: test/unit/session/questions/question-limit.test.ts. */
import { expect, it } from "vitest";
import { createApp } from "../../../../src/http/app.ts";
import { Problem } from "../../../../src/protocol/problem.ts";
import { CallBudget } from "../../../../src/routing/budgets/call-budget.ts";
import { addChat, createFakeWorld, OWN_ORIGIN } from "../fake-services.ts";

it("[HT360] one question too many is 429, with when to come back, and asks nobody", async () => {
  const world = createFakeWorld({ overrides: { callBudget: new CallBudget(2) } });
  const app = createApp(world.services);
  const id = addChat(world);
  const knock = async (method: string, path: string, body?: object): Promise<Response> =>
    app.request(
      new Request(`${OWN_ORIGIN}/api/chat${path}`, {
        method,
        body: body === undefined ? null : JSON.stringify(body),
        headers: { "content-type": "application/json", cookie: "who=alice", origin: OWN_ORIGIN },
      }),
    );
  const question = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] };
  const ask = () => knock("POST", "", { id, messages: [question], trigger: "submit-message" });
  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
  expect(Problem.parse(await refused.json()).code).toBe("rate-limited");
  expect(world.linesOf("rate_limit_exceeded")).toMatchObject([{ path: "/api/chat" }]);
  expect(world.asked.filter((line) => line.startsWith("object"))).toHaveLength(2);
  // Reading and stopping are no questions.
  expect((await knock("GET", `/${id}/stream`)).status).toBe(200);
  expect((await knock("POST", `/${id}/stop`)).status).toBe(200);
});
