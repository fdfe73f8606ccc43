// The whole story in a real browser, with and without scripts, and axe on every page of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, sendNow, watchForeign } from "./check.mjs";
import { offer } from "./node.mjs";
import { withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; });

async function newContext(options) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const foreign = await watchForeign(context, node);
  return { context, foreign };
}

for (const [name, options] of [
  ["scripts on, 1280 px", { viewport: { width: 1280, height: 800 } }],
  ["scripts off, 360 px", { javaScriptEnabled: false, viewport: { width: 360, height: 740 } }],
  ["German, dark, 360 px", { locale: "de-DE", colorScheme: "dark", viewport: { width: 360, height: 740 } }],
]) {
  test(`from notification to answer: ${name}`, async () => {
    const address = `carol-${name.replace(/[^a-zA-Z0-9]/g, "")}@partner.example`.toLowerCase();
    await node.send("alice@acme.example", address, offer(address));
    const link = await node.link(address);
    const { context, foreign } = await newContext(options);
    const page = await context.newPage();
    const verify = options.javaScriptEnabled === false ? async () => {} : check;

    await page.goto(link);
    await verify(page, "link");
    assert.ok(!(await page.content()).includes("forty-two"));
    await page.locator("form[action$='/code'] button").first().click();
    await verify(page, "code");
    await page.locator("input[name=code]").fill(await node.code(address));
    await page.locator("form:has(input[name=code]) button").first().click();
    if (!page.url().includes("/message/")) {
      await verify(page, "offered password");
      await page.goto(`${node.url}/message/${link.split("/").at(-1)}`);
    }
    await verify(page, "message");
    assert.ok((await page.content()).includes("forty-two"));
    assert.ok((await page.content()).includes("Offer for the site"));

    await page.locator("a[href$='/reply']").first().click();
    await verify(page, "reply");
    await page.locator(".words:visible").fill("We take it.");
    await page.locator("form.write button.primary").click();
    await sendNow(page);
    await verify(page, "sent message");
    for (const folder of ["inbox", "sent", "settings"]) {
      await page.goto(`${node.url}/${folder}`);
      await verify(page, folder);
    }
    const missing = await page.goto(`${node.url}/message/${"0".repeat(26)}`);
    assert.equal(missing.status(), 404);
    await verify(page, "not found");
    assert.deepEqual(foreign, []);
    await context.close();
  });
}

test("the pages work right to left", async () => {
  const { context } = await newContext({ viewport: { width: 360, height: 740 }, locale: "en-XB" });
  const page = await context.newPage();
  await page.goto(`${node.url}/sign-in`);
  await check(page, "sign in");
  await page.locator("select[name=language]").selectOption("en-XB");
  await page.locator("form:has(select[name=language]) button").click();
  assert.equal(await page.locator("html").getAttribute("dir"), "rtl");
  await check(page, "sign in, right to left");
  await context.close();
});

test("dates are in the reader's zone and language", async () => {
  const address = "carol.zone@partner.example";
  await node.send("alice@acme.example", address, offer(address));
  const { context } = await newContext({ locale: "de-DE", timezoneId: "Asia/Tokyo" });
  const page = await context.newPage();
  await page.goto(await node.link(address));
  await page.locator("#send").click();
  await page.locator("#code").fill(await node.code(address));
  await page.locator("form[action='/sign-in/code'] button").click();
  const date = page.locator(".from time");
  assert.match(await date.innerText(), /^(Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag), .* JST$/);
  assert.match(await date.getAttribute("datetime"), /\+09:00$/);
  await page.goto(`${node.url}/settings`);
  await page.locator("select[name=time_zone]").selectOption("America/New_York");
  await page.locator("form[action='/settings/choices'] button").click();
  await page.goto(`${node.url}/inbox`);
  assert.match(await page.locator(".row-date").getAttribute("datetime"), /-0[45]:00$/);
  await context.close();
});

test("an internal user signs in with a password and sees what was sent", async () => {
  const { context } = await newContext({});
  const page = await context.newPage();
  await page.goto(`${node.url}/sign-in`);
  await page.locator("input[name=address]").fill("alice@acme.example");
  await page.locator("form:has(input[name=address]) button").first().click();
  await check(page, "password");
  await page.locator("input[name=password]").fill("correct horse battery");
  await page.locator("form:has(input[name=password]) button").first().click();
  await page.goto(`${node.url}/sent`);
  assert.ok((await page.content()).includes("Offer for the site"));
  await page.locator("a[href^='/message/']").first().click();
  await check(page, "the sender's view");
  await page.goto(`${node.url}/compose`);
  await check(page, "compose");
  await context.close();
});
