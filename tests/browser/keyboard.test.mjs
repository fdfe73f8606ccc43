// The story with nothing but a keyboard, and what printing gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attached, text } from "./mails.mjs";
import { until } from "./node.mjs";
import { Walk, prepareNode } from "./pages.mjs";
import { people, withNode } from "./setup.mjs";

let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: prepareNode });

// Presses Tab until what has the focus is meant; each stop on the way must be seen to have it.
async function tabTo(page, selector) {
  for (let i = 0; i < 60; i++) {
    const found = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (element === document.body) return { element: "body", visible: true, is: false };
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { element: element.outerHTML.slice(0, 120), is: element.matches(wanted),
        visible: outline && box.width > 0 && box.bottom > 0 && box.top < innerHeight };
    }, selector);
    if (found.element !== "body" && (await page.evaluate(() => document.activeElement.matches("a, button, input, select, textarea, summary"))))
      assert.ok(found.visible, `the focus is not seen on ${found.element}`);
    if (found.is) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} is not reached by Tab at ${page.url()}`);
}

async function press(page, selector, key = "Enter") {
  await tabTo(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press(key)]);
}

for (const javaScriptEnabled of [true, false]) {
  test(`from the link to the sent reply by keyboard, scripts ${javaScriptEnabled ? "on" : "off"}`, async () => {
    const who = `carol.keys${javaScriptEnabled ? 1 : 0}`, carol = `${who}@partner.example`;
    await node.send("alice@acme.example", [carol], attached(carol, "dave@partner.example"));
    const walk = new Walk(node, browser, () => {}, { who, javaScriptEnabled, viewport: { width: 1280, height: 800 } });
    const page = await walk.newPage();
    await page.goto(await node.link(carol));
    await press(page, "#send");
    await tabTo(page, "#code");
    await page.keyboard.type(await node.code(carol));
    await Promise.all([page.waitForURL(/\/message\//), page.keyboard.press("Enter")]);
    assert.ok((await page.content()).includes("Offer for the new site"));

    // The first Tab of a page leads past its navigation.
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement.matches(".skip")));
    await page.keyboard.press("Enter");
    await tabTo(page, ".file");
    await press(page, "a[href$='/reply']");
    // One begins where one writes.
    await until(() => page.evaluate(() => document.activeElement.matches(".words")), "the focus");
    await page.keyboard.type("We take it.");
    await press(page, "form.write button.primary");
    await press(page, "form[action$='/now'] button");
    assert.match(page.url(), /sent=1/);
    await press(page, ".folders a[href='/inbox']");
    await press(page, ".row a");
    assert.ok((await page.content()).includes("forty-two"));
    await press(page, ".top form button");
    assert.match(page.url(), /\/sign-in/);
    await page.context().close();
  });
}

test("Enter in a box of the recall recalls from nobody", async () => {
  await node.send("alice@acme.example", ["carol.box@partner.example", "dave.box@partner.example"],
    text("carol.box@partner.example", "Ledger [secure]", "Forty-two."));
  const { alice } = await people(node, browser, "carol.box");
  await alice.goto(`${node.url}/sent`);
  await Promise.all([alice.waitForNavigation(), alice.locator(".row > a", { hasText: "Ledger" }).click()]);
  await press(alice, "a[href$='/recall']");
  const box = alice.locator("input[name=from]").first();
  await box.check();
  await Promise.all([alice.waitForNavigation(), box.press("Enter")]);
  assert.match(alice.url(), /\/recall$/);
  assert.ok(await box.isChecked());
  assert.equal(await alice.locator(".recipients").first().locator("li").count(), 2);
  await tabTo(alice, "button[name=whole]");
  await alice.context().close();
});

test("keys move in lists, open, tick, delete and search; never while typing, and not when turned off", async () => {
  const carol = "carol.short@partner.example";
  for (const subject of ["First", "Second", "Third"])
    await node.send("alice@acme.example", [carol], text(carol, `${subject} [secure]`, "Hello."));
  const walk = new Walk(node, browser, () => {}, { who: "carol.short" });
  const page = await walk.newPage();
  await walk.signIn(page, (await node.link(carol, 3)).split("/").at(-1));
  await page.goto(`${node.url}/inbox`);
  const focused = () => page.evaluate(() => document.activeElement.querySelector(".row-subject bdi")?.textContent);
  await page.keyboard.press("j");
  assert.equal(await focused(), "Third");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "First");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("x");
  assert.equal(await page.locator(".row input:checked").count(), 1);
  await page.keyboard.press("x");
  await page.keyboard.press("k");
  await page.keyboard.press("j");
  await Promise.all([page.waitForURL(/message/), page.keyboard.press("Enter")]);
  assert.equal(await page.locator("h1").textContent(), "Second");
  await Promise.all([page.waitForURL(/inbox/), page.keyboard.press("u")]);
  await page.keyboard.press("j");
  await Promise.all([page.waitForURL(/told=deleted/), page.keyboard.press("#")]);
  assert.equal(await page.locator(".row > a").count(), 2);

  await page.keyboard.press("?");
  assert.ok(await page.getByRole("dialog", { name: "Keyboard shortcuts" }).isVisible());
  await page.keyboard.press("j");
  assert.equal(await focused(), undefined);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.keyboard.press("/");
  await page.keyboard.type("jk?#u/");
  assert.equal(await page.locator("input[type=search]").inputValue(), "jk?#u/");
  assert.equal(await page.locator("dialog[open]").count(), 0);

  await page.goto(`${node.url}/settings`);
  await page.locator("input[name=keys]").uncheck();
  await Promise.all([page.waitForURL(/saved=1/), page.locator("form[action='/settings/views'] button").click()]);
  await page.goto(`${node.url}/inbox`);
  for (const key of ["?", "j", "/"]) await page.keyboard.press(key);
  assert.equal(await page.locator("dialog").count(), 0);
  assert.ok(await page.evaluate(() => document.activeElement === document.body));
  await page.context().close();
});

test("printing gives the message and nothing of the portal around it", async () => {
  const carol = "carol.print@partner.example";
  await node.send("alice@acme.example", [carol], attached(carol, "dave@partner.example"));
  const walk = new Walk(node, browser, () => {}, { who: "carol.print" });
  const page = await walk.newPage();
  await walk.signIn(page, (await node.link(carol)).split("/").at(-1));
  await page.emulateMedia({ media: "print" });
  for (const part of [".top", ".folders", ".beside", ".foot", ".session", ".verbs", ".note", ".back"])
    for (const one of await page.locator(part).all())
      assert.equal(await one.isVisible(), false, `${part} is printed`);
  for (const part of ["h1", ".from", ".to", ".body-text", ".file-name"])
    assert.ok(await page.locator(part).first().isVisible(), `${part} is not printed`);
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  assert.equal(background, "rgb(255, 255, 255)");
  await page.context().close();
});

test("what may not be printed says so on paper and shows nothing else", async () => {
  const carol = "carol.paper@partner.example";
  await node.send("alice@acme.example", [carol], text(carol, "Salaries 2027 [secure:no printing]", "For your eyes only."));
  const walk = new Walk(node, browser, () => {}, { who: "carol.paper" });
  const page = await walk.newPage();
  await walk.signIn(page, (await node.link(carol)).split("/").at(-1));
  assert.equal(await page.locator(".on-paper").isVisible(), false);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".on-paper").isVisible());
  for (const part of ["h1", ".from", ".body-text"])
    assert.equal(await page.locator(part).first().isVisible(), false, `${part} is printed`);
  await page.context().close();
});
