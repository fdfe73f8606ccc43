// What every page must keep: axe finds nothing, nothing is wider than the screen, nothing comes from elsewhere, little weight.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const PAGE_BYTES = 60 * 1024;

export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--ignore-certificate-errors", "--disable-component-update", "--disable-sync"] });
}

/** Does not wait for the time to undo to pass. */
export async function sendNow(page) {
  await page.locator("form[action$='/now'] button").click();
  await page.waitForURL(/sent=1/);
}

/** What stands in the form's text, formatted or not. */
export function written(page) {
  return page.locator(".words:visible").evaluate((words) => words.value ?? words.innerText);
}

/** Every request of the context that leads away from the node is put into the list that comes back. */
export async function watchForeign(context, node, foreign = []) {
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (!url.startsWith(node.url) && !url.startsWith("data:") && !url.startsWith("blob:")) foreign.push(url);
    return route.continue();
  });
  return foreign;
}

// axe is brought in beside the page's own policy, which forbids foreign scripts.
export async function check(page, where) {
  const session = await page.context().newCDPSession(page);
  const tree = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: tree.frameTree.frame.id });
  await session.send("Runtime.evaluate", { expression: axe, contextId: executionContextId });
  const { result } = await session.send("Runtime.evaluate", { contextId: executionContextId, awaitPromise: true,
    returnByValue: true, expression: `axe.run(document, {iframes: false}).then((r) => r.violations.map((v) =>
      v.id + ": " + v.nodes.map((n) => n.html).join(" | ")))` });
  await session.detach();
  assert.deepEqual(result.value, [], `${where} at ${page.url()}`);
  await checkWidth(page, where);
}

/** axe for a page without scripts, where it cannot run itself: it looks at the same page in a browser that has them, with none of
 * the page's own. */
export async function checkWithoutScripts(page, where, views) {
  const url = page.url(), html = (await page.content()).replace(/<script\b.*?<\/script>/gs, "");
  const context = await page.context().browser().newContext({ ignoreHTTPSErrors: true, reducedMotion: "reduce" });
  await context.addCookies(await page.context().cookies());
  const copy = await context.newPage();
  await copy.route(url, (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
  await copy.goto(url);
  for (const [colorScheme, viewport] of views) {
    await copy.emulateMedia({ colorScheme });
    await copy.setViewportSize(viewport);
    await check(copy, `${where}, ${colorScheme}, ${viewport.width} px`);
  }
  await context.close();
  for (const [, viewport] of views) {
    await page.setViewportSize(viewport);
    await checkWidth(page, `${where}, ${viewport.width} px`);
  }
}

export async function checkWidth(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${where} is wider than the screen by ${wide}`);
}

/** The page with its styles, icons, scripts and frame, as they are sent. */
export async function checkWeight(page, where) {
  const bytes = await page.evaluate(() => [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")].reduce((sum, entry) => sum + entry.encodedBodySize, 0));
  assert.ok(bytes < PAGE_BYTES, `${where} weighs ${bytes} bytes`);
  return bytes;
}
