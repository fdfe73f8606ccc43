// Each page of the portal, in each language, on phones and desks, light and dark, with and without scripts.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { check, checkWeight, checkWidth, watchForeign } from "./check.mjs";
import { text } from "./mails.mjs";
import { Walk, prepareNode } from "./pages.mjs";
import { withNode } from "./setup.mjs";

const PHONE = { width: 360, height: 740 }, DESK = { width: 1280, height: 800 };
const BOTH = [["light", PHONE], ["dark", DESK]], ALL = [...BOTH, ["light", DESK], ["dark", PHONE]];
const paths = new Set(); // that were asked for
let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: prepareNode });

async function walk(look, options) {
  const walk = new Walk(node, browser, look, { reducedMotion: "reduce", viewport: DESK, ...options });
  const foreign = [];
  walk.onContext = (context) => {
    context.on("request", (request) => paths.add(new URL(request.url()).pathname));
    context.setDefaultTimeout(30_000);
    return watchForeign(context, node, foreign);
  };
  await walk.all();
  assert.deepEqual(foreign, []);
}

const seen = new Set();

for (const [locale, views] of [["en", ALL], ["de", BOTH], ["en-XB", BOTH]]) {
  test(`axe finds nothing on any page: ${locale}`, async () => {
    await walk(async (name, page) => {
      seen.add(name);
      assert.equal(await page.locator("h1").count(), 1, name);
      assert.equal(await page.locator(".sign").count(), name.startsWith("error-") ? 1 : 0, name);
      if (/wrong|problem|often/.test(name)) assert.equal(await page.locator(".problem").count(), 1, name);
      for (const [colorScheme, viewport] of views) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await check(page, `${name}, ${locale}, ${colorScheme}, ${viewport.width} px`);
      }
      if (page.url().startsWith(node.url)) {
        await checkWeight(page, name);
        assert.equal(await page.locator("html").getAttribute("dir"), locale === "en-XB" ? "rtl" : "ltr", name);
        assert.equal(await page.locator("html").getAttribute("lang"), locale, name);
        assert.equal(await page.locator("time:not([datetime][title])").count(), 0, `dates of ${name}`);
      }
    }, { who: `carol.${locale}`.toLowerCase(), locale });
  });
}

for (const locale of ["en", "en-XB"]) {
  test(`every page is reached without scripts, and fits phones and desks: ${locale}`, async () => {
    const reached = new Set();
    await walk(async (name, page) => {
      reached.add(name);
      const where = `${name}, ${locale}, no scripts`;
      await page.setViewportSize(DESK);
      await checkWidth(page, where);
      await page.setViewportSize(PHONE);
      await checkWidth(page, where);
      const isCut = (fields) => fields.some((field) => field.scrollWidth > field.clientWidth);
      assert.equal(await page.locator("input.code").evaluateAll(isCut), false, `a code is cut: ${where}`);
    }, { who: `carol.plain.${locale}`.toLowerCase(), javaScriptEnabled: false, locale, viewport: PHONE });
    if (seen.size) assert.deepEqual([...reached].sort(), [...seen].sort());
  });
}

// What is no page, what is a document within one (test_attached_mail.py), and what rare.test.mjs shows.
const ELSEWHERE = ["/", "/colour/{name}", "/logo/{name}", "/live", "/message/{id}/file/{path}", "/message/{id}/files.zip",
  "/message/{id}/message.eml", "/settings/export/{folder}/{part}", "/draft/{id}/file/{file}", "/message/{id}/mail/{path}/body",
  "/message/{id}/mail/{path}/print", "/mailboxes"];

test("the walk leads to every page that has an address", () => {
  const folder = new URL("../../src/web/portal/", import.meta.url);
  const routes = fs.readdirSync(folder).filter((name) => name.endsWith(".c")).flatMap((name) =>
    [...fs.readFileSync(new URL(name, folder), "utf8").matchAll(/\{METHOD_GET, "([^"]+)"/g)].map(([, route]) => route));
  assert.ok(routes.length > 40);
  const walked = (route) => [...paths].some((one) => new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`).test(one));
  assert.deepEqual(routes.filter((route) => !ELSEWHERE.includes(route) && !walked(route)), []);
  assert.deepEqual(ELSEWHERE.filter((route) => !routes.includes(route)), []);
});

test("a full page of long rows weighs less than 60 KB, and so does a message beside its list", async () => {
  const carol = "carol.full@partner.example";
  const long = "The quarterly figures of all sites with the comments of the board ".repeat(13);
  for (let i = 0; i < 60; i++)
    await node.send("alice@acme.example", carol, text(carol, `${i} ${long} [secure]`, long.repeat(4)));
  const look = new Walk(node, browser, () => {}, { who: "carol.full", viewport: DESK });
  const page = await look.newPage();
  await look.signIn(page, (await node.link(carol, 60)).split("/").at(-1));
  for (const path of ["/inbox", await page.locator(".beside .row a").nth(3).getAttribute("href")]) {
    await page.goto(node.url + path);
    await checkWeight(page, path);
  }
  // The row of the open message is marked, beside the message, which stands first in the source.
  assert.equal(await page.locator(".beside [aria-current]").count(), 1);
  assert.ok(await page.evaluate(() => document.querySelector("main")
    .compareDocumentPosition(document.querySelector(".beside")) & Node.DOCUMENT_POSITION_FOLLOWING));
  const [list, message] = await Promise.all([".beside", "main"].map((one) => page.locator(one).boundingBox()));
  assert.ok(list.x + list.width <= message.x + 1 && Math.abs(list.y - message.y) < 2);
  await page.setViewportSize(PHONE);
  assert.equal(await page.locator(".beside").isVisible(), false);
  await page.context().close();
});
