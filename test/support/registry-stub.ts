/** A schema registry in memory that speaks Confluent's API, and can be away, slow in its words, or of another mind. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

interface Version {
  id: number;
  version: number;
  schema: string;
  schemaType: string;
  references?: { name: string; subject: string; version: number }[];
}

export interface RegistryStub {
  url: string;
  /** As `user:password` that every call must bear; undefined: anybody may. */
  login: string | undefined;
  /** Refuses every further version of a subject that has one. */
  isStrict: boolean;
  /** Calls answered so far, as `GET /subjects/...`. */
  calls: string[];
  add(subject: string, schema: unknown, more?: Partial<Version>): Version;
  remove(subject: string): void;
  versions(subject: string): Version[];
  /** Cuts all connections and takes no more until `comeBack`. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** `tls`: PEM text; then it is `https`. */
export async function startRegistryStub(tls?: { cert: string; key: string }): Promise<RegistryStub> {
  const subjects = new Map<string, Version[]>();
  let ids = 0;
  let port = 0;
  let server: Server | undefined;

  const answer = (method: string, url: URL, body: string): [number, unknown] => {
    const [, kind, name = "", , which] = url.pathname.split("/").map(decodeURIComponent);
    if (kind !== "subjects") return [404, { error_code: 404, message: "HTTP 404 Not Found" }];
    if (name === "") {
      const prefix = url.searchParams.get("subjectPrefix") ?? "";
      return [200, [...subjects.keys()].filter((each) => each.startsWith(prefix))];
    }
    const known = subjects.get(name) ?? [];
    if (method === "POST") {
      const { schema, schemaType } = JSON.parse(body) as { schema: string; schemaType: string };
      if (schema.includes("refuse me")) return [422, { error_code: 42201, message: "Invalid schema" }];
      const same = known.find((each) => each.schema === schema);
      if (same) return [200, { id: same.id }];
      if (stub.isStrict && known.length > 0)
        return [409, { error_code: 409, message: "a required property was added" }];
      return [200, { id: stub.add(name, JSON.parse(schema), { schemaType }).id }];
    }
    const found = which === "latest" ? known.at(-1) : known.find(({ version }) => String(version) === which);
    if (!found) return [404, { error_code: 40401, message: `Subject '${name}' not found.` }];
    return [200, { subject: name, references: [], ...found }];
  };

  const listen = async (): Promise<void> => {
    const onRequest: RequestListener = (request, response) => {
      const { method = "GET", url = "/", headers } = request;
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        stub.calls.push(`${method} ${url}`);
        const allowed = stub.login === undefined || headers.authorization === `Basic ${btoa(stub.login)}`;
        const [status, said] = allowed ? answer(method, new URL(url, stub.url), body) : [401, { error_code: 401 }];
        response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
        response.end(JSON.stringify(said));
      });
    };
    const fresh: Server = tls ? createTlsServer(tls, onRequest) : createServer(onRequest);
    await new Promise<void>((resolve) => fresh.listen(port, "127.0.0.1", resolve));
    port = (fresh.address() as AddressInfo).port;
    server = fresh;
  };
  const leave = async (): Promise<void> => {
    const leaving = server;
    server = undefined;
    if (!leaving) return;
    const closed = new Promise((resolve) => leaving.close(resolve));
    leaving.closeAllConnections();
    await closed;
  };

  const stub: RegistryStub = {
    url: "",
    login: undefined,
    isStrict: false,
    calls: [],
    add(subject, schema, more = {}) {
      const before = subjects.get(subject) ?? [];
      const text = typeof schema === "string" ? schema : JSON.stringify(schema);
      const version = { id: ++ids, version: before.length + 1, schema: text, schemaType: "JSON", ...more };
      subjects.set(subject, [...before, version]);
      return version;
    },
    remove: (subject) => void subjects.delete(subject),
    versions: (subject) => subjects.get(subject) ?? [],
    goAway: leave,
    comeBack: listen,
    close: leave,
  };
  await listen();
  stub.url = `${tls ? "https" : "http"}://127.0.0.1:${port}`;
  return stub;
}
