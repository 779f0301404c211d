import { describe, expect, test } from "vitest";
import { type Profile, profileDraftSchema, profileSchema } from "../../../../engine/api/schemas/profile.ts";
import { verdictOf } from "../../../../renderer/profiles/connection-test.ts";
import {
  draftOf,
  formOf,
  type ProfileForm,
  problemsOf,
  runsManager,
  securityOf,
  variableOf,
} from "../../../../renderer/profiles/profile-form.ts";

const kept: Profile = profileSchema.parse({
  name: "payments-eu",
  kind: "kafka",
  environment: "prod",
  read_only: true,
  run_manager: false,
  kafka: {
    brokers: ["a:9093", "b:9093"],
    prefix: "eu.",
    sasl: { mechanism: "scram-sha-512", username: "antigraph", password: { set: true, env: "KAFKA_PASSWORD" } },
    tls: { ca: "/etc/ca.pem", key: { set: true } },
    registry: { url: "https://registry:8081", username: "r", password: { set: true }, wire_format: "confluent" },
  },
});

const fresh = (change: Partial<ProfileForm> = {}): ProfileForm => ({
  ...formOf(undefined),
  name: "new",
  brokers: "localhost:9092",
  ...change,
});

describe("the form of a profile", () => {
  test("sends back what it was made from, and no secret", () => {
    const draft = draftOf(formOf(kept), "kafka");
    expect(profileDraftSchema.parse(draft)).toEqual({
      kind: "kafka",
      environment: "prod",
      read_only: false,
      run_manager: false,
      kafka: {
        brokers: ["a:9093", "b:9093"],
        prefix: "eu.",
        topics: {},
        sasl: { mechanism: "scram-sha-512", username: "antigraph" },
        tls: { ca: "/etc/ca.pem" },
        registry: { url: "https://registry:8081", username: "r", wire_format: "confluent", validate: true },
      },
    });
  });

  test("sends a secret as it was typed, as a variable, as a file, or to be forgotten", () => {
    const form: ProfileForm = {
      ...formOf(kept),
      password: { from: "variable", text: "$OTHER" },
      key: { from: "file", text: "/etc/client.key" },
      registryPassword: { from: "forgotten" },
    };
    const { kafka } = draftOf(form, "kafka");
    expect(kafka?.sasl?.password).toBe(`\${OTHER}`);
    expect(kafka?.tls?.key).toBe("/etc/client.key");
    expect(kafka?.registry?.password).toBeNull();
    expect(
      draftOf(fresh({ sasl: "plain", password: { from: "typed", text: "s3 cret" } }), "kafka").kafka?.sasl,
    ).toEqual({
      mechanism: "plain",
      password: "s3 cret",
    });
  });

  test("leaves out what belongs to another way to sign in, and turns off what is switched off", () => {
    const form = fresh({ sasl: "oauthbearer", username: "u", clientId: "c", tokenUrl: "https://t", tls: false });
    expect(draftOf(form, "kafka").kafka).toEqual({
      brokers: ["localhost:9092"],
      prefix: "",
      topics: {},
      sasl: { mechanism: "oauthbearer", client_id: "c", token_url: "https://t" },
      tls: null,
      registry: null,
    });
    expect(draftOf(fresh({ sasl: "none" }), "kafka").kafka?.sasl).toBeNull();
    expect(draftOf(formOf(undefined), "embedded")).not.toHaveProperty("kafka");
  });

  test("names single topics, whole, and none where nothing was typed", () => {
    const topics = { ...fresh().topics, tomanager: " orders.in ", audit: "" };
    expect(draftOf(fresh({ topics }), "kafka").kafka?.topics).toEqual({ tomanager: "orders.in" });
    const named = { ...kept, kafka: { brokers: ["a:1"], prefix: "", topics: { audit: "history" } } };
    expect(draftOf(formOf(named), "kafka").kafka?.topics).toEqual({ audit: "history" });
    expect(problemsOf(fresh({ topics: { ...topics, audit: "fromanager" } }), "kafka").topics).toBe(
      "audit: fromanager is the name of fromanager already.",
    );
  });

  test("keeps a profile's own environment where another one makes it stricter", () => {
    const stricter = { ...kept, declared_environment: "dev" as const, stricter_profile: "other" };
    expect(formOf(stricter).environment).toBe("dev");
  });

  test("runs no manager on production unless it was chosen", () => {
    expect(runsManager(fresh())).toBe(true);
    expect(runsManager(fresh({ environment: "prod" }))).toBe(false);
    expect(runsManager(fresh({ environment: "prod", runManager: true }))).toBe(true);
  });

  test("says which fields are wrong before anything is sent", () => {
    expect(problemsOf(fresh(), "kafka")).toEqual({});
    expect(Object.keys(problemsOf(fresh({ name: "a b", brokers: "localhost" }), "kafka"))).toEqual([
      "name",
      "brokers",
    ]);
    expect(problemsOf(fresh({ brokers: "a:9092 b" }), "kafka").brokers).toBe("b isn't HOST:PORT.");
    expect(problemsOf(fresh({ brokers: "[::1]:9092, a:1;b:2" }), "kafka")).toEqual({});
    expect(problemsOf(fresh({ brokers: " " }), "embedded")).toEqual({});
    expect(Object.keys(problemsOf(fresh({ sasl: "oauthbearer" }), "kafka"))).toEqual([
      "tokenUrl",
      "clientId",
      "clientSecret",
    ]);
    expect(Object.keys(problemsOf(fresh({ sasl: "plain", prefix: "a b" }), "kafka"))).toEqual([
      "prefix",
      "username",
      "password",
    ]);
    expect(problemsOf(formOf(kept), "kafka", kept.kafka)).toEqual({});
    const forgotten: ProfileForm = { ...formOf(kept), password: { from: "forgotten" } };
    expect(Object.keys(problemsOf(forgotten, "kafka", kept.kafka))).toEqual(["password"]);
    const secret = fresh({ sasl: "plain", username: "u", password: { from: "variable", text: "not one" } });
    expect(Object.keys(problemsOf(secret, "kafka"))).toEqual(["password"]);
    expect(problemsOf({ ...secret, sasl: "none" }, "kafka")).toEqual({});
    expect(Object.keys(problemsOf(fresh({ registry: true, registryUrl: "registry:8081" }), "kafka"))).toEqual([
      "registryUrl",
    ]);
  });

  test("understands a variable however it is written", () => {
    expect([variableOf("NAME"), variableOf("$NAME"), variableOf(` \${NAME} `)]).toEqual(["NAME", "NAME", "NAME"]);
  });

  test("says how a connection is secured", () => {
    expect(securityOf(kept.kafka)).toBe("TLS with client key, SCRAM-SHA-512");
    expect(securityOf({ brokers: ["a:1"], prefix: "" })).toBe("in clear");
    expect(securityOf(undefined)).toBe("in this console's data folder");
  });
});

describe("the verdict of a connection test", () => {
  const stage = (name: "dns" | "tcp" | "tls" | "sasl" | "acls" | "topics" | "transactions", status = "ok") =>
    ({ stage: name, status, ms: 1, message: "" }) as Parameters<typeof verdictOf>[0][number];
  const all = (["dns", "tcp", "tls", "sasl", "acls", "topics", "transactions"] as const).map((name) => stage(name));

  test("is the worst that was found", () => {
    expect(verdictOf(all)).toEqual({ tone: "ok", words: "Everything works" });
    expect(verdictOf([...all.slice(0, 5), stage("topics", "warning"), stage("transactions")]).tone).toBe("warn");
    expect(verdictOf([...all.slice(0, 3), stage("sasl", "failed")]).words).toBe("Stopped at SASL");
    expect(verdictOf(all.slice(0, 2)).words).toBe("Not finished");
  });
});
