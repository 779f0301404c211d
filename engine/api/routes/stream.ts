/**
 * /stream: what changes, as server-sent events. Pages read it by `fetch`, since EventSource can't send a token. The
 * events carry ids and seqs only; a page reads anew what it shows of them.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AntigraphError } from "../../core/errors.ts";
import type { ChangeFeed, FeedEvent } from "../change-feed.ts";
import type { ApiHost } from "../host.ts";
import { createRouter, problems } from "../openapi.ts";
import { STREAM_TOPICS, type StreamChanges, type StreamTopic } from "../schemas/stream.ts";

/** Streams at a time: each costs a connection and a little memory. */
const MAXIMUM_STREAMS = 64;
/** Bytes a slow client may leave unread before it is skipped and told to read anew. */
const MAXIMUM_UNREAD_BYTES = 1_000_000;
const PING_MS = 15_000;

const stream = createRoute({
  method: "get",
  path: "/stream",
  operationId: "streamChanges",
  tags: ["Stream"],
  summary: "Changes as server-sent events",
  description:
    "`event: changes` with what changed, merged over 250 ms; `event: reset` when the client missed something: it reads anew what it shows. Each has an `id`; with `Last-Event-ID` a client reads on where it was. A comment line every 15 s keeps the connection.",
  request: {
    query: z.object({
      topics: z
        .string()
        .optional()
        .transform((text) => [...new Set((text ?? "").split(",").filter(Boolean))])
        .pipe(z.array(z.enum(STREAM_TOPICS)))
        .openapi({
          type: "string",
          description: "journeys, flows, services, manager, connection; left out: all",
          example: "journeys",
        }),
    }),
    headers: z.object({ "last-event-id": z.string().optional() }),
  },
  responses: {
    200: {
      description: "The data of an event `changes` is a StreamChanges",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...problems("too_many_streams"),
  },
});

export function streamRoutes(host: ApiHost): OpenAPIHono {
  const router = createRouter();
  let open = 0;
  router.openapi(stream, (c) => {
    if (open >= MAXIMUM_STREAMS) {
      throw new AntigraphError("too_many_streams", `${MAXIMUM_STREAMS} streams are open already.`);
    }
    open += 1;
    const { topics } = c.req.valid("query");
    const body = eventStream({
      feed: host.changes,
      topics: topics.length === 0 ? STREAM_TOPICS : topics,
      lastEventId: c.req.valid("header")["last-event-id"],
      signal: AbortSignal.any([c.req.raw.signal, host.shutdown]),
      onEnd: () => {
        open -= 1;
      },
    });
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      },
    });
  });
  return router;
}

interface StreamOptions {
  feed: ChangeFeed;
  topics: readonly StreamTopic[];
  lastEventId: string | undefined;
  signal: AbortSignal;
  onEnd(): void;
}

function eventStream({ feed, topics, lastEventId, signal, onEnd }: StreamOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let end = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let missed = false;
        let ended = false;
        const send = (text: string) => controller.enqueue(encoder.encode(text));
        const deliver = (event: FeedEvent) => {
          if ((controller.desiredSize ?? 0) <= 0) {
            missed = true;
            return;
          }
          const changes = event.changes && only(event.changes, topics);
          if (missed || event.changes === undefined) send(formatEvent("reset", event.id, {}));
          else if (changes) send(formatEvent("changes", event.id, changes));
          missed = false;
        };
        // Begun with a comment, so that the caller has an answer before anything happens.
        send(": open\n\n");
        for (const event of eventsToBegin(feed, lastEventId)) deliver(event);
        const unsubscribe = feed.subscribe(deliver);
        const ping = setInterval(() => {
          if ((controller.desiredSize ?? 0) <= 0) return;
          send(missed ? formatEvent("reset", feed.lastId(), {}) : ": ping\n\n");
          missed = false;
        }, PING_MS);
        end = () => {
          if (ended) return;
          ended = true;
          clearInterval(ping);
          unsubscribe();
          signal.removeEventListener("abort", close);
          onEnd();
        };
        const close = () => {
          end();
          controller.close();
        };
        if (signal.aborted) close();
        else signal.addEventListener("abort", close, { once: true });
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAXIMUM_UNREAD_BYTES }),
  );
}

/** What a client that comes back has missed; a single `reset` when that isn't kept. */
function eventsToBegin(feed: ChangeFeed, lastEventId: string | undefined): FeedEvent[] {
  if (lastEventId === undefined || lastEventId === "") return [];
  const id = Number(lastEventId);
  return (Number.isSafeInteger(id) ? feed.since(id) : undefined) ?? [{ id: feed.lastId() }];
}

/** The part of an event this client asked for, undefined when there is none. */
function only(changes: StreamChanges, topics: readonly StreamTopic[]): StreamChanges | undefined {
  const entries = Object.entries(changes).filter(([topic]) => topics.some((wanted) => wanted === topic));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function formatEvent(event: string, id: number, data: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
