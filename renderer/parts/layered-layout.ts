/**
 * A layered layout for large graphs, from left to right: dagre's idea (Sugiyama) with its costly parts left out. Each
 * box stands one column behind the last of its predecessors; sweeps to and fro bring the boxes of a column into the
 * order of their neighbours, and as near to them as the others let them (isotonic regression by pooling adjacent
 * violators). Its time grows with the edges: a flow of 200 steps takes a few milliseconds, where dagre takes a tenth of
 * a second, for lines that are as short and cross as rarely in flows of forks and joins.
 */

export interface LayoutBox {
  id: string;
  width: number;
  height: number;
}

/** Pixels. */
export interface Point {
  x: number;
  y: number;
}

export interface LayoutEdge {
  from: string;
  to: string;
  /** Words on the edge, for which the columns leave room. Pixels. */
  label?: { width: number; height: number };
}

const SWEEPS = 8;
/** Beside the words of an edge, on both sides together. */
const LABEL_MARGIN = 28;

interface Cell {
  box: LayoutBox;
  column: number;
  before: Cell[];
  after: Cell[];
  /** The middle. */
  y: number;
}

/** Upper left corners by id, the leftmost and the uppermost at 0. Edges that close a cycle have no say. */
export function layeredLayout(
  boxes: readonly LayoutBox[],
  edges: readonly LayoutEdge[],
  gaps: { rows: number; columns: number },
): Map<string, Point> {
  const cells = cellsOf(boxes, edges);
  const columns = columnsOf(cells);
  for (const column of columns) settle(column, gaps.rows);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns) arrange(column, (cell) => cell.before, gaps.rows);
    for (const column of columns.toReversed()) arrange(column, (cell) => cell.after, gaps.rows);
  }
  straighten(columns, gaps.rows);
  return placed(columns, edges, gaps.columns);
}

/** Columns by the longest way from the left. */
function cellsOf(boxes: readonly LayoutBox[], edges: readonly LayoutEdge[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const box of boxes) cells.set(box.id, { box, column: 0, before: [], after: [], y: 0 });
  const next = new Map<Cell, Cell[]>();
  const waiting = new Map<Cell, number>();
  for (const { from, to } of edges) {
    const [source, target] = [cells.get(from), cells.get(to)];
    if (source === undefined || target === undefined || source === target) continue;
    next.set(source, [...(next.get(source) ?? []), target]);
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
  }
  const done = new Set<Cell>();
  const take = (first: Cell) => {
    const ready = [first];
    for (let cell = ready.pop(); cell !== undefined; cell = ready.pop()) {
      done.add(cell);
      for (const target of next.get(cell) ?? []) {
        if (done.has(target)) continue;
        cell.after.push(target);
        target.before.push(cell);
        target.column = Math.max(target.column, cell.column + 1);
        const left = (waiting.get(target) ?? 0) - 1;
        waiting.set(target, left);
        if (left === 0) ready.push(target);
      }
    }
  };
  const all = [...cells.values()];
  for (const cell of all) if (!waiting.has(cell)) take(cell);
  // On a cycle each waits for another: the first in the given order is the one that begins.
  for (const cell of all) if (!done.has(cell)) take(cell);
  return all;
}

function columnsOf(cells: readonly Cell[]): Cell[][] {
  const byColumn = Map.groupBy(inDepth(cells), ({ column }) => column);
  return [...byColumn.keys()].sort((one, other) => one - other).map((column) => byColumn.get(column) ?? []);
}

/** Branch by branch, so that what belongs together begins together. */
function inDepth(cells: readonly Cell[]): Cell[] {
  const order = new Set<Cell>();
  const visit = (first: Cell) => {
    const stack = [first];
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      if (order.has(cell)) continue;
      order.add(cell);
      stack.push(...cell.after.toReversed());
    }
  };
  for (const cell of cells) if (cell.before.length === 0) visit(cell);
  return [...order];
}

/** In the order of their neighbours, and as near to them as can be. */
function arrange(column: Cell[], neighboursOf: (cell: Cell) => readonly Cell[], gap: number): void {
  for (const cell of column) cell.y = middle(neighboursOf(cell)) ?? cell.y;
  column.sort((one, other) => one.y - other.y);
  settle(column, gap);
}

/** Last, nobody changes places: joins stand in the middle of what they join, chains are straight, branches go along. */
function straighten(columns: readonly Cell[][], gap: number): void {
  const moved = new Map<Cell, number>();
  for (const column of columns) {
    const former = column.map(({ y }) => y);
    for (const cell of column) {
      const [before] = cell.before;
      const isBranch = cell.before.length === 1 && before !== undefined && before.after.length > 1;
      cell.y = isBranch ? cell.y + (moved.get(before) ?? 0) : (middle(cell.before) ?? cell.y);
    }
    settle(column, gap);
    for (const [index, cell] of column.entries()) moved.set(cell, cell.y - (former[index] ?? cell.y));
  }
}

function middle(cells: readonly Cell[]): number | undefined {
  return cells.length === 0 ? undefined : cells.reduce((sum, { y }) => sum + y, 0) / cells.length;
}

/** Moves the boxes of a column apart, in their order, by the least sum of squares. */
function settle(column: readonly Cell[], gap: number): void {
  // Where each would stand if all before it took no room: these must not fall from one to the next.
  let room = 0;
  const groups: { sum: number; cells: { cell: Cell; room: number }[] }[] = [];
  const meanOf = (group: (typeof groups)[number]): number => group.sum / group.cells.length;
  for (const cell of column) {
    const above = groups.at(-1)?.cells.at(-1)?.cell;
    if (above !== undefined) room += above.box.height / 2 + gap + cell.box.height / 2;
    let group = { sum: cell.y - room, cells: [{ cell, room }] };
    for (let last = groups.at(-1); last !== undefined && meanOf(last) > meanOf(group); last = groups.at(-1)) {
      groups.pop();
      group = { sum: last.sum + group.sum, cells: [...last.cells, ...group.cells] };
    }
    groups.push(group);
  }
  for (const group of groups) {
    const mean = meanOf(group);
    for (const each of group.cells) each.cell.y = mean + each.room;
  }
}

function placed(columns: readonly Cell[][], edges: readonly LayoutEdge[], gap: number): Map<string, Point> {
  const columnOf = new Map(columns.flatMap((column, index) => column.map(({ box }) => [box.id, index] as const)));
  const gaps = columns.map(() => gap);
  for (const { from, to, label } of edges) {
    const [left, right] = [columnOf.get(from), columnOf.get(to)];
    if (label === undefined || left === undefined || right === undefined) continue;
    // The words stand in the middle of the edge.
    const between = Math.max(left, Math.floor((left + right - 1) / 2));
    gaps[between] = Math.max(gaps[between] ?? gap, label.width + LABEL_MARGIN);
  }
  const top = Math.min(...columns.flat().map(({ box, y }) => y - box.height / 2));
  const places = new Map<string, Point>();
  let x = 0;
  for (const [index, column] of columns.entries()) {
    const width = Math.max(...column.map(({ box }) => box.width));
    for (const { box, y } of column) {
      places.set(box.id, { x: Math.round(x + (width - box.width) / 2), y: Math.round(y - box.height / 2 - top) });
    }
    x += width + (gaps[index] ?? gap);
  }
  return places;
}
