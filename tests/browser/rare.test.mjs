// Pages that few ever see, which the walk over all others cannot lead to: each with and without scripts, on phones and desks,
// in both directions.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { check, checkWeight, checkWithoutScripts, watchForeign } from "./check.mjs";
import { forwarded, text } from "./mails.mjs";
import { until } from "./node.mjs";
import { Walk, idHex } from "./pages.mjs";
import { press, signInAlice, withNode } from "./setup.mjs";

const PHONE = { width: 360, height: 740 }, DESK = { width: 1280, height: 800 };
const VIEWS = [["light", PHONE], ["dark", DESK]];
let node, browser;

withNode((...made) => { [node, browser] = made; }, { prepare: (made) => {
  made.run("account", "add", "beta", "--display-name", "Beta Corp");
  made.run("domain", "add", "beta.example", "--next-hop", "127.0.0.1:1", "--account", "beta");
  made.run("source", "add", "--network", "127.0.0.1/32", "--account", "beta");
} });

/** The files that large content is kept in are away while it runs. */
async function withoutBlobs(run) {
  const blobs = path.join(node.folder, "blobs"), away = path.join(node.folder, "away");
  const folders = fs.readdirSync(blobs);
  fs.mkdirSync(away);
  folders.forEach((name) => fs.renameSync(path.join(blobs, name), path.join(away, name)));
  await run();
  folders.forEach((name) => fs.renameSync(path.join(away, name), path.join(blobs, name)));
  fs.rmdirSync(away);
}

/** What is shown when everybody looks at PDF files at the same time. */
async function showBusy(walk, page, url) {
  const busy = await until(async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => page.request.get(url,
      { headers: { "accept-language": walk.options.locale } })));
    return answers.find((answer) => answer.status() === 429);
  }, "somebody not to have a turn");
  const body = await busy.text();
  await page.route(url, (route) => route.fulfill({ status: 429, contentType: "text/html; charset=utf-8", body }));
  await walk.see("error-busy", page, url);
  await page.unroute(url);
}

let crowd;

/** As many people as can use the address already; one more comes. */
async function showFull(walk, role, own) {
  const many = Array.from({ length: 50 }, (_, i) => `m${i}@many.example`);
  await (crowd ??= node.send("alice@acme.example", many, text(many[0], "Hello [secure]", "Hello.")));
  await node.send("alice@acme.example", [role], text(role, "Order [secure]", "Sixty chairs."));
  const page = await walk.newPage();
  await walk.signIn(page, (await node.link(role)).split("/").at(-1), role);
  await page.goto(`${node.url}/settings/addresses`);
  await press(page, page.locator("form[action$='/share'] button"));
  node.sql("INSERT INTO address_member (address_id, person_id, since) SELECT a.id, p.id, 1 FROM person a, person p" +
    " WHERE a.address_key = ? AND p.address_key LIKE '%@many.example'", role);
  await page.locator("#address").fill(own);
  await press(page, page.locator("form[action='/sign-in/self'] button").first());
  await page.locator("input[name=code]").fill(await node.code(own));
  await press(page, page.locator("form[action='/sign-in/code'] button"));
  await walk.see("error-shared-full", page);
  await page.context().close();
}

