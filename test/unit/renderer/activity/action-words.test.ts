import { describe, expect, it } from "vitest";
import { ACTIONS } from "../../../../engine/core/protocol.ts";
import { ACTION_WORDS, actionWord, refusalWord } from "../../../../renderer/activity/action-words.ts";

describe("what operators did, in words", () => {
  it("has words for every action on a journey", () => {
    expect(ACTIONS.filter((action) => ACTION_WORDS[action] === undefined)).toEqual([]);
  });

  it("shows a code that it doesn't know as it is", () => {
    expect(actionWord("profile.unlocked")).toBe("Unlock production");
    expect(actionWord("profile.painted")).toBe("profile.painted");
    expect(actionWord("constructor")).toBe("constructor");
  });

  it("says why an action was refused", () => {
    expect(refusalWord("stale_preview")).toBe("stale preview");
    expect(refusalWord("refused")).toBeUndefined();
  });
});
