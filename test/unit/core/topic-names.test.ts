import { describe, expect, it } from "vitest";
import {
  closedTopic,
  TOPIC_SETTINGS,
  topicNames,
  topicProblem,
  topicsBySetting,
} from "../../../engine/core/topic-names.ts";

describe("the topics of an installation", () => {
  it("have the protocol's names, behind the prefix", () => {
    expect(topicNames()).toMatchObject({ toManager: "tomanager", deadLetter: "antigraph.deadletter" });
    expect(topicNames("shop.")).toMatchObject({ fromManager: "shop.fromanager", audit: "shop.antigraph.audit" });
  });

  it("may have names of their own, whole ones, without the prefix", () => {
    const names = topicNames("shop.", { tomanager: "orders.to-manager", journeys: "orders.state" });
    expect(names).toMatchObject({
      toManager: "orders.to-manager",
      journeys: "orders.state",
      fromManager: "shop.fromanager",
    });
    expect(closedTopic(names.journeys)).toBe("orders.state.closed");
  });

  it("are told by the names that settings have", () => {
    const told = topicsBySetting(topicNames("", { deadletter: "graves" }));
    expect(Object.keys(told)).toEqual(TOPIC_SETTINGS);
    expect(told).toMatchObject({ tomanageredits: "tomanageredits", deadletter: "graves" });
  });
});

describe("names of one's own", () => {
  it.each([
    [{}],
    [{ tomanager: "a", fromanager: "b", audit: "c" }],
    [{ tomanager: "fromanager", fromanager: "tomanager" }],
  ])("can be used: %j", (own) => {
    expect(topicProblem("", own)).toBeUndefined();
  });

  it.each([
    [{ tomanger: "a" }, "tomanger", "there is no topic tomanger; there are tomanager, fromanager, tomanageredits,"],
    [{ audit: "a", services: "a" }, "services", "a is the name of audit already"],
    [{ tomanager: "x.fromanager" }, "tomanager", "x.fromanager is the name of fromanager already"],
    [{ services: "x.antigraph_audit" }, "services", "x.antigraph_audit is the name of audit already"],
    [{ journeys: "state", audit: "state.closed" }, "audit", "is the name of journeys with .closed behind it already"],
    [{ tomanager: "a b" }, "tomanager", 'a topic\'s name is letters, digits, ., - and _, 240 at most, not "a b"'],
    [{ tomanager: "" }, "tomanager", 'not ""'],
    [{ tomanager: "." }, "tomanager", 'not "."'],
    [{ tomanager: ".." }, "tomanager", 'not ".."'],
    [{ tomanager: "x".repeat(241) }, "tomanager", "240 at most"],
  ])("are refused where Kafka would, or two would share one: %j", (own, setting, message) => {
    expect(topicProblem("x.", own)).toEqual({ setting, message: expect.stringContaining(message) });
  });
});
