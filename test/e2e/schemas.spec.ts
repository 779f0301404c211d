// Schemas on the page of a service. The registry is a stub at the API: what a real one says stands in the specs of the API.

import type { SchemaList, SchemaSubject } from "../../engine/api/schemas/schema.ts";
import { expectNothingFromAxe } from "../support/e2e-axe.ts";
import { expect, test } from "../support/e2e-console.ts";
import { GOOD_HIRE, startJourney } from "../support/e2e-journeys.ts";

const subject = (name: string, direction: "command" | "reply", rest: Partial<SchemaSubject> = {}): SchemaSubject => {
  const topic = direction === "command" ? "fromanager" : "tomanager";
  return {
    subject: `${topic}-user.${name}`,
    kind: "function",
    topic,
    service: "user",
    function: name,
    direction,
    ...rest,
  };
};

test("schemas of a service's functions are shown, inferred, registered, and refused in plain words", async ({
  page,
  api,
}) => {
  test.slow();
  await startJourney(api, "onboarding", GOOD_HIRE, ["completed"]);
  const list: SchemaList = {
    registry: { url: "http://registry:8081", reachable: true, known: true, wire_format: "json", validate: true },
    subjects: [
      subject("create_user", "command"),
      subject("create_user", "reply", { version: 3, id: 17, schema: { type: "object" } }),
    ],
  };
  await page.route("**/api/v1/schemas", (route) => route.fulfill({ json: list }));
  const sent: unknown[] = [];
  await page.route("**/api/v1/schemas/*", async (route) => {
    sent.push(route.request().postDataJSON());
    if (route.request().url().includes("tomanager")) {
      const detail = "The registry refuses it: the field `user_id` was required and isn't any more.";
      const problem = {
        code: "schema_incompatible",
        status: 409,
        detail,
        fix: "Keep the field, or make it optional.",
      };
      return route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(problem) });
    }
    list.subjects[0] = subject("create_user", "command", { version: 1, id: 21, schema: { type: "object" } });
    return route.fulfill({ json: list.subjects[0] });
  });
  await page.goto(new URL("/services/user", page.url()).href);
  const schemas = page.getByRole("region", { name: "Schemas of user" });
  await expect(schemas.getByRole("row").nth(1)).toContainText("nothing: any data flows");
  await expect(schemas.getByRole("row").nth(2)).toContainText("version 3 id 17");

  await schemas.getByRole("button", { name: "Register for create_user (command)" }).click();
  const sheet = page.getByRole("dialog", { name: "Register a schema: create_user (command)" });
  await sheet.getByRole("button", { name: "Begin with the newest data seen" }).click();
  await expect(sheet.getByRole("textbox", { name: "JSON Schema of create_user (command)" })).toContainText('"email"');
  await expectNothingFromAxe(page, "the sheet of a schema");
  await sheet.getByRole("button", { name: "Register", exact: true }).click();
  await expect(sheet).toBeHidden();
  await expect(schemas.getByRole("row").nth(1)).toContainText("version 1 id 21");
  expect(sent[0]).toMatchObject({ schema: { type: "object", properties: { email: { type: "string" } } } });

  await schemas.getByRole("button", { name: "New version for create_user (reply)" }).click();
  const version = page.getByRole("dialog", { name: "New version: create_user (reply)" });
  await version.getByRole("textbox", { name: "JSON Schema of create_user (reply)" }).fill("[1");
  await expect(version.getByRole("button", { name: "Register the version" })).toBeDisabled();
  await version.getByRole("textbox", { name: "JSON Schema of create_user (reply)" }).fill('{"type":"object"}');
  await version.getByRole("button", { name: "Register the version" }).click();
  await expect(version).toContainText("`user_id` was required and isn't any more");
});

test("a service's page says that there is no registry, or that it is away", async ({ page }) => {
  await page.goto(new URL("/services/user", page.url()).href);
  await expect(page.getByText("The embedded profile has no schema registry")).toBeVisible();
  const registry = { url: "http://registry:8081", reachable: false, error: "connection refused", known: true };
  const list = {
    registry: { ...registry, wire_format: "json", validate: true },
    subjects: [subject("create_user", "command")],
  };
  await page.route("**/api/v1/schemas", (route) => route.fulfill({ json: list }));
  await page.reload();
  await expect(page.getByText(/registry:8081 can't be reached/)).toBeVisible();
  await expect(page.getByText(/connection refused/)).toBeVisible();
  await expect(page.getByText(/What was known stays in force/)).toBeVisible();
  list.registry.known = false;
  await page.reload();
  await expect(page.getByText(/Nothing is known of its schemas: managers wait for it/)).toBeVisible();
});
