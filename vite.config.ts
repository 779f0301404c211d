// The renderer's build and development server. `npm run dev:renderer` serves the pages with hot reload and sends API
// calls to a console that runs beside it (`npx antigraph console --no-open`, port 4600).

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type ProxyOptions } from "vite";

const consoleUrl = process.env.ANTIGRAPH_URL ?? "http://127.0.0.1:4600";

/** Calls that the API answers; everything else is a page. */
const apiPaths = ["/api/", "/health", "/ready", "/metrics", "/openapi.json", "/docs"];

const toConsole: ProxyOptions = {
  target: consoleUrl,
  changeOrigin: true,
  // The API refuses foreign origins; during development the pages come from another port.
  configure: (proxy) => proxy.on("proxyReq", (request) => request.setHeader("origin", consoleUrl)),
};

export default defineConfig({
  root: fileURLToPath(new URL("./renderer", import.meta.url)),
  plugins: [react(), flumeCss()],
  // The host puts a fresh nonce in the place of this word on each answer (index.html and nothing else).
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: fileURLToPath(new URL("./dist/renderer", import.meta.url)),
    emptyOutDir: true,
    target: "es2024",
    // Inlined fonts and images would need data: in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    reportCompressedSize: false,
  },
  optimizeDeps: {
    // Served by itself, so that the plugin below sees it in development too.
    exclude: ["flume"],
    include: ["flume > prop-types"],
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(apiPaths.map((path) => [path, toConsole])),
  },
});

/**
 * Flume puts its style sheets into the page as style elements without a nonce when it is imported, which the content
 * security policy refuses. This takes them out of its module and into a CSS file, in a cascade layer of their own: so
 * any rule of ours wins over Flume's, whatever its selector.
 */
function flumeCss(): Plugin {
  const cssId = "virtual:flume.css";
  let css = "";
  return {
    name: "flume-css",
    enforce: "pre",
    resolveId: (id) => (id === cssId ? `\0${cssId}` : undefined),
    load: {
      order: "pre",
      handler: (id) => (id === `\0${cssId}` ? css : undefined),
    },
    transform(code, id) {
      if (!/\/flume\/dist\/index\.es\.js(\?|$)/.test(id)) return undefined;
      const sheets: string[] = [];
      const stripped = code
        .replace(/^var css(?:\$\w+)? = ("(?:[^"\\]|\\.)*");$/gm, (_, literal: string) => {
          // One rule of its stage is written for every textarea and select of the page; it is bound to the stage here.
          const sheet: string = JSON.parse(literal);
          sheets.push(
            sheet.replace(/(\.Stage_wrapper\w+) input,\s*textarea,\s*select/, "$1 :is(input, textarea, select)"),
          );
          return "";
        })
        .replace(/^styleInject\(css(?:\$\w+)?\);$/gm, "");
      if (sheets.length === 0 || /^styleInject\(/m.test(stripped)) {
        this.error("Flume's style sheets aren't where they used to be: the extraction needs another look.");
      }
      css = `@layer flume {\n${sheets.join("\n")}\n}\n`;
      return { code: `import ${JSON.stringify(cssId)};\n${stripped}`, map: null };
    },
  };
}
