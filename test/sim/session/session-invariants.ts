/**
 * What must be true of every simulated chat when all is over: of its rows, of what its clients have, of the books of
 * those who were called. Each check gives a sentence for each breach. Rules SM30 to SM39.
 */
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { MAX_RECOVERIES } from "../../../src/session/turn/recover.ts";
import type { TurnRow } from "../../../src/session/rows.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";
import { toPartsText } from "./answer-stream.ts";
import { checkBooks } from "./check-books.ts";
import { LiveClient } from "./live-client.ts";
import type { SessionWorld } from "./session-world.ts";
import { checkRows } from "./check-rows.ts";
import { checkTools } from "./check-tools.ts";
import { toWholeText } from "./sim-text.ts";

/** A chat as its rows tell it. */
export interface StoredChat {
  readonly messages: ReadonlyMap<string, StoredMessage>;
  /** In the order in which they were stored. */
  readonly ordered: readonly StoredMessage[];
  readonly turns: readonly TurnRow[];
  /** The path that is shown, whole, oldest first. */
  readonly path: readonly StoredMessage[];
}

export async function findSessionBreaches(world: SessionWorld): Promise<string[]> {
  const read = await world.object.call((life) => {
    const ordered = [...life.store.messages.scan("oldest")].flat();
    const turnIds = world.storage.sql.exec("SELECT turn_id FROM turn ORDER BY position").toArray();
    const chat: StoredChat = {
      ordered,
      messages: new Map(ordered.map((message) => [message.id, message])),
      turns: turnIds.flatMap((row) => life.store.findTurn(String(row["turn_id"])) ?? []),
      path: life.chat.view.readNewest(10_000).messages,
    };
    return { chat, branches: checkBranches(chat, life.store) };
  });
  if (read === null) return ["[SM35] the object died after everything was over"];
  const { chat, branches } = read;
  return [
    ...world.bugs,
    ...checkCalm(world, chat),
    ...checkLog(world),
    ...checkTree(chat),
    ...branches,
    ...checkQuestions(world, chat),
    ...chat.turns.flatMap((turn) => checkTurn(world, turn, chat)),
    ...checkClients(world, chat),
    ...checkBooks(world, chat),
    ...checkTools(world, chat),
    ...checkRows(world, chat),
  ];
}

function checkCalm(world: SessionWorld, { turns }: StoredChat): string[] {
  if (world.isCalm) return [];
  const open = turns.filter(({ status }) => status === "queued" || status === "running");
  const waiting = world.clients.filter(({ isSettled }) => !isSettled).map(({ plan }) => plan.name);
  return [
    `[SM35] no rest: ${open.length} turns are open, ${waiting.join(", ") || "nobody"} waits, ` +
      `the outbox holds ${String(world.storage.sql.exec("SELECT count(*) AS n FROM outbox").one()["n"])}, the alarm is ${world.storage.alarm}`,
  ];
}

/** What a running answer's log and end say of each write that fails, and nothing else. */
const WHILE_STORAGE_IS_AWAY =
  /Failed query: (?:insert into|update) \\"(?:chunk|turn)\\"|simulated storage is away/;

function checkLog({ log }: SessionWorld): string[] {
  return (["internal_error", "background_failed", "alarm_failed"] as const).flatMap((event) =>
    log
      .of(event)
      .map(({ fields }) => `[SM35] ${event}: ${JSON.stringify(fields)}`)
      .filter((line) => !WHILE_STORAGE_IS_AWAY.test(line)),
  );
}

/** Every message hangs on one that is there, and no way up comes back to itself. */
function checkTree({ ordered, messages, path }: StoredChat): string[] {
  const breaches: string[] = [];
  if (messages.size !== ordered.length) breaches.push("[SM33] two messages have one id");
  for (const message of ordered) {
    const seen = new Set([message.id]);
    let above = message;
    while (above.parentId !== null) {
      const parent = messages.get(above.parentId);
      if (parent === undefined || seen.has(parent.id)) {
        breaches.push(`[SM33] above ${message.id} is ${parent === undefined ? "nothing" : "itself"}`);
        break;
      }
      if (parent.role === above.role) breaches.push(`[SM33] ${above.id} stands below another of its kind`);
      seen.add(parent.id);
      above = parent;
    }
  }
  for (const [index, { id, parentId }] of path.entries()) {
    if (parentId !== (path[index - 1]?.id ?? null)) breaches.push(`[SM33] the path has a gap above ${id}`);
  }
  return breaches;
}

/** Whoever has others beside it is named with all of them. */
function checkBranches({ ordered }: StoredChat, store: SessionStore): string[] {
  const byParent = new Map<string | null, string[]>();
  for (const { id, parentId } of ordered) byParent.set(parentId, [...(byParent.get(parentId) ?? []), id]);
  const branches = store.messages.readBranches(ordered);
  return ordered.flatMap(({ id, parentId }) => {
    const beside = byParent.get(parentId) ?? [];
    const named = branches[id] ?? [id];
    return [...named].toSorted().join() === [...beside].toSorted().join()
      ? []
      : [`[SM33] beside ${id} are ${beside.join()}, and named are ${named.join()}`];
  });
}

