/** The services of the three-step flow, by the SDK, in one process beside the manager's. */
import { openKafkaBus } from "../../../engine/bus/kafka/bus.ts";
import { createBusTransport } from "../../../engine/service/bus-transport.ts";
import { defineService } from "../../../engine/service/define.ts";
import { runService } from "../../../engine/service/run.ts";
import { optionsOf, serve, usage } from "./child.ts";

const { brokers, prefix, dataDir } = optionsOf<{ brokers: string[]; prefix: string; dataDir: string }>();
const bus = await openKafkaBus({ brokers, dataDir });
const transport = createBusTransport(bus, { prefix });
let handled = 0;
const ok = (): unknown => {
  handled++;
  return { id: "u-7781", name: "Ada Lovelace", plan: "team", seats: 5 };
};
const definitions: { name: string; functions: Record<string, () => unknown> }[] = [
  { name: "user", functions: { create_user: ok, delete_user: ok } },
  { name: "license", functions: { add_license: ok, remove_license: ok } },
  { name: "membership", functions: { add_membership: ok, remove_membership: ok } },
];
const services = await Promise.all(
  definitions.map((definition) => runService(defineService(definition), transport, { concurrency: 512 })),
);
await Promise.all(services.map(({ ready }) => ready));
serve({ usage: () => usage(handled) }, async () => {
  await Promise.all(services.map((service) => service.stop()));
  await bus.close();
});
process.send?.(null);
