/** Exports and attachments over HTTP: what may come in, what goes out and as what, and that a refused file leaves nothing. */
import { describe, expect, it } from "vitest";
import { Problem } from "../../../src/protocol/problem.ts";
import { MAX_ATTACHMENT_BYTES, SessionAttachment } from "../../../src/protocol/session-api.ts";
import { GIF, HTML, MISNAMED, PNG, REFUSED_TYPES, TAKEN, toUtf8 } from "../../fixtures/tiny-files.ts";
import { startChats } from "./chat-app.ts";
import { addChat, MALLORY } from "./fake-services.ts";

type World = ReturnType<typeof startChats>;
type Body = NonNullable<RequestInit["body"]>;

const attach = (world: World, id: string, type: string, body: Body, query = ""): Promise<Response> =>
  world.call("POST", `/${id}/attachments${query}`, { body, headers: { "content-type": type } });

async function attachOne(
  world: World,
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
  query = "",
): Promise<SessionAttachment> {
  const answer = await attach(world, addChat(world), type, bytes, query);
  expect(answer.status).toBe(201);
  return SessionAttachment.parse(await answer.json());
}

/** Reads the file at the address that was given. */
const read = (world: World, { url }: SessionAttachment, method = "GET"): Promise<Response> =>
  world.call(method, url.slice("/api/v1/sessions".length));

describe("an export", () => {
  it("[HT61] is a file named after the chat, as JSON unless Markdown is asked for", async () => {
    const world = startChats();
    const id = addChat(world);
    const cases = [
      ["", "application/json; charset=utf-8", "json"],
      ["?format=json", "application/json; charset=utf-8", "json"],
      ["?format=markdown", "text/markdown; charset=utf-8", "md"],
    ] as const;
    for (const [query, type, ending] of cases) {
      const answer = await world.call("GET", `/${id}/export${query}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(type);
      expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${id}.${ending}"`);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await answer.text()).toBe("first second");
    }
  });

  it("[HT61] of another kind is refused", async () => {
    const world = startChats();
    const id = addChat(world);
    for (const query of ["?format=pdf", "?format=", "?format=JSON", "?format=json%0d%0aset-cookie:a"]) {
      expect([query, (await world.call("GET", `/${id}/export${query}`)).status]).toEqual([query, 400]);
    }
    expect(world.askedOf("object")).toEqual([]);
  });

  it("[HT61] is passed on piece by piece, and stops when nobody reads it", async () => {
    let made = 0;
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        made += 1;
        controller.enqueue(toUtf8(`piece ${made}\n`));
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    const world = startChats({ chatObject: { export: () => Promise.resolve(endless) } });
    const answer = await world.call("GET", `/${addChat(world)}/export`);
    const reader = answer.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("piece 1\n");
    expect(made).toBeLessThan(5);
    await reader?.cancel();
    expect(isCancelled).toBe(true);
  });

  it("[HT61] of a chat whose object was emptied meanwhile is an unknown chat", async () => {
    const world = startChats({ chatObject: { export: () => Promise.resolve(null) } });
    expect((await world.call("GET", `/${addChat(world)}/export`)).status).toBe(404);
  });
});

