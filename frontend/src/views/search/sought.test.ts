import { describe, expect, it } from "vitest";
import { asks, changed, linkTo, question, read, write } from "./sought";

const from = (text: string) => read(new URLSearchParams(text));

describe("what the address bar keeps", () => {
  it("is read and written again", () => {
    const text = "q=ocr%3A%22grand+total%22&mode=text&library=%2Fphotos%2F2019&since=2019-01-01";
    expect(`${write(from(text))}`).toBe(text);
  });

  it("leaves out what is not asked, and what nobody could have meant", () => {
    expect(`${write(from("q=+&mode=hybrid&since=yesterday&until=&junk=1&photo=ab"))}`).toBe("");
  });
});

describe("the question", () => {
  it("is for the newest without words, photo, face or person, within the filters", () => {
    expect(asks(from("photo=ab"))).toBe(false);
    expect(asks(from("library=%2Fa"))).toBe(true);
    expect(`${question(from("library=%2Fa&mode=image"))}`).toBe("library=%2Fa");
  });

  it("names the mode that a photo or a face needs", () => {
    expect(question(from("like=ab")).get("mode")).toBe("image");
    expect(question(from("face=ab:1&mode=text")).get("mode")).toBe("face");
  });

  it("is another one with new words or another photo, within the same filters", () => {
    const photo = changed(from("q=boat&library=%2Fa"), { like: "ab" });
    expect(photo).toMatchObject({ q: "", like: "ab", library: "/a" });
    expect(changed(photo, { q: "dog" })).toMatchObject({ q: "dog", like: "" });
    expect(changed(photo, { library: "" })).toMatchObject({ like: "ab", library: "" });
    expect(changed(photo, { like: "" })).toMatchObject({ like: "", library: "/a" });
  });

  it("has an address", () => {
    expect(linkTo({ face: "ab:0" })).toBe("/search?face=ab%3A0");
  });
});
