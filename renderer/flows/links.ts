/** The links of nodes: each edge stands at both its ends, and each edge into a join ends at a port of its own. */
import { DEFAULT_INPUT, edgesOf, type FlowDocument, type FlowNode, type Link, ownValue } from "./document.ts";

/**
 * Writes what is missing and takes away what leads nowhere: the other half of one-sided links, a port of its own for
 * each edge of a join, links to nodes that don't exist, ids that differ from the keys they are stored under.
 */
export function mendLinks(document: FlowDocument): FlowDocument {
  const { workflow } = document;
  const bare: Record<string, FlowNode> = {};
  for (const [id, node] of Object.entries(workflow.nodes))
    bare[id] = { ...node, id, connections: { inputs: {}, outputs: {} } };
  const pairs = new Set<string>();
  for (const edge of edgesOf(workflow)) {
    const pair = JSON.stringify([edge.from, edge.to]);
    const source = bare[edge.from];
    const target = bare[edge.to];
    if (source === undefined || target === undefined || pairs.has(pair)) continue;
    pairs.add(pair);
    const port = Object.hasOwn(target.connections.inputs, edge.toPort) ? freeInput(target) : edge.toPort;
    bare[edge.from] = withLink(source, "outputs", edge.fromPort, { nodeId: edge.to, portName: port });
    const now = bare[edge.to] ?? target;
    bare[edge.to] = withLink(now, "inputs", port, { nodeId: edge.from, portName: edge.fromPort });
  }
  return { ...document, workflow: { ...workflow, nodes: bare } };
}

/** Input ports are called after, after2, after3, ...; this is the first that nothing ends at. */
export function freeInput(node: FlowNode): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? DEFAULT_INPUT : `${DEFAULT_INPUT}${number}`;
    if ((ownValue(node.connections.inputs, name)?.length ?? 0) === 0) return name;
  }
}

export function withLink(node: FlowNode, side: "inputs" | "outputs", port: string, link: Link): FlowNode {
  const links = node.connections[side];
  const old = ownValue(links, port) ?? [];
  return { ...node, connections: { ...node.connections, [side]: { ...links, [port]: [...old, link] } } };
}

/** Changes or (undefined) drops links; a port without links goes, as an empty one blocks the port in Flume. */
export function mapLinks(
  node: FlowNode,
  change: (link: Link, side: "inputs" | "outputs") => Link | undefined,
): FlowNode {
  const mapSide = (side: "inputs" | "outputs") => {
    const ports: Record<string, Link[]> = {};
    for (const [port, links] of Object.entries(node.connections[side])) {
      const kept = links.flatMap((link) => change(link, side) ?? []);
      if (kept.length > 0) ports[port] = kept;
    }
    return ports;
  };
  return { ...node, connections: { inputs: mapSide("inputs"), outputs: mapSide("outputs") } };
}