describe("attaching", () => {
  it("[HT62] takes pictures and texts of every kind, bytes first", async () => {
    for (const [type, bytes] of TAKEN) {
      const world = startChats();
      const id = addChat(world);
      const answer = await attach(world, id, type, bytes, "?name=a%20file");
      expect([type, answer.status]).toEqual([type, 201]);
      const file = SessionAttachment.parse(await answer.json());
      const url = `/api/v1/sessions/${id}/attachments/${file.id}`;
      expect(file).toEqual({ id: file.id, name: "a file", mediaType: type, bytes: bytes.byteLength, url });
      expect(world.state.files.get(`attachments/${id}/${file.id}`)).toEqual({ bytes, mediaType: type });
      expect(world.asked.slice(1)).toEqual([
        `put attachments/${id}/${file.id} ${type}`,
        `object attach ${file.id} ${id}`,
      ]);
    }
  });

  it("[HT62] reads the type without its parameters and whatever its case", async () => {
    const file = await attachOne(startChats(), " Text/PLAIN ; charset=utf-8", toUtf8("a"));
    expect(file).toMatchObject({ mediaType: "text/plain", name: "file" });
  });

  it("[SE253] takes a text for one where its type is what texts are taken for, and nothing else under that", async () => {
    for (const type of ["video/mp2t", "application/x-sh", "application/vnd.ms-excel"]) {
      expect(await attachOne(startChats(), type, toUtf8("a"))).toMatchObject({ mediaType: "text/plain" });
      const world = startChats();
      const answer = await attach(world, addChat(world), type, new Uint8Array([0x47, 0x40, 0x11, 0x00]));
      expect([type, answer.status, world.state.files.size]).toEqual([type, 415, 0]);
    }
  });

  it("[HT62] takes no other type, and no type that is none", async () => {
    for (const type of REFUSED_TYPES) {
      const world = startChats();
      const answer = await attach(world, addChat(world), type, toUtf8("a"));
      expect([type, answer.status]).toEqual([type, 415]);
      expect(world.state.files.size).toBe(0);
    }
  });

  it("[HT62] takes nothing whose bytes are not what its type says", async () => {
    for (const [type, bytes] of MISNAMED) {
      const world = startChats();
      const answer = await attach(world, addChat(world), type, bytes);
      expect([type, answer.status]).toEqual([type, 400]);
      expect(world.state.files.size).toBe(0);
    }
  });

  it("[HT62] takes no more than 5 MiB, whatever the length header says, and not nothing", async () => {
    const largest = new Uint8Array(MAX_ATTACHMENT_BYTES).fill(97);
    const tooLarge = new Uint8Array(MAX_ATTACHMENT_BYTES + 1).fill(97);
    expect((await attachOne(startChats(), "text/plain", largest)).bytes).toBe(5_242_880);
    let made = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        made += 1;
        controller.enqueue(new Uint8Array(65_536).fill(97));
      },
    });
    const world = startChats();
    const id = addChat(world);
    const send = async (body: Body, headers: Record<string, string> = {}): Promise<number> =>
      (
        await world.call("POST", `/${id}/attachments`, {
          body,
          headers: { "content-type": "text/plain", ...headers },
        })
      ).status;
    expect(await send(tooLarge)).toBe(413);
    expect(await send(tooLarge, { "content-length": "5" })).toBe(413);
    expect(await send(toUtf8("a"), { "content-length": "5242881" })).toBe(413);
    expect(await send(endless)).toBe(413);
    expect(made).toBeLessThan(90);
    expect(await send(new Uint8Array())).toBe(400);
    expect(world.state.files.size).toBe(0);
    expect(world.linesOf("request_too_large")).toHaveLength(4);
  });

  it("[SE245] are refused with what to do where they are texts in another encoding", async () => {
    const world = startChats();
    const answer = await attach(world, addChat(world), "text/csv", Uint8Array.of(0x47, 0x72, 0xfc, 0xdf));
    expect(Problem.parse(await answer.json()).detail).toContain("Save it as UTF-8");
  });

  it("[HT332] are 503 where they cannot be stored or read now", async () => {
    const world = startChats();
    const attached = await attachOne(world, "image/png", PNG);
    const away = (): Promise<never> => Promise.reject(new Error("R2 is away"));
    Object.assign(world.services.files, { put: away, get: away });
    const answers = [await attach(world, addChat(world), "image/png", PNG), await read(world, attached)];
    for (const answer of answers) {
      expect([answer.status, Problem.parse(await answer.json()).code]).toEqual([503, "unavailable"]);
    }
    expect(world.state.attached.size).toBe(1);
    expect(world.linesOf("background_failed")).toHaveLength(2);
  });

  it("[HT62] keeps no byte of a file that the chat did not take", async () => {
    for (const [verdict, status] of [
      ["too-many", 409],
      ["unknown-chat", 404],
    ] as const) {
      const world = startChats({ chatObject: { attach: () => Promise.resolve(verdict) } });
      const answer = await attach(world, addChat(world), "image/png", PNG);
      expect([verdict, answer.status]).toEqual([verdict, status]);
      expect([...world.state.files.keys()]).toEqual([]);
    }
  });

  it("[SE221] keeps no byte of a file where its chat cannot be reached", async () => {
    const world = startChats({ chatObject: { attach: () => Promise.reject(new Error("reset")) } });
    expect((await attach(world, addChat(world), "image/png", PNG)).status).toBe(500);
    expect([...world.state.files.keys()]).toEqual([]);
  });

  it("[SE220] takes no picture that providers refuse", async () => {
    const world = startChats();
    const answer = await attach(world, addChat(world), "image/png", PNG.slice(0, 40));
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ detail: "The picture is not whole: it is cut off or damaged." }),
    ]);
    expect(world.state.files.size).toBe(0);
  });

  it("[HT62] reads nothing of a file for somebody else's chat", async () => {
    const world = startChats();
    let isRead = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          isRead = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect((await attach(world, addChat(world, MALLORY), "text/plain", body)).status).toBe(404);
    expect(isRead).toBe(false);
    expect(world.state.files.size).toBe(0);
  });

  it("[HT62] names a file on one line with 1 to 200 characters", async () => {
    const name = async (query: string): Promise<string> =>
      (await attachOne(startChats(), "text/plain", toUtf8("a"), query)).name;
    expect(await name("?name=%20r%C3%A9sum%C3%A9%20%F0%9F%9A%A2.txt%20")).toBe("résumé 🚢.txt");
    expect(await name("?name=a%0d%0aset-cookie:%20b%00%e2%80%a8c")).toBe("a set-cookie: b c");
    expect(await name(`?name=${"n".repeat(200)}`)).toHaveLength(200);
    for (const query of ["?name=", "?name=%20", "?name=%0a", `?name=${"n".repeat(201)}`]) {
      const world = startChats();
      const answer = await attach(world, addChat(world), "text/plain", toUtf8("a"), query);
      expect([query, answer.status]).toEqual([query, 400]);
    }
  });
});

