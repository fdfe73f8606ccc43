// Writing a new message in a real browser: drafts that save themselves, the look before sending, files.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, sendNow, written } from "./check.mjs";
import { until } from "./node.mjs";
import { signInAlice, withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; });

async function signIn(options) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  await signInAlice(node, page);
  return { context, page };
}

test("what is written saves itself and can be gone on with", async () => {
  const { context, page } = await signIn({});
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill("carol@partner.example");
  await page.locator(".words:visible").fill("Two hundred words that nobody wants to write again.");
  await page.locator(".draft-line", { hasText: "Draft saved" }).waitFor({ timeout: 20000 });
  await page.goto(`${node.url}/drafts`);
  await check(page, "drafts");
  await page.locator(".row a").first().click();
  assert.equal(await written(page), "Two hundred words that nobody wants to write again.");
  await check(page, "a draft");
  await page.locator("form.write button.primary").click();
  await page.locator(".check").waitFor();
  await check(page, "the look before sending");
  await page.locator("form.write button.primary").click();
  await sendNow(page);
  await page.goto(`${node.url}/drafts`);
  assert.equal(await page.locator(".row").count(), 0);
  await context.close();
});

test("a file stays through the look before sending, and addresses are completed", async () => {
  const { context, page } = await signIn({});
  await page.goto(`${node.url}/compose`);
  assert.equal(await page.locator("#known option[value='carol@partner.example']").count(), 1);
  await page.locator("input[name=to]").fill("dave@partner.example, ");
  assert.equal(await page.locator("#known option[value='dave@partner.example, carol@partner.example']").count(), 1);
  await page.locator(".words:visible").fill("The plan is attached.");
  await page.locator("input[type=file]").setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan") });
  await page.locator("form.write button.primary").click();
  await page.locator(".check").waitFor();
  assert.ok((await page.content()).includes("plan.txt"));
  await page.locator("form.write button.primary").click();
  await sendNow(page);
  assert.ok((await page.content()).includes("plan.txt"));
  await context.close();
});

test("the same without scripts, on a phone", async () => {
  const { context, page } = await signIn({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill("erin@partner.example");
  await page.locator(".words:visible").fill("Marmalade.");
  await page.locator("input[type=file]").setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan") });
  await page.locator("button[value=save]").click();
  await page.waitForURL(/saved=1/);
  assert.ok((await page.content()).includes("plan.txt"));
  await page.locator("form.write button.primary").click();
  await page.locator("form.write button[name=checked]").click();
  await sendNow(page);
  assert.ok((await page.content()).includes("plan.txt"));
  await context.close();
});

test("the seconds to undo are counted, and pressing it gives the draft back", async () => {
  const { context, page } = await signIn({});
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill("carol@partner.example");
  await page.locator(".words:visible").fill("Marmalade in ten seconds.");
  await page.locator("form.write button.primary").click();
  await page.waitForURL(/leaving/);
  await check(page, "leaving");
  await page.locator("form[action$='/undo'] button").click();
  await page.waitForURL(/draft=/);
  assert.equal(await written(page), "Marmalade in ten seconds.");
  await check(page, "taken back");
  await page.locator("form.write button.primary").click();
  await page.waitForURL(/leaving/);
  await page.locator(".leaving", { hasText: "in 8 s" }).waitFor();
  node.moveClock(10000);
  await page.waitForURL(/sent=1/, { timeout: 20000 });
  assert.ok((await page.content()).includes("Marmalade in ten seconds."));
  await context.close();
});

/** As the browser does it when somebody drops or pastes files. */
async function give(page, kind, files) {
  await page.evaluate(([kind, files]) => {
    const transfer = new DataTransfer();
    for (const { name, size } of files) transfer.items.add(new File(["x".repeat(size)], name, { type: "text/plain" }));
    const options = { bubbles: true, cancelable: true };
    document.querySelector("textarea[name=text]").dispatchEvent(kind === "drop"
      ? new DragEvent("drop", { ...options, dataTransfer: transfer })
      : new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
  }, [kind, files]);
}

test("files come by dragging and pasting, with progress, and can be taken out again", async () => {
  const { context, page } = await signIn({});
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill("carol@partner.example");
  await page.locator(".words:visible").fill("Marmalade in files.");
  await page.locator("input[type=file]").setInputFiles({ name: "one.txt", mimeType: "text/plain", buffer: Buffer.from("1") });
  await give(page, "drop", [{ name: "two.txt", size: 2048 }, { name: "three.txt", size: 3 }]);
  await give(page, "paste", [{ name: "four.txt", size: 4 }]);
  const names = () => page.locator(".chosen li > bdi").allTextContents();
  assert.deepEqual(await names(), ["one.txt", "two.txt", "three.txt", "four.txt"]);
  assert.match(await page.locator(".chosen li").nth(1).textContent(), /2 kB/);
  await check(page, "files chosen");
  await page.locator(".chosen button").nth(2).press("Enter");
  assert.deepEqual(await names(), ["one.txt", "two.txt", "four.txt"]);
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim().split(/\s+/).at(-1)), "four.txt");
  await give(page, "drop", Array.from({ length: 200 }, (_, i) => ({ name: `${i}.txt`, size: 1 })));
  assert.match(await page.locator(".field > .wrong[role=alert]").textContent(), /files at most/);
  await check(page, "too many files");
  assert.equal((await names()).length, 3);

  await context.setOffline(true);
  await page.locator("form.write button.primary").click();
  await page.locator(".broken", { hasText: "interrupted" }).waitFor();
  await check(page, "interrupted");
  await context.setOffline(false);
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  await page.route("**/compose", async (route) => { await gate; await route.continue(); });
  await page.locator("form.write button.primary").click();
  await page.locator(".sending progress").waitFor();
  await check(page, "sending");
  open();
  await page.waitForURL(/leaving/);
  await sendNow(page);
  const content = await page.content();
  for (const name of ["one.txt", "two.txt", "four.txt"]) assert.ok(content.includes(name), name);
  assert.ok(!content.includes("three.txt"));
  await context.close();
});

test("of two pages of one draft the older one stops saving and offers both", async () => {
  const { context, page } = await signIn({});
  await page.goto(`${node.url}/compose`);
  await page.locator("input[name=to]").fill("carol@partner.example");
  await page.locator(".words:visible").fill("The beginning.");
  await page.locator("input[type=file]").setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("plan") });
  await page.locator("button[value=save]").click();
  await page.waitForURL(/saved=1/);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.locator(".words:visible").fill("Of the newer page.");
  await other.locator(".draft-line", { hasText: "Draft saved" }).waitFor();
  await page.locator(".words:visible").fill("Of the older page.");
  await page.locator(".newer").waitFor({ timeout: 20000 });
  await check(page, "an older page");
  let saves = 0;
  page.on("request", (request) => { saves += request.url().endsWith("/draft"); });
  await page.locator(".words:visible").fill("Of the older page, again.");
  await page.locator(".newer button").click();
  await page.waitForURL(/saved=1/);
  assert.equal(saves, 0);
  await until(async () => (await written(page)).includes("Of the older page, again."), "the copy");
  const copy = page.url();
  assert.ok((await page.content()).includes("plan.txt"));
  await page.goto(other.url());
  await until(async () => (await written(page)).includes("Of the newer page."), "the other");
  assert.notEqual(page.url(), copy);
  assert.ok((await page.content()).includes("plan.txt"));
  await context.close();
});