async function visit(locale, javaScriptEnabled) {
  // An address that is longer than a phone is wide.
  const carol = `carol.${locale}.${javaScriptEnabled}@department-of-works.regional-government.example`.toLowerCase();
  const foreign = [], seen = [];
  const walk = new Walk(node, browser, async (name, page) => {
    seen.push(name);
    assert.equal(await page.locator("h1").count(), 1, name);
    assert.equal(await page.locator("html").getAttribute("dir"), locale === "en-XB" ? "rtl" : "ltr", name);
    const where = `${name}, ${locale}, scripts ${javaScriptEnabled}`;
    if (!javaScriptEnabled) return checkWithoutScripts(page, where, VIEWS);
    for (const [colorScheme, viewport] of VIEWS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await check(page, `${where}, ${viewport.width} px`);
    }
    await checkWeight(page, name);
  }, { locale, javaScriptEnabled, viewport: DESK, reducedMotion: "reduce" });
  walk.onContext = (context) => watchForeign(context, node, foreign);
  const filler = "A line of the minutes that somebody has to read.\r\n".repeat(8000);
  await node.send("alice@acme.example", carol, text(carol, "Minutes [secure]", filler));
  const large = (await node.link(carol, 1)).split("/").at(-1);
  await node.send("alice@acme.example", carol, text(carol, "Damaged [secure]", "This will be damaged."));
  const damaged = (await node.link(carol, 2)).split("/").at(-1);
  await node.send("xenia@beta.example", carol, text(carol, "From Beta [secure]", "Hello.").replace("alice@acme", "xenia@beta"));
  await node.link(carol, 3);
  await node.send("alice@acme.example", carol, forwarded(carol));
  const gone = (await node.link(carol, 4)).split("/").at(-1);
  const page = await walk.newPage();
  await walk.see("link", page, `/m/${large}`);
  await page.goto(`${node.url}/sign-in`);
  await page.locator("#address").fill(carol);
  await page.locator("form[action='/sign-in'] button").click();
  await page.locator("form[action$='send-code'] button").click();
  await page.waitForURL(/sign-in.code/);
  await walk.see("code", page);
  await walk.enterCode(page, carol);
  await walk.see("mailboxes", page, "/mailboxes");
  await page.locator("form[action^='/mailboxes/'] button", { hasText: "Acme" }).click();
  await page.waitForURL(/inbox/);
  await page.goto(`${node.url}/settings/addresses`);
  await page.locator("#address").fill(`also.${carol}`);
  await page.locator("form[action='/settings/addresses'] button").first().click();
  await page.waitForURL(/addresses.code/);
  await walk.see("address-code", page);
  await withoutBlobs(() => walk.see("error-unavailable", page, `/message/${large}`));
  node.sql("UPDATE message SET head_box = zeroblob(length(head_box)) WHERE id = (SELECT message_id FROM copy WHERE hex(id) = upper(?))",
    idHex(damaged));
  await walk.see("error-internal", page, `/message/${damaged}`);
  await page.goto(`${node.url}/message/${gone}`);
  await press(page, page.locator("a.file-open").first());
  await showBusy(walk, page, node.url + await page.locator("a.file-open").first().getAttribute("href"));
  node.sql("DELETE FROM wrap WHERE hex(holder_id) = upper(?)", idHex(gone));
  await walk.see("error-gone", page, `/message/${gone}`);
  await page.goto(`${node.url}/search`);
  await page.locator("#q").evaluate((field) => {
    field.removeAttribute("maxlength");
    field.value = "too long ".repeat(130_000);
  });
  await Promise.all([page.waitForEvent("domcontentloaded"), page.locator("form.panel button").click()]);
  await walk.see("error-too-large", page);
  await showFull(Object.assign(walk, { codes: 0 }), `orders.${carol}`, `own.${carol}`);
  assert.deepEqual(foreign, []);
  return seen;
}

for (const locale of ["en", "en-XB"])
  for (const scripts of [true, false])
    test(`pages that few ever see: ${locale}, scripts ${scripts ? "on" : "off"}`, async () => {
      assert.ok((await visit(locale, scripts)).length === 10);
    });

// What an organisation calls itself and says, as long as it may be and of either direction.
const OWN = [["en", "مكتب المحاماة Müller & Söhne am Markt, Rechtsanwaltsgesellschaft mbH & Co. KG"],
  ["en-XB", "Kanzlei Müller & Söhne “am Markt” Rechtsanwaltsgesellschaft mbH & Co. KG, Köln"]];
for (const [locale, name] of OWN)
  test(`an organisation's own words fit: ${locale}`, async () => {
    const set = (...words) => node.run(...words, "--account", "acme");
    set("account", "set", "display_name", name);
    set("account", "set", "help_text", `Fragen? +49 (0)30 1234567-89 oder https://kanzlei.example/${"notfall".repeat(60)} (שאלות)`);
    set("account", "set", "accent_colour", "#ffe600");
    set("definition", "set", "Default", "--description", "Nur für Vorstand und Aufsichtsrat: kein Druck. ".repeat(4).trim());
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale, reducedMotion: "reduce" });
    const page = await context.newPage();
    await signInAlice(node, page);
    for (const where of ["/inbox", "/compose", "/settings/delete", "/requests/new", "/nothing"]) {
      await page.goto(node.url + where);
      for (const [colorScheme, viewport] of VIEWS) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await check(page, `${where}, ${locale}, ${viewport.width} px`);
      }
    }
    await context.close();
  });
