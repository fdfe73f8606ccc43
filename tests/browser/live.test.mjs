// Pages that are left open follow what happens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./check.mjs";
import { text } from "./mails.mjs";
import { SealpostNode, until } from "./node.mjs";
import { Walk, prepareNode } from "./pages.mjs";

let node, browser;

before(async () => {
  node = await new SealpostNode().start();
  prepareNode(node);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

/** As if somebody came back to the page: it asks at once. */
const look = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

test("counts, rows, states and a recall reach open pages, without a violation of their policy", async () => {
  const carol = "carol.live@partner.example";
  await node.send("alice@acme.example", [carol], text(carol, "Offer [secure]", "For your eyes only."));
  const walk = new Walk(node, browser, () => {}, { who: "carol.live" });
  const message = await walk.newPage();
  const problems = [];
  message.on("console", (line) => { if (line.type() === "error") problems.push(line.text()); });
  await walk.signIn(message, (await node.link(carol)).split("/").at(-1));
  const inbox = await message.context().newPage();
  await inbox.goto(`${node.url}/inbox`);
  assert.equal(await inbox.locator(".count").count(), 0);

  await node.send("alice@acme.example", [carol], text(carol, "Second [secure]", "More of it."));
  await node.link(carol, 2);
  await look(inbox);
  await inbox.locator(".count").waitFor();
  assert.equal(await inbox.locator(".unread-words").textContent(), "1 unread message");
  await Promise.all([inbox.waitForEvent("load"), inbox.locator(".list-changed a").click()]);
  assert.equal(await inbox.locator(".row").count(), 2);

  // Its sender sees it read without doing anything.
  const alice = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await alice.goto(`${node.url}/sign-in`);
  await alice.locator("#address").fill("alice@acme.example");
  await alice.locator("form:has(#address) button").first().click();
  await alice.locator("input[name=password]").fill("correct horse battery");
  await alice.locator("form:has(input[name=password]) button").first().click();
  await alice.waitForURL(/inbox/);
  await alice.goto(`${node.url}/sent`);
  const list = await alice.context().newPage();
  await list.goto(`${node.url}/sent`);
  await alice.locator(".row > a").first().click();
  await alice.locator(".recipient-states").waitFor();
  assert.doesNotMatch(await alice.locator(".recipient-states").textContent(), /Read/);
  assert.match(await list.locator(".row-states").first().textContent(), /Not read yet/);
  await inbox.locator(".row > a").first().click();
  await inbox.locator(".body-text").waitFor();
  await look(alice);
  await until(async () => /Read/.test(await alice.locator(".recipient-states").textContent()), "the state to change");
  await look(list);
  await until(async () => !/Not read yet/.test(await list.locator(".row-states").first().textContent()), "the row to change");

  // The text goes from the open page, which says who took it, when and why.
  await alice.goto(alice.url().replace(/\?.*/, "") + "/recall");
  await alice.locator("[name=reason]").fill("Wrong price");
  await alice.locator("form[action$='/recall'] button.danger").click();
  await alice.waitForURL(/told=recalled/);
  await look(inbox);
  await inbox.locator(".gone").waitFor();
  const words = await inbox.locator("main").textContent();
  assert.match(words, /Alice Adams/);
  assert.match(words, /Wrong price/);
  assert.doesNotMatch(words, /More of it/);
  assert.equal(await message.locator(".body-text").textContent(), "For your eyes only.");
  assert.deepEqual(problems, []);
  if (process.env.SEALPOST_LOOK) await inbox.screenshot({ path: process.env.SEALPOST_LOOK, fullPage: true });

  // Signed out by another window, also without a word between the windows.
  await message.evaluate(() => fetch("/settings").then((answer) => answer.text()).then((page) => {
    const csrf = page.match(/name="csrf" value="([^"]+)"/)[1];
    return fetch("/sign-out", { method: "POST", body: new URLSearchParams({ csrf }) });
  }));
  await look(inbox);
  await until(async () => /been signed out/.test(await inbox.locator(".session").textContent()), "the end to be told");
});