describe("an attached file", () => {
  it("[HT63] comes back as it was sent: a picture as a picture, everything else as plain text", async () => {
    for (const [type, bytes] of TAKEN) {
      const world = startChats();
      const answer = await read(world, await attachOne(world, type, bytes));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(
        type.startsWith("image/") ? type : "text/plain; charset=utf-8",
      );
      expect(answer.headers.get("content-length")).toBe(String(bytes.byteLength));
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    }
  });

  it("[HT63] can do nothing in a browser, is guessed to be nothing else, and is kept for nobody else", async () => {
    const world = startChats();
    const { headers } = await read(world, await attachOne(world, "text/html", HTML));
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toMatch(/^private, /);
    // Whoever signs in on the same browser afterwards is not shown what it kept.
    expect(headers.get("vary")?.toLowerCase()).toContain("cookie, authorization, origin");
  });

  it("[HT63] has its name in one header, whatever stands in it", async () => {
    const cases = [
      ["a.txt", "a.txt"],
      [`"quoted"; filename=x.html`, "%22quoted%22%3B%20filename%3Dx.html"],
      ["it's (1)*.txt", "it%27s%20%281%29%2A.txt"],
      ["a\r\nset-cookie: b", "a%20set-cookie%3A%20b"],
      ["résumé 🚢", "r%C3%A9sum%C3%A9%20%F0%9F%9A%A2"],
      ["../../etc/passwd", "..%2F..%2Fetc%2Fpasswd"],
    ] as const;
    for (const [name, encoded] of cases) {
      const world = startChats();
      const file = await attachOne(world, "image/gif", GIF, `?name=${encodeURIComponent(name)}`);
      const { headers } = await read(world, file);
      expect(headers.get("content-disposition")).toBe(`inline; filename*=UTF-8''${encoded}`);
      expect(headers.has("set-cookie")).toBe(false);
    }
  });

  it("[HT63] is named to its owner alone, and under its own chat alone", async () => {
    const world = startChats();
    const file = await attachOne(world, "image/png", PNG);
    const other = addChat(world);
    const foreign = addChat(world, MALLORY);
    const asMallory = { cookie: "who=mallory" };
    const path = file.url.slice("/api/v1/sessions".length);
    expect((await world.call("GET", path, { headers: asMallory })).status).toBe(404);
    expect((await world.call("GET", `/${foreign}/attachments/${file.id}`)).status).toBe(404);
    expect((await world.call("GET", `/${other}/attachments/${file.id}`)).status).toBe(404);
    expect(world.askedOf("get ")).toEqual([]);
    expect((await read(world, file)).status).toBe(200);
  });

  it("[HT63] that is not there, or not any more, is the same 404", async () => {
    const world = startChats();
    const file = await attachOne(world, "image/png", PNG);
    world.state.files.clear();
    const toAnswer = async (answer: Response) => [answer.status, await answer.text()];
    const headers = { "x-request-id": "r" };
    const path = file.url.slice("/api/v1/sessions".length);
    const gone = await toAnswer(await world.call("GET", path, { headers }));
    const unknown = await toAnswer(await world.call("GET", `${path.slice(0, -1)}z`, { headers }));
    expect(gone[0]).toBe(404);
    expect(unknown).toEqual(gone);
  });
});
