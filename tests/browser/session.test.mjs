// What pages that are left open say of the session (R7).
import assert from "node:assert/strict";
import { test } from "node:test";
import { written } from "./check.mjs";
import { text } from "./mails.mjs";
import { until } from "./node.mjs";
import { signInAlice, withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; });

async function signIn(context) {
  const page = await context.newPage();
  await signInAlice(node, page);
  return page;
}

const line = (page) => page.locator(".session").textContent();

test("R7: the use of another page moves the end of the session, signing out there ends it", async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  await context.clock.install();
  const used = await signIn(context);
  const open = await context.newPage();
  await open.goto(`${node.url}/sent`);
  assert.match(await line(open), /^Without further use/);

  await context.clock.fastForward("58:30");
  assert.match(await line(open), /less than two minutes/);
  await used.goto(`${node.url}/inbox`);
  await until(async () => /^Without further use/.test(await line(open)), "the open page to hear of it");
  assert.equal(await open.locator(".session.soon").count(), 0);
  await context.clock.fastForward("10:00");
  assert.match(await line(open), /^Without further use/);

  await used.locator("form[action='/sign-out'] button").click();
  await used.waitForURL(/sign-in/);
  await until(async () => /been signed out/.test(await line(open)), "the open page to say so");
  await context.close();
});

test("R7: a page left alone says before and after that the session ends", async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  await context.clock.install();
  const page = await signIn(context);
  await context.clock.fastForward("57:00");
  assert.match(await line(page), /^Without further use/);
  await context.clock.fastForward("01:30");
  assert.match(await line(page), /less than two minutes.*Load the page/);
  await context.clock.fastForward("02:00");
  assert.match(await line(page), /been signed out/);
  await context.close();
});

test("R7: who is in the last hour of a session is not told that use prolongs it, and keeps what was written", async () => {
  node.run("account", "set", "session_absolute_hours", "1");
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  await context.clock.install();
  const page = await signIn(context);
  assert.match(await line(page), /no session lasts longer/);
  await page.goto(`${node.url}/compose`);
  await context.clock.fastForward("58:30");
  assert.match(await line(page), /less than two minutes.*no session lasts longer/);
  const saved = page.waitForResponse((answer) => answer.url().endsWith("/draft"));
  await page.locator(".words:visible").pressSequentially("We take it.");
  await context.clock.fastForward("00:03");
  assert.equal((await (await saved).allHeaders())["session-last"], "1");
  await until(async () => { await context.clock.fastForward("00:05"); return /no session lasts longer/.test(await line(page)); }, "the answer");
  node.run("account", "set", "session_absolute_hours", "12");

  // Written after the end: given back when its writer is in again, with the file.
  node.moveClock(2 * 3600 * 1000);
  await context.clock.fastForward("02:00:00");
  assert.match(await line(page), /been signed out.*Save draft/);
  await page.locator(".words:visible").pressSequentially(" On Monday.");
  await page.locator("#files").setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan") });
  await page.locator("button[value=save]").click();
  await page.locator("main a[href^='/sign-in']").click();
  await page.locator("input[name=address]").fill("alice@acme.example");
  await page.locator("form[action^='/sign-in'] button").first().click();
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("form[action='/sign-in/password'] button").click();
  await page.waitForURL(/draft=/);
  assert.equal((await written(page)).trim(), "We take it. On Monday.");
  assert.match(await page.locator("main").innerText(), /plan\.txt/);
  await context.close();
});

for (const where of ["/compose", "reply"]) {
  test(`R7: ${where}: the end is told before, writing goes on with the session, and leaving does not`, async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    await context.clock.install();
    const page = await signIn(context);
    if (where === "reply") {
      node.run("definition", "set", "Default", "--all-recipients", "yes");
      await node.send("bob@acme.example", ["alice@acme.example"], text("alice@acme.example", "Plan [secure]", "See below."));
      await until(async () => { await page.goto(`${node.url}/inbox`); return page.locator(".row > a").count(); }, "the message");
      await page.locator(".row > a").first().click();
      await page.locator("a[href$='/reply']").click();
    } else await page.goto(node.url + where);
    await context.clock.fastForward("58:30");
    assert.match(await line(page), /less than two minutes.*go on writing/);
    const saved = page.waitForResponse((answer) => answer.url().endsWith("/draft"));
    await page.locator(".words:visible").pressSequentially("We take it.");
    await context.clock.fastForward("00:03");
    assert.equal((await saved).status(), 200);
    await until(async () => { await context.clock.fastForward("00:05"); return /^Without/.test(await line(page)); }, "the new end");
    await context.clock.fastForward("57:00");
    assert.match(await line(page), /^Without further use/);
    await context.clock.fastForward("04:00");
    assert.match(await line(page), /been signed out/);
    assert.equal(await written(page), "We take it.");
    await context.close();
  });
}
