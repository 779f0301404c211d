/** An OAuth server for tests: the client credentials grant, and the key by which a broker checks its tokens. */
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

export interface TokenServer {
  tokenUrl: string;
  jwksUrl: string;
  /** How many tokens were asked for, refused ones too. */
  asked: number;
  /** Seconds that the tokens from now on are good for. */
  lifeSeconds: number;
  stop(): Promise<void>;
}

/** @param client the one client that gets tokens; their subject is its id */
export async function startTokenServer(client: { id: string; secret: string }): Promise<TokenServer> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" };
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    request.resume();
    if (request.url === "/jwks") return answer(200, { keys: [jwk] });
    told.asked += 1;
    const expected = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`;
    if (request.headers.authorization !== expected) return answer(401, { error: "invalid_client" });
    const now = Math.floor(Date.now() / 1_000);
    const claims = { sub: client.id, aud: "kafka", iat: now, exp: now + told.lifeSeconds, scope: "kafka" };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "RS256", kid: "test", typ: "JWT" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(unsigned), privateKey).toString("base64url");
    answer(200, { access_token: `${unsigned}.${signature}`, token_type: "Bearer", expires_in: told.lifeSeconds });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const told: TokenServer = {
    tokenUrl: `${origin}/token`,
    jwksUrl: `${origin}/jwks`,
    asked: 0,
    lifeSeconds: 300,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return told;
}
