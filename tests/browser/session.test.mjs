// What pages that are left open say of the session (R7).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { SealpostNode, until } from "./node.mjs";

let node, browser;

before(async () => {
  node = await new SealpostNode().start();
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu",
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync"] });
});

after(async () => {
  await browser?.close();
  await node?.stop();
});

async function signIn(context) {
  const page = await context.newPage();
  await page.goto(`${node.url}/sign-in`);
  await page.locator("input[name=address]").fill("alice@acme.example");
  await page.locator("form:has(input[name=address]) button").first().click();
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("form:has(input[name=password]) button").first().click();
  await page.waitForURL(/inbox/);
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

  await context.clock.fastForward("57:00");
  assert.match(await line(open), /less than five minutes/);
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
  await context.clock.fastForward("56:00");
  assert.match(await line(page), /less than five minutes/);
  await context.clock.fastForward("05:00");
  assert.match(await line(page), /been signed out/);
  await context.close();
});
