/** /docs: the OpenAPI document as one page to read. Self-contained: no script, one style sheet, nothing from elsewhere. */
import { ERRORS } from "../core/errors.ts";
import type { openApiDocument } from "./app.ts";

type Document = ReturnType<typeof openApiDocument>;

/** The parts of a JSON Schema and of an operation that the page shows. */
interface SchemaNode {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: boolean | SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  allOf?: SchemaNode[];
  minimum?: number;
  maximum?: number;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: SchemaNode }[];
  requestBody?: { content?: Record<string, { schema?: SchemaNode }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: SchemaNode }> }>;
}

const METHODS = ["get", "post", "put", "delete"] as const;

/** The whole page; everything in it is escaped. */
export function createDocsPage(document: Document, nonce: string): string {
  const operations = operationsOf(document);
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const schemas = Object.entries((document.components?.schemas ?? {}) as Record<string, SchemaNode>);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Antigraph API ${escapeHtml(document.info.version)}</title>
<style nonce="${escapeHtml(nonce)}">${STYLE}</style>
</head>
<body>
<nav aria-label="Contents">
<p class="brand">Antigraph API <small>${escapeHtml(document.info.version)}</small></p>
${tags.map((tag) => navGroup(tag, operations)).join("\n")}
<h2>Reference</h2>
<ul><li><a href="#errors">Errors</a></li><li><a href="#shapes">Shapes</a></li><li><a href="/openapi.json">openapi.json</a></li></ul>
</nav>
<main>
<h1>Antigraph API</h1>
<p>${text(document.info.description ?? "")}</p>
<pre>curl -H "Authorization: Bearer $ANTIGRAPH_TOKEN" http://127.0.0.1:4600/api/v1/journeys</pre>
${tags.map((tag) => tagSection(tag, operations)).join("\n")}
${errorSection()}
<section><h2 id="shapes">Shapes</h2>
${schemas.map(([name, schema]) => shapeSection(name, schema)).join("\n")}
</section>
</main>
</body>
</html>
`;
}

interface Entry {
  tag: string;
  method: string;
  path: string;
  anchor: string;
  operation: Operation;
}

function operationsOf(document: Document): Entry[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation | undefined>)[method];
      if (operation === undefined) return [];
      const anchor = operation.operationId ?? `${method}-${path}`;
      return [{ tag: operation.tags?.[0] ?? "Other", method: method.toUpperCase(), path, anchor, operation }];
    }),
  );
}

function navGroup(tag: string, operations: Entry[]): string {
  const links = operations
    .filter((entry) => entry.tag === tag)
    .map(
      ({ anchor, operation, path }) =>
        `<li><a href="#${escapeHtml(anchor)}">${escapeHtml(operation.summary ?? path)}</a></li>`,
    );
  return `<h2>${escapeHtml(tag)}</h2><ul>${links.join("")}</ul>`;
}

function tagSection(tag: string, operations: Entry[]): string {
  const entries = operations.filter((entry) => entry.tag === tag);
  return `<section><h2>${escapeHtml(tag)}</h2>${entries.map(operationArticle).join("\n")}</section>`;
}

function operationArticle({ method, path, anchor, operation }: Entry): string {
  const open = operation.security?.length === 0 ? "<p><em>Needs no token.</em></p>" : "";
  return `<article id="${escapeHtml(anchor)}">
<h3>${escapeHtml(operation.summary ?? path)}</h3>
<p class="call"><b class="${method.toLowerCase()}">${method}</b> <code>${escapeHtml(path)}</code></p>
${operation.description ? `<p>${text(operation.description)}</p>` : ""}${open}
${parameterTable(operation)}${bodyPart(operation)}${answerTable(operation)}
</article>`;
}

function parameterTable({ parameters = [] }: Operation): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: where, required, description, schema }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? " <i>required</i>" : ""}</td><td>${escapeHtml(where)}</td><td>${typeOf(schema)}</td><td>${text(description ?? schema?.description ?? "")}</td></tr>`,
  );
  return `<h4>Parameters</h4>${table(["Name", "In", "Type", ""], rows)}`;
}

function bodyPart({ requestBody }: Operation): string {
  const schema = requestBody?.content?.["application/json"]?.schema;
  return schema ? `<h4>Body</h4><p>${typeOf(schema)}</p>` : "";
}

function answerTable({ responses = {} }: Operation): string {
  const rows = Object.entries(responses).map(([status, { description = "", content = {} }]) => {
    const [type, answer] = Object.entries(content)[0] ?? [];
    const isProblem = type === "application/problem+json";
    const codes = isProblem ? description.split(", ").map(errorLink).join(", ") : text(description);
    return `<tr><td>${escapeHtml(status)}</td><td>${isProblem ? "Problem" : typeOf(answer?.schema)}</td><td>${codes}</td></tr>`;
  });
  return `<h4>Answers</h4>${table(["Status", "Shape", ""], rows)}`;
}

