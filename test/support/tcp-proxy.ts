/** A way to a port that can be cut: what a bad network does to clients, without the server's knowledge. */
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";

export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly pairs = new Set<{ client: Socket; target: Socket }>();
  private refusing = false;

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
  }

  /** Listens on a free port of 127.0.0.1 and connects each client to `targetPort`. */
  static async open(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const proxy = new TcpProxy(server, typeof address === "object" && address !== null ? address.port : 0);
    server.on("connection", (client) => proxy.connect(client, targetPort));
    return proxy;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Ends a share of the connections at once, with what is under way in them. Answers how many. */
  cut(choose: () => boolean = () => true): number {
    const chosen = [...this.pairs].filter(choose);
    for (const pair of chosen) this.end(pair);
    return chosen.length;
  }

  /** Refuses new connections until told otherwise. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, "close");
  }

  private connect(client: Socket, port: number): void {
    if (this.refusing) {
      client.destroy();
      return;
    }
    const target = createConnection({ port, host: "127.0.0.1", noDelay: true });
    const pair = { client, target };
    this.pairs.add(pair);
    for (const socket of [client, target]) {
      socket.on("error", () => this.end(pair));
      socket.on("close", () => this.end(pair));
    }
    client.pipe(target);
    target.pipe(client);
  }

  private end(pair: { client: Socket; target: Socket }): void {
    this.pairs.delete(pair);
    pair.client.destroy();
    pair.target.destroy();
  }
}
