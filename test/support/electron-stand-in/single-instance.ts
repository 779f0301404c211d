// Electron's single-instance lock: the first process of a userData folder has it; a later one hands over its arguments
// and is told that it isn't the first. (Real Electron does it by a socket in the same place.)

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface InstanceClaim {
  readonly isFirst: boolean;
  /** Gives the lock back; for a later process: resolves once its arguments have been handed over. */
  release(): Promise<void>;
}

export function claimInstance(
  userData: string,
  args: readonly string[],
  onSecond: (args: string[]) => void,
): InstanceClaim {
  const lockFile = join(userData, "instance-lock");
  const first = firstOf(lockFile);
  if (first !== undefined) {
    const handedOver = new Promise<void>((resolve) => {
      const socket = connect(first.socketPath, () => socket.end(JSON.stringify(args)));
      socket.once("close", () => resolve());
      socket.once("error", () => resolve());
    });
    return { isFirst: false, release: () => handedOver };
  }
  // In a folder of its own: the path of a socket may only be about 100 characters long.
  const folder = mkdtempSync(join(tmpdir(), "antigraph-instance-"));
  const socketPath = join(folder, "s");
  const server = createServer((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("end", () => onSecond(JSON.parse(text)));
  });
  server.listen(socketPath);
  writeFileSync(lockFile, JSON.stringify({ pid: process.pid, socketPath }));
  return {
    isFirst: true,
    async release() {
      server.close();
      rmSync(lockFile, { force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function firstOf(lockFile: string): { pid: number; socketPath: string } | undefined {
  try {
    const first: { pid: number; socketPath: string } = JSON.parse(readFileSync(lockFile, "utf8"));
    process.kill(first.pid, 0);
    return first;
  } catch {
    return undefined;
  }
}
