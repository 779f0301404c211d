// A host that starts the sample services and then does nothing, to be killed by samples-process.test.ts.
import { startSamples } from "../../examples/services/start.ts";

const [url = "", dataDir = ""] = process.argv.slice(2);
const samples = startSamples({ url, token: process.env.ANTIGRAPH_TOKEN ?? "", dataDir });
await samples.ready;
process.stdout.write(`${samples.pid}\n`);
