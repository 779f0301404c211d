/**
 * Connections. Flume writes each one twice: as an output of one node and as an input of the other. The nodes at both ends
 * must be there; one half is enough, since Flume loses the other when a link beside it is removed.
 */
import { isRecord, type Report, shown } from "./check-report.ts";
import type { FlowNode } from "./check-workflow.ts";
import { compareIds } from "./graph.ts";

/** A connection, as the node at one of its ends tells it. */
interface Connection {
  from: string;
  fromPort: string;
  to: string;
  toPort: string;
}

/** Connections by what they connect. */
type Halves = Map<string, Connection>;

/**
 * Fills in `from` and `to` of the nodes. A connection with one half missing is reported, and counts.
 */
export function connect(nodes: ReadonlyMap<string, FlowNode>, report: Report): void {
  const outgoing: Halves = new Map();
  const incoming: Halves = new Map();
  for (const { id, connections } of nodes.values()) {
    const { outputs, inputs } = readSides(id, connections ?? {}, report);
    for (const { port, node, nodePort } of readLinks(id, "outputs", outputs, report)) {
      add(outgoing, { from: id, fromPort: port, to: node, toPort: nodePort });
    }
    for (const { port, node, nodePort } of readLinks(id, "inputs", inputs, report)) {
      add(incoming, { from: node, fromPort: nodePort, to: id, toPort: port });
    }
  }
  for (const [key, half] of outgoing) {
    if (!nodes.has(half.to)) reportDangling(half, half.from, half.to, report);
    else if (!incoming.has(key)) reportOneSided(half, half.from, `input ${half.toPort} of ${half.to}`, report);
  }
  for (const [key, half] of incoming) {
    if (!nodes.has(half.from)) reportDangling(half, half.to, half.from, report);
    else if (!outgoing.has(key)) reportOneSided(half, half.to, `output ${half.fromPort} of ${half.from}`, report);
  }
  addEdges(nodes, [...outgoing.values(), ...incoming.values()]);
}

function addEdges(nodes: ReadonlyMap<string, FlowNode>, connections: readonly Connection[]): void {
  const leaving = Map.groupBy(connections, ({ from }) => from);
  const arriving = Map.groupBy(connections, ({ to }) => to);
  const sorted = (ids: Iterable<string>) => [...new Set(ids)].sort(compareIds).flatMap((id) => nodes.get(id) ?? []);
  for (const node of nodes.values()) {
    node.to = sorted(leaving.get(node.id)?.map(({ to }) => to) ?? []);
    node.from = sorted(arriving.get(node.id)?.map(({ from }) => from) ?? []);
  }
}

/** `connections` of a node; what is missing is empty. */
function readSides(id: string, connections: unknown, report: Report): { outputs: unknown; inputs: unknown } {
  if (isRecord(connections)) return { outputs: connections.outputs ?? {}, inputs: connections.inputs ?? {} };
  report.error(
    "invalid_flow",
    `connections of node ${id} must be { inputs: {...}, outputs: {...} }, not ${shown(connections)}.`,
    id,
  );
  return { outputs: {}, inputs: {} };
}

interface Link {
  port: string;
  node: string;
  nodePort: string;
}

/** The links of one side of a node: `{ port: [{ nodeId, portName }] }`. */
function readLinks(id: string, side: "inputs" | "outputs", ports: unknown, report: Report): Link[] {
  if (!isRecord(ports)) {
    report.error(
      "invalid_flow",
      `connections.${side} of node ${id} must be { port: [...] }, not ${shown(ports)}.`,
      id,
    );
    return [];
  }
  return Object.keys(ports)
    .sort(compareIds)
    .flatMap((port) => {
      const written: unknown = ports[port];
      const links = Array.isArray(written) ? written.flatMap((link) => readLink(port, link)) : [];
      if (!Array.isArray(written) || links.length < written.length) {
        report.error(
          "invalid_flow",
          `connections.${side}.${port} of node ${id} must be a list of { nodeId, portName }, not ${shown(written)}.`,
          id,
        );
      }
      if (side === "inputs" && links.length > 1) reportShared(id, port, links.length, report);
      return links;
    });
}

function readLink(port: string, link: unknown): Link[] {
  if (!isRecord(link) || typeof link.nodeId !== "string" || typeof link.portName !== "string") return [];
  return [{ port, node: link.nodeId, nodePort: link.portName }];
}

function add(halves: Halves, half: Connection): void {
  halves.set(JSON.stringify([half.from, half.fromPort, half.to, half.toPort]), half);
}

function reportShared(id: string, port: string, connections: number, report: Report): void {
  report.warning(
    "join_port_shared",
    `Input ${port} of node ${id} takes ${connections} connections. The flow runs, but the designer keeps one ` +
      "connection a port. Give each predecessor a port of its own.",
    id,
  );
}

function reportDangling(half: Connection, holder: string, missing: string, report: Report): void {
  report.error(
    "dangling_connection",
    `Node ${holder} is connected to node ${shown(missing)}, which isn't there (output ${half.fromPort} to input ` +
      `${half.toPort}). Remove the connection or add the node.`,
    holder,
  );
}

function reportOneSided(half: Connection, holder: string, otherEnd: string, report: Report): void {
  report.warning(
    "one_sided_connection",
    `The connection from output ${half.fromPort} of ${half.from} to input ${half.toPort} of ${half.to} stands only at ` +
      `${holder}: ${otherEnd} doesn't list it. The flow runs with it. Draw the connection again, or add or remove the ` +
      "other half.",
    holder,
  );
}