function errorSection(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, retryable, fix }]) =>
      `<tr id="${escapeHtml(code)}"><td><code>${escapeHtml(code)}</code></td><td>${status}</td><td>${retryable ? "yes" : "no"}</td><td>${text(fix)}</td></tr>`,
  );
  return `<section><h2 id="errors">Errors</h2>
<p>Every error is a problem detail (RFC 9457, <code>application/problem+json</code>) with one of these codes. Retryable: the same call may succeed later, unchanged.</p>
${table(["Code", "Status", "Retryable", "What to do"], rows)}</section>`;
}

function shapeSection(name: string, schema: SchemaNode): string {
  const properties = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  const rows = properties.map(
    ([property, node]) =>
      `<tr><td><code>${escapeHtml(property)}</code>${required.has(property) ? "" : "?"}</td><td>${typeOf(node)}</td><td>${text(node.description ?? "")}</td></tr>`,
  );
  const content = rows.length > 0 ? table(["Field", "Type", ""], rows) : `<p>${typeOf(schema)}</p>`;
  const description = schema.description ? `<p>${text(schema.description)}</p>` : "";
  return `<article id="shape-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3>${description}${content}</article>`;
}

/** A schema in a few words, other shapes as links. */
function typeOf(schema: SchemaNode | undefined): string {
  if (schema === undefined) return "";
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return `<a href="#shape-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  if (schema.enum) return schema.enum.map((value) => `<code>${escapeHtml(String(value))}</code>`).join(" | ");
  const union = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (union) return [...new Set(union.map(typeOf))].join(" | ");
  if (schema.items) return `${typeOf(schema.items)}[]`;
  if (schema.properties) {
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(schema.properties).map(
      ([name, node]) => `${escapeHtml(name)}${required.has(name) ? "" : "?"}: ${typeOf(node)}`,
    );
    return `{ ${fields.join("; ")} }`;
  }
  if (typeof schema.additionalProperties === "object") return `{ [name]: ${typeOf(schema.additionalProperties)} }`;
  const type = [schema.type ?? "any JSON"].flat().join(" | ");
  return escapeHtml(schema.format ? `${type} (${schema.format})` : type);
}

function errorLink(code: string): string {
  return `<a href="#${escapeHtml(code)}"><code>${escapeHtml(code)}</code></a>`;
}

function table(heads: string[], rows: string[]): string {
  const head = heads.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** Prose with \`code\` in backticks. */
function text(prose: string): string {
  return escapeHtml(prose).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(raw: string): string {
  return raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #333a44); --soft: light-dark(#f5f6f8, #1b2027);
  --ink: light-dark(#1b2027, #e6e9ee); --dim: light-dark(#5b6572, #9aa5b3); --link: light-dark(#1c5fb8, #7db3ff); }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 260px minmax(0, 1fr); color: var(--ink);
  background: light-dark(#fff, #14181d); font: 14px/1.55 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 20px; background: var(--soft);
  border-right: 1px solid var(--line); }
nav h2 { font-size: 11px; text-transform: uppercase; letter-spacing: .06em; color: var(--dim); margin: 18px 0 4px; }
nav ul { list-style: none; margin: 0; padding: 0; } nav li { margin: 3px 0; }
.brand { font-weight: 600; margin: 0; } small { color: var(--dim); font-weight: 400; }
main { padding: 28px 40px 80px; max-width: 1000px; min-width: 0; }
h1 { font-size: 26px; margin: 0 0 8px; } main > section > h2 { margin: 48px 0 0; font-size: 20px; }
h3 { font-size: 16px; margin: 0 0 4px; } h4 { font-size: 12px; color: var(--dim); margin: 14px 0 4px; }
article { padding: 22px 0; border-bottom: 1px solid var(--line); scroll-margin-top: 8px; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 12.5px/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 12px; overflow: auto; }
.call { margin: 0 0 8px; } .call b { display: inline-block; min-width: 48px; font-size: 12px; }
.get { color: light-dark(#1a7f4b, #5fd396); } .post { color: light-dark(#1c5fb8, #7db3ff); }
.put { color: light-dark(#9a5b00, #f0b45a); } .delete { color: light-dark(#b3261e, #ff8a80); }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 500; color: var(--dim); } i { color: var(--dim); font-size: 12px; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:target { background: light-dark(#fff4d6, #3a3113); }
@media (max-width: 760px) { body { display: block; } nav { position: static; height: auto; } main { padding: 20px; } }
`;
