// A stand-in for the parts of the `electron` module that the desktop host uses, so that its main process and preload can
// be tested where no Electron binary is: windows are pages of a Chromium driven by Playwright, the private scheme is a
// loopback server that calls the handler given to `protocol.handle`. It keeps to what Electron's documentation says
// about order and vetoes (preventDefault); it isn't a sandbox.

import { EventEmitter } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { closeBrowser, configureScheme, grantPermissions, openWindows, startBrowser } from "./browser-window.ts";
import type { ProtocolHandler } from "./loopback.ts";
import { isStandInCommand, report } from "./messages.ts";
import { claimInstance, type InstanceClaim } from "./single-instance.ts";

export { BrowserWindow } from "./browser-window.ts";

export class StandInEvent {
  defaultPrevented = false;
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

const paths = new Map<string, string>();
const schemes = new Set<string>();
let claim: InstanceClaim | undefined;
let isReady = false;

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly #ready = new Promise<void>((resolve, reject) => {
    // Electron isn't ready before the main module has been evaluated.
    setImmediate(() => {
      const userData = paths.get("userData");
      if (userData === undefined) return reject(new Error("The stand-in has no userData folder."));
      mkdirSync(userData, { recursive: true });
      startBrowser(join(userData, "chromium"), this).then(({ endpoint }) => {
        isReady = true;
        report({ standIn: "devtools", endpoint });
        this.emit("ready");
        resolve();
      }, reject);
    });
  });

  whenReady(): Promise<void> {
    return this.#ready;
  }

  setPath(name: string, path: string): void {
    paths.set(name, path);
  }

  getPath(name: string): string {
    return paths.get(name) ?? "";
  }

  requestSingleInstanceLock(): boolean {
    const userData = this.getPath("userData");
    mkdirSync(userData, { recursive: true });
    claim = claimInstance(userData, process.argv, (args) => {
      this.emit("second-instance", new StandInEvent(), args, process.cwd(), undefined);
    });
    return claim.isFirst;
  }

  setAsDefaultProtocolClient(): boolean {
    return true;
  }

  quit(): void {
    const event = new StandInEvent();
    this.emit("before-quit", event);
    if (!event.defaultPrevented) this.exit(0);
  }

  exit(code = 0): void {
    void Promise.allSettled([claim?.release(), closeBrowser()]).then(() => process.exit(code));
  }
}

export const app = new App();

// Electron quits on these by itself, as if the user had asked for it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => app.quit());

export const protocol = {
  registerSchemesAsPrivileged(list: { scheme: string; privileges: Record<string, boolean> }[]): void {
    if (isReady) throw new Error("protocol.registerSchemesAsPrivileged should be called before app is ready");
    for (const { scheme, privileges } of list) {
      if (privileges.standard && privileges.secure && privileges.supportFetchAPI && privileges.stream)
        schemes.add(scheme);
    }
  },
  handle(scheme: string, handler: ProtocolHandler): void {
    if (!schemes.has(scheme)) throw new Error(`The scheme ${scheme} can't carry pages with fetch and streams.`);
    configureScheme(scheme, handler);
  },
};

type PermissionCheck = (contents: unknown, permission: string) => boolean;
type PermissionRequest = (contents: unknown, permission: string, decide: (granted: boolean) => void) => void;

class Session {
  #check: PermissionCheck = () => true;
  #request: PermissionRequest = (_contents, _permission, decide) => decide(true);

  setPermissionCheckHandler(check: PermissionCheck): void {
    this.#check = check;
    this.#apply();
  }

  setPermissionRequestHandler(request: PermissionRequest): void {
    this.#request = request;
    this.#apply();
  }

  setDevicePermissionHandler(_handler: (details: unknown) => boolean): void {}

  /** Chromium is told once what Electron would ask about each time: both handlers must agree. */
  #apply(): void {
    grantPermissions((permission) => {
      let granted = false;
      this.#request(undefined, permission, (decision) => {
        granted = decision;
      });
      return granted && this.#check(undefined, permission);
    });
  }
}

export const session = { defaultSession: new Session() };

/** What the system's key store does, with a key that everybody can read here; `basic_text` where a test asks for none. */
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => isReady,
  getSelectedStorageBackend: () => process.env.ANTIGRAPH_STAND_IN_KEY_STORE ?? "gnome_libsecret",
  async encryptStringAsync(text: string): Promise<Buffer> {
    if (!isReady) throw new Error("safeStorage cannot be used before app is ready");
    return Buffer.from(`${SEALED}${Buffer.from(text).toString("hex")}`);
  },
  async decryptStringAsync(sealed: Buffer): Promise<{ shouldReEncrypt: boolean; result: string }> {
    const text = sealed.toString();
    if (!text.startsWith(SEALED)) throw new Error("Error while decrypting the ciphertext provided");
    return { shouldReEncrypt: false, result: Buffer.from(text.slice(SEALED.length), "hex").toString() };
  },
};
const SEALED = "sealed:";

export const nativeTheme = { shouldUseDarkColors: false };

export const dialog = {
  showErrorBox: (title: string, content: string) => report({ standIn: "error box", title, content }),
};

interface MenuEntry {
  label?: string;
  role?: string;
  click?: () => void;
  submenu?: MenuEntry[];
}

let menu: MenuEntry[] = [];

export const Menu = {
  buildFromTemplate: (template: MenuEntry[]) => template,
  setApplicationMenu(template: MenuEntry[]): void {
    menu = template;
    report({ standIn: "menu", labels: flat(menu).flatMap(({ label, role }) => label ?? role ?? []) });
  },
};

function flat(entries: MenuEntry[]): MenuEntry[] {
  return entries.flatMap((entry) => [entry, ...flat(entry.submenu ?? [])]);
}

process.on("message", (message) => {
  if (!isStandInCommand(message)) return;
  switch (message.standIn) {
    case "open-url":
      app.emit("open-url", new StandInEvent(), message.url);
      break;
    case "menu click":
      flat(menu)
        .find(({ label }) => label === message.label)
        ?.click?.();
      break;
    case "close window":
      for (const window of openWindows()) window.close();
      break;
    default:
      message satisfies never;
  }
});
