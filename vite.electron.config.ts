// Bundles the two halves of the desktop host (`--mode preload` and `--mode main`) into dist/electron. The engine's own
// modules go into the bundle, packages stay what they are: they are installed beside it, in the packaged app too.

import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const manifest: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(new URL("./package.json", import.meta.url), "utf8"),
);
const packages = ["electron", ...Object.keys(manifest.dependencies)];

export default defineConfig(({ mode }) => ({
  root,
  publicDir: false,
  plugins: [sourceUrls()],
  ssr: { noExternal: true },
  build: {
    ssr: `electron/${mode}.ts`,
    outDir: "dist/electron",
    // Both halves go into one folder.
    emptyOutDir: false,
    minify: false,
    target: "node24",
    reportCompressedSize: false,
    rolldownOptions: {
      external: [
        /^node:/,
        ...builtinModules,
        ...packages.map((name) => new RegExp(`^${name.replace("/", "\\/")}(\\/|$)`)),
      ],
      output:
        mode === "preload"
          ? { format: "cjs", entryFileNames: "preload.cjs" }
          : { format: "es", entryFileNames: "main.js", chunkFileNames: "[name]-[hash].js" },
    },
  },
}));

/**
 * Engine modules find their own files (SQL migrations, workers, the built pages) relative to `import.meta.url`. In the
 * bundle that still names the place of the source, so that nothing has to be copied and every path means one thing.
 */
function sourceUrls(): Plugin {
  return {
    name: "source-urls",
    transform(code, id) {
      if (!id.startsWith(root) || id.includes("/node_modules/") || id.startsWith(`${root}electron/`))
        return undefined;
      if (!code.includes("import.meta.url")) return undefined;
      const place = `../../${relative(root, id).split(sep).join("/")}`;
      const sourceUrl = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return { code: code.replaceAll("import.meta.url", sourceUrl), map: null };
    },
  };
}
