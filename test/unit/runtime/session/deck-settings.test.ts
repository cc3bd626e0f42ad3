import { afterEach, expect, test } from "vitest";
import { DeckSettings } from "../../../../runtime/session/host/deck-settings.ts";
import { redactText } from "../../../../runtime/values/redact.ts";

afterEach(() => {
  new DeckSettings(() => undefined).redact = [];
});

test("inline is told to the front end, and takes nothing but on and off", () => {
  const told: string[] = [];
  const settings = new DeckSettings((inline) => told.push(inline));
  expect(settings.inline).toBe("on");
  settings.inline = "off";
  settings.inline = "on";
  expect(told).toEqual(["off", "on"]);
  for (const wrong of ["of", true, undefined]) {
    expect(() => {
      settings.inline = wrong as never;
    }).toThrow('deck.settings.inline is "on" or "off", not ');
  }
  expect(settings.inline).toBe("on");
});

test("redact hides what its patterns and texts say, and takes nothing else", () => {
  const settings = new DeckSettings(() => undefined);
  settings.redact = [/ID-\d+/, "hush"];
  expect(redactText("hush, ID-12")).toBe("[redacted], [redacted]");
  for (const wrong of ["ID", [3], [""], undefined, null]) {
    expect(() => {
      settings.redact = wrong as never;
    }).toThrow("deck.settings.redact lists patterns and texts, like [/ID-\\d+/], not ");
  }
  expect(redactText("hush")).toBe("[redacted]");
});

test("a misspelt setting is an error, not a property that nobody reads", () => {
  const settings = new DeckSettings(() => undefined) as unknown as Record<string, unknown>;
  expect(() => {
    settings["inlin"] = "off";
  }).toThrow(TypeError);
});
