// Opens a bus file and holds it until it is killed: `node bus-holder.ts FILE`.
import { openEmbeddedBus } from "../../engine/bus/embedded/bus.ts";

const [file = ""] = process.argv.slice(2);
openEmbeddedBus({ file, topics: [] });
console.log("open");
setInterval(() => {}, 60_000);
