import { expect, test } from "vitest";
import { defineService, type Handler } from "../../../engine/service/define.ts";
import { type RunOptions, runService } from "../../../engine/service/run.ts";
import { Unavailable } from "../../../engine/service/unavailable.ts";
import { FakeTransport } from "./fake-transport.ts";
import { ManualClock, turn } from "./manual-clock.ts";

/** A service on a transport with consumer groups. */
async function start(handler: Handler, options: RunOptions = {}) {
  const transport = new FakeTransport();
  transport.remembers = true;
  const service = defineService({ name: "user", functions: { create_user: handler } });
  const running = await runService(service, transport, { instance: "i1", ...options });
  return { transport, running, group: transport.options! };
}

function gates() {
  const open = new Map<unknown, () => void>();
  const begun: unknown[] = [];
  const handler: Handler = ({ data }) => {
    begun.push(data);
    return new Promise<void>((resolve) => open.set(data, resolve));
  };
  return { open, begun, handler };
}

const command = (n: number) => ({ id: String(n), data: n, attempt: n });

test("the group is never stored beyond a command that runs, while later ones are done", async () => {
  const { open, handler } = gates();
  const { transport, running, group } = await start(handler);
  const first = transport.deliver(command(1), command(2));
  await first.accepted;
  const second = transport.deliver(command(3));
  await turn();
  open.get(3)?.();
  await second.settled;
  expect(group.unsettled()).toEqual({ 0: 0 });
  open.get(1)?.();
  open.get(2)?.();
  await first.settled;
  expect(group.unsettled()).toEqual({});
  await running.stop();
});

test("commands that have not begun when their partition goes elsewhere are left to its new owner", async () => {
  const { open, begun, handler } = gates();
  const { transport, running, group } = await start(handler, { concurrency: 1 });
  transport.deliver(command(1), command(2));
  await turn();
  let passed = false;
  void group.onRebalance().then(() => {
    passed = true;
  });
  await turn();
  expect(passed).toBe(false);
  open.get(1)?.();
  await turn();
  expect(passed).toBe(true);
  // 2 has begun in its place; with the partition gone its end counts for nobody here.
  transport.deliver(command(3));
  group.onLost([0]);
  open.get(2)?.();
  await turn();
  expect(begun).toEqual([1, 2]);
  expect(group.unsettled()).toEqual({});
  await running.stop();
});

test("a command whose partition comes back is run, though it was dropped before", async () => {
  const { open, begun, handler } = gates();
  const { transport, running, group } = await start(handler, { concurrency: 1 });
  transport.deliver(command(1));
  const dropped = transport.deliver(command(2));
  await turn();
  group.onLost([0]);
  const again = transport.deliver(command(2));
  open.get(1)?.();
  await dropped.settled;
  await turn();
  open.get(2)?.();
  await again.settled;
  expect(begun).toEqual([1, 2]);
  expect(transport.replies().map(({ attempt }) => attempt)).toEqual([1, 2]);
  await running.stop();
});

test("a service that holds its commands keeps no rebalance waiting", async () => {
  const clock = new ManualClock();
  const { transport, running, group } = await start(
    () => {
      throw new Unavailable("away");
    },
    { clock },
  );
  transport.deliver(command(1));
  await turn();
  await group.onRebalance();
  expect(group.unsettled()).toEqual({ 0: 0 });
  await running.stop();
});