/** Asked questions are stored once, refused ones never, and none that anybody was told of is gone. */
function checkQuestions({ ledger }: SessionWorld, { ordered, messages, turns }: StoredChat): string[] {
  const breaches: string[] = [];
  const questions = ordered.filter(({ role }) => role === "user");
  // One question may have been sent in several requests.
  for (const text of new Set(ledger.asked.map((asked) => asked.text))) {
    if (text === null || text.trim() === "") continue;
    const wishes = ledger.asked.filter((asked) => asked.text === text);
    const states = wishes.map(({ state }) => state);
    const stored = questions.filter(({ parts }) => toPartsText(parts) === text);
    const least = states.includes("accepted") ? 1 : 0;
    const most = states.every((state) => state === "refused") ? 0 : 1;
    if (stored.length < least || stored.length > most) {
      const names = wishes.map(({ kind, requestId, state }) => `${kind} ${requestId} ${state}`);
      breaches.push(`[SM33] stored ${stored.length} times: ${names.join()}`);
    }
    const id = wishes[0]?.messageId ?? null;
    if (stored[0] !== undefined && id !== null && stored[0].id !== id)
      breaches.push(`[SM33] ${id} is stored as ${stored[0].id}`);
  }
  for (const [id, told] of ledger.told) {
    const now = messages.get(id);
    if (now === undefined) breaches.push(`[SM33] ${id} was told and is gone`);
    else if (toPartsText(now.parts) !== toPartsText(told.parts))
      breaches.push(`[SM33] ${id} was told otherwise`);
  }
  const requestIds = turns.map(({ requestId }) => requestId);
  for (const id of new Set(requestIds)) {
    if (requestIds.indexOf(id) !== requestIds.lastIndexOf(id)) breaches.push(`[SM33] ${id} has two turns`);
  }
  return breaches;
}

/** A turn has one answer and one end, and what it says is the beginning of what the models had to say. */
function checkTurn(world: SessionWorld, turn: TurnRow, { messages, ordered }: StoredChat): string[] {
  const { turnId, status, messageId, parentId } = turn;
  const answer = messages.get(messageId);
  const question = messages.get(parentId);
  if (answer === undefined || question === undefined)
    return [`[SM35] ${turnId} is ${status} and has no answer`];
  const breaches: string[] = [];
  const say = (text: string): void => void breaches.push(`${text} (${turnId}, ${status})`);
  if (answer.parentId !== parentId || answer.role !== "assistant") say("[SM33] its answer hangs elsewhere");
  if (answer.metadata?.status !== status) say(`[SM35] its receipt says ${answer.metadata?.status}`);
  if (turn.endedAtMs === null) say("[SM35] it has no end");
  if (ordered.filter(({ metadata }) => metadata?.turnId === turnId).length !== 1)
    say("[SM35] it has two answers");
  const whole = toWholeText(toPartsText(question.parts));
  const text = toPartsText(answer.parts);
  if (!whole.startsWith(text))
    say(`[SM31] its text is no beginning of what models say: "${findOther(text, whole)}"`);
  // A model that says that it is done says so for what it gave: nothing, or nothing more.
  const wasEmpty = world.books.some((call) => call.turnId === turnId && call.end === "empty");
  if (status === "complete" && text !== whole && !wasEmpty)
    say(`[SM31] ${text.length} of ${whole.length} characters`);
  const texts = answer.parts.filter(({ type }) => type === "text" || type === "step-start");
  if (texts.some(({ type }, index) => type === "text" && texts[index + 1]?.type === "text"))
    say("[SM31] its text is in pieces");
  if (status === "failed" && text !== "") say("[SM35] it failed with words");
  if (status === "incomplete" && answer.parts.length === 0) say("[SM35] it is incomplete with nothing");
  if (world.ledger.stopped.has(turnId) && status !== "cancelled" && text !== whole)
    say("[SM34] it was stopped");
  const lives = world.log
    .of("turn_recovered")
    .filter(({ fields }) => "turn_id" in fields && fields.turn_id === turnId);
  if (lives.length > MAX_RECOVERIES) say(`[SM35] it went on ${lives.length} times`);
  return breaches;
}

function findOther(text: string, whole: string): string {
  let at = 0;
  while (text[at] === whole[at]) at += 1;
  return text.slice(Math.max(0, at - 20), at + 30);
}

/** Everybody who stayed has what is stored. */
function checkClients({ clients }: SessionWorld, { messages, path }: StoredChat): string[] {
  return clients.flatMap((client) => {
    const differences = client.findDifferences(messages, path);
    if (client instanceof LiveClient) {
      const ids = new Map(path.map(({ id }) => [id, client.branchesOf(id)]));
      for (const [id, branches] of ids) {
        if (branches.some((other) => !messages.has(other))) continue;
        const beside = [...messages.values()].filter(
          ({ parentId }) => parentId === messages.get(id)?.parentId,
        );
        const most = beside.length === 1 ? 0 : beside.length;
        if (branches.length !== most)
          differences.push(`[SM30] shows ${branches.length} branches of ${id}, there are ${most}`);
      }
    }
    return differences.map((difference) => `${difference} (${client.plan.name})`);
  });
}
