/** Access tokens for SASL OAUTHBEARER, by the client credentials grant (RFC 6749, section 4.4). */
import { z } from "zod";
import { AntigraphError } from "../../core/errors.ts";

const REQUEST_TIMEOUT_MS = 10_000;
/** Of a token whose answer doesn't say how long it is good. */
const DEFAULT_LIFE_SECONDS = 60;
/**
 * A token is renewed when a fifth of its life is left, but 30 s at least (of a short life the half): a broker may end a
 * connection with the token that it was opened with, and kafkajs logs in again when 10 s of a session are left. With less
 * than that left from the start it would log in before each request, and brokers take one login a second.
 */
const RENEWED_AT_REST = 0.2;
const LEAST_REST_SECONDS = 30;
const MAXIMUM_TOLD = 200;

export interface OauthClient {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope?: string;
}

const answerSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional(),
});
const refusalSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/**
 * Answers the token while it is good and fetches the next one before it expires; callers at the same time share a fetch.
 * Rejects with AntigraphError `bus_unavailable` that says in plain words what the token's server answered; never with
 * the secret in it.
 */
export function createTokenSource(
  client: OauthClient,
  { fetch = globalThis.fetch, now = Date.now }: { fetch?: typeof globalThis.fetch; now?: () => number } = {},
): () => Promise<string> {
  let kept: { token: string; renewAt: number } | undefined;
  let underWay: Promise<string> | undefined;
  const renew = async (): Promise<string> => {
    const askedAt = now();
    const { access_token, expires_in = DEFAULT_LIFE_SECONDS } = await requestToken(client, fetch);
    const rest = Math.max(expires_in * RENEWED_AT_REST, Math.min(LEAST_REST_SECONDS, expires_in / 2));
    kept = { token: access_token, renewAt: askedAt + (expires_in - rest) * 1_000 };
    return access_token;
  };
  return async () => {
    if (kept !== undefined && now() < kept.renewAt) return kept.token;
    underWay ??= renew().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function requestToken(
  client: OauthClient,
  fetch: typeof globalThis.fetch,
): Promise<z.infer<typeof answerSchema>> {
  const { tokenUrl, clientId, clientSecret, scope } = client;
  const identity = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const response = await fetch(tokenUrl, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(identity).toString("base64")}`,
      accept: "application/json",
    },
    body: new URLSearchParams({ grant_type: "client_credentials", ...(scope !== undefined && { scope }) }),
    // A redirect could carry the credentials to somebody else.
    redirect: "error",
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw noToken(tokenUrl, `it can't be reached: ${reasonOf(error)}`);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw noToken(tokenUrl, refusalOf(response.status, body));
  const answer = answerSchema.safeParse(body);
  if (!answer.success) throw noToken(tokenUrl, "it answered something else than a token");
  return answer.data;
}

function refusalOf(status: number, body: unknown): string {
  const refusal = refusalSchema.safeParse(body);
  const { error, error_description } = refusal.success ? refusal.data : { error: undefined };
  const said = [error, error_description].filter(Boolean).join(", ").slice(0, MAXIMUM_TOLD);
  const plain =
    status === 401 || error === "invalid_client" ? "it doesn't take client_id and client_secret" : "it refused";
  return `${plain} (status ${status}${said ? `: ${said}` : ""})`;
}

/** What lies under fetch's own "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`;
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

function noToken(tokenUrl: string, why: string): AntigraphError {
  const { origin, pathname } = new URL(tokenUrl);
  return new AntigraphError("bus_unavailable", `No token from ${origin}${pathname}: ${why}.`);
}
